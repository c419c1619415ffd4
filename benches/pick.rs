//! How long a balancing decision takes, at four sizes of farm, beside three anchors that
//! everybody can judge: a binary heap of deadlines, an ordered map, and the smooth weighted
//! round robin that looks at every server.
//!
//! `cargo bench --bench pick` prints nanoseconds for one request (pick, slot taken, slot
//! given back) and, in brackets, the ratio to the heap of deadlines of the same run; then
//! what it takes to build an algorithm's books, and to take a server out and back in. A word
//! after `--` measures only the cases whose names contain it.
#![expect(clippy::print_stdout, reason = "a benchmark tells what it measured")]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::hint::black_box;
use std::time::{Duration, Instant};

use balance::Chance;
use balance::config::{Balance, HashKey, HashType};
use balance::farm::{Farm, Member};
use balance::pick::{Ask, Picker, Policy};
use balance::profile::{Profile, Version};

const SIZES: [u32; 4] = [2, 100, 10_000, 100_000];

/// A generator that costs next to nothing (splitmix64).
struct Dice(u64);

impl Chance for Dice {
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// How the servers of a farm weigh.
#[derive(Clone, Copy)]
enum Weights {
    Equal,
    /// 1 to 4, as 100,000 servers stay within round robin's 32-bit keys then.
    Mixed,
}

/// What the requests do.
#[derive(Clone, Copy)]
enum Traffic {
    /// Each ends before the next one arrives.
    OneByOne,
    /// Two per server are held; each arrival ends one of them, chosen by lot.
    Held,
    /// Every server is full.
    Full,
    /// All servers but the last are full.
    AlmostFull,
}

struct Case {
    name: &'static str,
    balance: Balance,
    hash: HashType,
    factor: u32,
    version: Version,
    weights: Weights,
    traffic: Traffic,
    /// Whether requests have a key.
    keyed: bool,
}

impl Case {
    fn new(name: &'static str, balance: Balance, weights: Weights, traffic: Traffic) -> Self {
        Self {
            name,
            balance,
            hash: HashType::default(),
            factor: 0,
            version: Version::V2_6,
            weights,
            traffic,
            keyed: false,
        }
    }

    fn hashing(name: &'static str, consistent: bool, factor: u32, keyed: bool) -> Self {
        let hash = HashType {
            consistent,
            ..HashType::default()
        };
        Self {
            hash,
            factor,
            keyed,
            ..Self::new(
                name,
                Balance::Hash(HashKey::Source),
                Weights::Equal,
                Traffic::OneByOne,
            )
        }
    }

    fn farm(&self, servers: u32) -> Farm {
        let dynamic = match self.balance {
            Balance::StaticRr => false,
            Balance::Hash(_) => self.hash.consistent,
            _ => true,
        };
        let mut farm = Farm {
            fullconn: 1_000_000,
            ..Farm::default()
        };
        for slot in 0..servers {
            let weight = match self.weights {
                Weights::Equal => 1,
                Weights::Mixed => 1 + slot % 4,
            };
            let maxconn = match self.traffic {
                Traffic::OneByOne | Traffic::Held => 0,
                Traffic::Full | Traffic::AlmostFull => 2,
            };
            farm.members.push(Member {
                id: slot + 1,
                usable: true,
                weight: if dynamic { 16 * weight } else { weight },
                maxconn,
                minconn: maxconn,
                warmth: 100,
                ..Member::default()
            });
        }
        farm.actives = servers;
        farm.weight_actives = farm.members.iter().map(|member| member.weight).sum();
        farm
    }

