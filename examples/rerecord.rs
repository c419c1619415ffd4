//! dev
use balancelab::conform::Recording;
use balancelab::record::Recorder;
fn main() {
    let recorder = Recorder {
        haproxy: "/usr/sbin/haproxy".into(),
        folder: "/work/tmp/f".into(),
    };
    let (mut same, mut all) = (0, 0);
    for arg in std::env::args().skip(1) {
        let r = Recording::read(&std::fs::read_to_string(&arg).unwrap()).unwrap();
        all += 1;
        let mut program = r.clone();
        // un-hold what the recorder held
        let ends: std::collections::BTreeSet<u32> = r
            .steps
            .iter()
            .filter(|s| s.seen.outcome.status == Some(200))
            .filter_map(|s| match s.operation {
                balancelab::conform::recording::Operation::End(id) => Some(id),
                _ => None,
            })
            .collect();
        for s in &mut program.steps {
            if let balancelab::conform::recording::Operation::Request(q) = &mut s.operation {
                if ends.contains(&q.id) {
                    q.hold = false;
                }
            }
        }
        match recorder.record(&program) {
            Ok(new) => {
                let diff = r.steps.iter().zip(&new.steps).find(|(a, b)| {
                    a.seen.words() != b.seen.words()
                        && !(a.seen.outcome.status == Some(200)
                            && a.seen.words().len() == b.seen.words().len() + 1)
                });
                match diff {
                    None if r.steps.len() == new.steps.len() => same += 1,
                    None => println!("{arg}: length {} {}", r.steps.len(), new.steps.len()),
                    Some((a, b)) => println!(
                        "{arg}:{} {} {:?} {:?}",
                        a.line,
                        a.operation.words(),
                        a.seen.words(),
                        b.seen.words()
                    ),
                }
            }
            Err(e) => println!("{arg}: {e}"),
        }
    }
    println!("{same}/{all}");
}
