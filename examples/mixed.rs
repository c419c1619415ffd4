//! dev: random programs, real against ours
use balancelab::conform::{Verdict, program};
use balancelab::record::Recorder;
fn main() {
    let recorder = Recorder {
        haproxy: "/usr/sbin/haproxy".into(),
        folder: "/work/tmp/f".into(),
    };
    let mut args = std::env::args().skip(1);
    let from: u64 = args.next().unwrap().parse().unwrap();
    let to: u64 = args.next().unwrap().parse().unwrap();
    let dir = args.next();
    std::panic::set_hook(Box::new(|_| {}));
    let mut same = 0;
    let mut ran = 0;
    for seed in from..to {
        let p = program::random(seed);
        if let Ok(b) = std::env::var("BALANCE") {
            if !p.head.backend.balance.as_deref().unwrap().starts_with(&b) {
                continue;
            }
        }
        if std::env::var("NOCOOKIE").is_ok() && p.head.backend.cookie.is_some() {
            continue;
        }
        if std::env::var("NOCONNECT").is_ok() && p.head.backend.connect_ms.is_some() {
            continue;
        }
        ran += 1;
        match recorder.record(&p) {
            Ok(r) => {
                if let Some(d) = &dir {
                    std::fs::write(format!("{d}/mixed-{seed:05}.jsonl"), r.write()).unwrap();
                }
                match std::panic::catch_unwind(|| Verdict::of(&r, None)) {
                    Ok(Ok(v)) => match v.difference {
                        None => same += 1,
                        Some(d) => println!("{seed}: {d}"),
                    },
                    Ok(Err(e)) => println!("{seed}: {e}"),
                    Err(_) => println!("{seed}: PANIC"),
                }
            }
            Err(e) => println!("{seed}: {e} {}", serde_json::to_string(&p.head).unwrap()),
        }
    }
    println!("{same}/{}", ran);
}