    fn measure(&self, servers: u32) -> f64 {
        let mut farm = self.farm(servers);
        let profile = Profile::of(self.version);
        let mut picker = Picker::new(&self.balance, self.hash, self.factor, &profile, &farm);
        let mut dice = Dice(1);
        let mut held = Vec::new();
        let holding = match self.traffic {
            Traffic::OneByOne => 0,
            Traffic::Held | Traffic::Full => 2 * servers,
            Traffic::AlmostFull => 2 * servers - 1,
        };
        for _ in 0..holding {
            let slot = picker.pick(&farm, Ask::default(), &mut dice);
            let slot = slot.expect("the farm is not full yet");
            take(&mut farm, &mut picker, slot);
            held.push(slot);
        }
        nanoseconds(|| {
            if let Traffic::Held = self.traffic {
                let at = dice.below(held.len() as u64) as usize;
                drop_slot(&mut farm, &mut picker, held[at]);
                let hash = self.keyed.then(|| dice.next_u64() as u32);
                let ask = Ask {
                    hash,
                    ..Ask::default()
                };
                let slot = picker.pick(&farm, ask, &mut dice);
                let slot = slot.expect("servers without a limit are never full");
                take(&mut farm, &mut picker, slot);
                held[at] = slot;
                return;
            }
            let hash = self.keyed.then(|| dice.next_u64() as u32);
            let ask = Ask {
                hash,
                ..Ask::default()
            };
            if let Some(slot) = black_box(picker.pick(&farm, ask, &mut dice)) {
                take(&mut farm, &mut picker, slot);
                drop_slot(&mut farm, &mut picker, slot);
            }
        })
    }
}

impl Case {
    /// Milliseconds to build the books for `servers`, and microseconds for one server to go,
    /// to come back, and for one more pick after each.
    fn upkeep(&self, servers: u32) -> (f64, f64) {
        let mut farm = self.farm(servers);
        let profile = Profile::of(self.version);
        let start = Instant::now();
        let mut picker = Picker::new(&self.balance, self.hash, self.factor, &profile, &farm);
        picker.pick(&farm, Ask::default(), &mut Dice(1));
        let built = start.elapsed().as_secs_f64() * 1e3;
        let mut slot = 0;
        let moved = nanoseconds(|| {
            slot = (slot + 1) % servers;
            let weight = farm.members[slot as usize].weight;
            for usable in [false, true] {
                farm.members[slot as usize].usable = usable;
                if usable {
                    farm.actives += 1;
                    farm.weight_actives += weight;
                    picker.joined(&farm, slot);
                } else {
                    farm.actives -= 1;
                    farm.weight_actives -= weight;
                    picker.left(&farm, slot, weight);
                }
                black_box(picker.pick(&farm, Ask::default(), &mut Dice(1)));
            }
        });
        (built, moved / 1e3)
    }
}

fn take(farm: &mut Farm, picker: &mut Picker, slot: u32) {
    farm.members[slot as usize].served += 1;
    farm.served += 1;
    farm.connections += 1;
    picker.took(farm, slot);
}

fn drop_slot(farm: &mut Farm, picker: &mut Picker, slot: u32) {
    farm.members[slot as usize].served -= 1;
    farm.served -= 1;
    farm.connections -= 1;
    picker.dropped(farm, slot);
}

/// The time one call takes: the best of several rounds, each long enough for the clock.
fn nanoseconds(mut call: impl FnMut()) -> f64 {
    let mut round = |calls: u32| {
        let start = Instant::now();
        for _ in 0..calls {
            call();
        }
        start.elapsed()
    };
    let mut calls = 1;
    while round(calls) < Duration::from_millis(4) {
        calls *= 2;
    }
    let best = (0..25).map(|_| round(calls)).min().unwrap_or_default();
    best.as_nanos() as f64 / f64::from(calls)
}

/// Who is next by deadline; the deadline of the one picked moves on.
fn heap_of_deadlines(servers: u32) -> f64 {
    let mut heap: BinaryHeap<Reverse<(u64, u32)>> =
        (0..servers).map(|slot| Reverse((0, slot))).collect();
    nanoseconds(|| {
        if let Some(Reverse((deadline, slot))) = heap.pop() {
            heap.push(Reverse((deadline + 1 + u64::from(slot % 4), slot)));
        }
    })
}

fn ordered_map(servers: u32) -> f64 {
    let mut map: BTreeMap<(u64, u32), u32> = (0..servers).map(|slot| ((0, slot), slot)).collect();
    nanoseconds(|| {
        if let Some(((deadline, slot), _)) = map.pop_first() {
            map.insert((deadline + 1 + u64::from(slot % 4), slot), slot);
        }
    })
}

/// Everybody gains its weight, the richest is picked and pays the total.
fn smooth_round_robin(servers: u32) -> f64 {
    let mut scores: Vec<(i64, i64)> = (0..servers)
        .map(|slot| (1 + i64::from(slot % 4), 0))
        .collect();
    let total: i64 = scores.iter().map(|score| score.0).sum();
    nanoseconds(|| {
        let mut best = 0;
        for at in 0..scores.len() {
            scores[at].1 += scores[at].0;
            if scores[at].1 > scores[best].1 {
                best = at;
            }
        }
        scores[best].1 -= total;
        black_box(best);
    })
}

fn row(name: &str, anchors: &[f64], measure: impl Fn(u32) -> f64) -> Vec<f64> {
    print!("{name:<34}");
    let mut times = Vec::new();
    for (at, servers) in SIZES.into_iter().enumerate() {
        let time = measure(servers);
        let anchor = anchors.get(at).copied().unwrap_or(time);
        print!("{time:>10.1} ({:>5.2})", time / anchor);
        times.push(time);
    }
    println!();
    times
}

fn main() {
    use Traffic::{AlmostFull, Full, Held, OneByOne};
    use Weights::{Equal, Mixed};

    // `cargo test --benches` runs this too: it asks for nothing to be measured.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let only = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let wanted = |name: &str| {
        only.as_ref()
            .is_none_or(|only| name.contains(only.as_str()))
    };
    print!("{:<34}", "ns per request (x heap), servers:");
    for servers in SIZES {
        print!("{servers:>18}");
    }
    println!();
    let heap = row("anchor: heap of deadlines", &[], heap_of_deadlines);
    row("anchor: ordered map", &heap, ordered_map);
    if wanted("smooth") {
        row(
            "anchor: smooth round robin, O(n)",
            &heap,
            smooth_round_robin,
        );
    }
    let mut lots = Case::new("leastconn, 3.4", Balance::LeastConn, Equal, OneByOne);
    lots.version = Version::V3_4;
    let cases = [
        Case::new("roundrobin", Balance::RoundRobin, Equal, OneByOne),
        Case::new(
            "roundrobin, mixed weights",
            Balance::RoundRobin,
            Mixed,
            OneByOne,
        ),
        Case::new("static-rr", Balance::StaticRr, Equal, OneByOne),
        Case::new("leastconn", Balance::LeastConn, Equal, OneByOne),
        Case::new("leastconn, held", Balance::LeastConn, Equal, Held),
        Case::new(
            "leastconn, held, mixed weights",
            Balance::LeastConn,
            Mixed,
            Held,
        ),
        Case::new("leastconn, all full", Balance::LeastConn, Equal, Full),
        lots,
        Case::new("first", Balance::First, Equal, OneByOne),
        Case::new(
            "first, all but the last full",
            Balance::First,
            Equal,
            AlmostFull,
        ),
        Case::new("first, all full", Balance::First, Equal, Full),
        Case::hashing("hash, map-based", false, 0, true),
        Case::hashing("hash, consistent", true, 0, true),
        Case::hashing("hash, consistent, factor 150", true, 150, true),
        Case::hashing("hash, consistent, key missing", true, 0, false),
        Case::new("random(2)", Balance::Random(2), Equal, OneByOne),
    ];
    for case in &cases {
        if wanted(case.name) {
            row(case.name, &heap, |servers| case.measure(servers));
        }
    }
    println!();
    println!("100,000 servers                     building: ms    one out and in: us");
    for case in &cases {
        if wanted(case.name) && matches!(case.traffic, OneByOne) {
            let (built, moved) = case.upkeep(100_000);
            println!("{:<34}{built:>16.1}{moved:>22.2}", case.name);
        }
    }
}
