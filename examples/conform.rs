//! Replays recordings of HAProxy and tells where the core decides otherwise.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "an instrument for developers"
)]
//! Replays every recording of the folders given and prints the first differences.
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use balancelab::conform::{Recording, Verdict};

fn main() {
    let mut families: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let filter = std::env::var("ONLY").unwrap_or_default();
    let full = std::env::var("FULL").is_ok();
    std::panic::set_hook(Box::new(|_| {}));
    let profile = std::env::var("PROFILE")
        .ok()
        .and_then(|p| balance::Version::from_name(&p));
    for arg in std::env::args().skip(1) {
        let mut files: Vec<_> = match std::fs::read_dir(&arg) {
            Ok(dir) => dir.map(|e| e.unwrap().path()).collect(),
            Err(_) => vec![arg.into()],
        };
        files.sort();
        for file in files {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            if !name.contains(&filter) {
                continue;
            }
            let text = std::fs::read_to_string(&file).unwrap();
            let recording = match Recording::read(&text) {
                Ok(r) => r,
                Err(e) => {
                    println!("{}:{e}", file.display());
                    continue;
                }
            };
            let verdict = catch_unwind(AssertUnwindSafe(|| Verdict::of(&recording, profile)));
            let family = name
                .split('-')
                .take_while(|w| !w.starts_with(|c: char| c.is_ascii_digit()))
                .take(2)
                .collect::<Vec<_>>()
                .join("-");
            let entry = families.entry(family).or_default();
            entry.1 += 1;
            match verdict {
                Ok(Ok(v)) => match v.difference {
                    None => entry.0 += 1,
                    Some(d) if full => println!("{} {d}", file.display()),
                    Some(d) => {
                        let (w, a, b) = &d.words[0];
                        let cut = |s: &str| s.chars().take(60).collect::<String>();
                        println!(
                            "{name}:{} {} | {w}: real {} core {}",
                            d.line,
                            cut(&d.operation),
                            cut(a),
                            cut(b)
                        );
                    }
                },
                Ok(Err(e)) => println!("{}:{e}", file.display()),
                Err(p) => println!(
                    "{name}: PANIC {}",
                    p.downcast_ref::<String>()
                        .cloned()
                        .or(p.downcast_ref::<&str>().map(|s| s.to_string()))
                        .unwrap_or_default()
                ),
            }
        }
    }
    let (mut a, mut b) = (0, 0);
    for (family, (ok, all)) in &families {
        println!("{family:24} {ok:4}/{all}");
        a += ok;
        b += all;
    }
    println!("total {a}/{b}");
}
