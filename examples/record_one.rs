//! dev
fn main() {
    let recorder = balancelab::record::Recorder {
        haproxy: std::env::var("HAPROXY")
            .unwrap_or("/usr/sbin/haproxy".into())
            .into(),
        folder: "/work/tmp/f".into(),
    };
    for arg in std::env::args().skip(1) {
        let p =
            balancelab::conform::Recording::read_program(&std::fs::read_to_string(&arg).unwrap())
                .unwrap();
        match recorder.record(&p) {
            Ok(r) => print!("{}", r.write()),
            Err(e) => eprintln!("{arg}: {e}"),
        }
    }
}
