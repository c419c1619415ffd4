//! Test bench of the balancing algorithms: a farm, a picker, and a script of what happens.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::chance::Chance;
use crate::config::{Balance, HashType};
use crate::farm::{Farm, Member};
use crate::pick::{Ask, Picker, Policy};
use crate::profile::{Profile, Version};
use crate::time::{Moment, Span};

/// A plain generator (splitmix64), so that a trial can be repeated.
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Chance for Dice {
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// What a server of a trial is, apart from what the farm knows of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// The configured weight.
    pub(crate) weight: u32,
    /// Neither down nor drained.
    pub(crate) up: bool,
}

/// A farm and a picker under test.
#[derive(Clone, Debug)]
pub(crate) struct Trial<P = Picker> {
    pub(crate) farm: Farm,
    pub(crate) picker: P,
    pub(crate) dice: Dice,
    pub(crate) balance: Balance,
    pub(crate) hash: HashType,
    pub(crate) factor: u32,
    pub(crate) profile: Profile,
    pub(crate) now: Moment,
    settings: Vec<Setting>,
    /// The weights at the start: static algorithms know only these and 0.
    first_weights: Vec<u32>,
}

impl Trial {
    /// A farm of servers A, B, C, ... with these weights (`5:3:2`); `b` marks a backup,
    /// `#30` gives an id, `/2` a `maxconn`: `1b#30/2`.
    pub(crate) fn new(version: Version, balance: Balance, weights: &str) -> Self {
        let mut farm = Farm {
            fullconn: 200,
            ..Farm::default()
        };
        let mut settings = Vec::new();
        for (nth, text) in (1..).zip(weights.split(':')) {
            let number = |mark: char| {
                let after = text.split_once(mark).map(|(_, after)| after);
                after.map(|after| leading_number(after).0)
            };
            let maxconn = number('/').unwrap_or(0);
            farm.members.push(Member {
                id: number('#').unwrap_or(nth),
                backup: text.contains('b'),
                maxconn,
                minconn: maxconn,
                warmth: 100,
                ..Member::default()
            });
            settings.push(Setting {
                weight: leading_number(text).0,
                up: true,
            });
        }
        let hash = HashType::default();
        Self::of(farm, settings, balance, hash, 0, Profile::of(version))
    }

    /// A trial of any farm; whether a member is usable and what it weighs comes from its
    /// setting.
    pub(crate) fn of(
        farm: Farm,
        settings: Vec<Setting>,
        balance: Balance,
        hash: HashType,
        factor: u32,
        profile: Profile,
    ) -> Self {
        let mut this = Self {
            picker: Picker::new(&balance, hash, factor, &profile, &farm),
            farm,
            dice: Dice(1),
            balance,
            hash,
            factor,
            profile,
            now: Moment::ZERO,
            first_weights: settings.iter().map(|setting| setting.weight).collect(),
            settings,
        };
        this.restart();
        this
    }

    /// With `option allbackups`.
    pub(crate) fn allbackups(mut self) -> Self {
        self.farm.allbackups = true;
        self.restart();
        self
    }

    /// With `hash-type` and `hash-balance-factor`.
    pub(crate) fn hashing(mut self, hash: HashType, factor: u32) -> Self {
        self.hash = hash;
        self.factor = factor;
        self.restart();
        self
    }

    /// A new picker for the farm as it stands.
    pub(crate) fn restart(&mut self) {
        for slot in 0..self.farm.members.len() {
            self.farm.members[slot].weight = self.effective(slot);
            self.farm.members[slot].usable = self.is_usable(slot);
        }
        self.farm.count();
        self.picker = Picker::new(
            &self.balance,
            self.hash,
            self.factor,
            &self.profile,
            &self.farm,
        );
    }

    /// The same trial of another policy.
    pub(crate) fn with<Q>(self, make: impl FnOnce(Picker) -> Q) -> Trial<Q> {
        Trial {
            picker: make(self.picker),
            farm: self.farm,
            dice: self.dice,
            balance: self.balance,
            hash: self.hash,
            factor: self.factor,
            profile: self.profile,
            now: self.now,
            settings: self.settings,
            first_weights: self.first_weights,
        }
    }
}

impl<P> Trial<P> {
    fn is_static(&self) -> bool {
        match &self.balance {
            Balance::StaticRr => true,
            Balance::Hash(_) => !self.hash.consistent,
            _ => false,
        }
    }

    fn effective(&self, slot: usize) -> u32 {
        let weight = self.settings[slot].weight;
        if self.is_static() {
            weight
        } else {
            16 * weight
        }
    }

    fn is_usable(&self, slot: usize) -> bool {
        self.settings[slot].up && self.settings[slot].weight > 0
    }
}

impl<P: Policy> Trial<P> {
    /// A server changes: its weight, or whether it is up.
    fn change(&mut self, slot: usize, set: impl FnOnce(&mut Setting)) {
        let before = (
            self.farm.members[slot].usable,
            self.farm.members[slot].weight,
        );
        set(&mut self.settings[slot]);
        let after = (self.is_usable(slot), self.effective(slot));
        if before == after {
            return;
        }
        self.farm.change(slot as u32, after.0, after.1);
        let (farm, slot) = (&self.farm, slot as u32);
        match (before.0, after.0) {
            (false, true) => self.picker.joined(farm, slot),
            (true, false) => self.picker.left(farm, slot, before.1),
            (true, true) => self.picker.weighed(farm, slot, before.1),
            (false, false) => {}
        }
    }

    /// `set weight`; of a static algorithm any weight but 0 is the first one.
    pub(crate) fn set_weight(&mut self, slot: usize, weight: u32) {
        let weight = if self.is_static() && weight > 0 {
            self.first_weights[slot]
        } else {
            weight
        };
        self.change(slot, |setting| setting.weight = weight);
    }

    pub(crate) fn set_up(&mut self, slot: usize, up: bool) {
        self.change(slot, |setting| setting.up = up);
    }

    /// A server added at run time, not usable yet.
    pub(crate) fn add(&mut self, member: Member, weight: u32) {
        self.farm.members.push(member);
        self.settings.push(Setting { weight, up: false });
        self.first_weights.push(weight);
        let slot = self.settings.len() - 1;
        let weight = self.effective(slot);
        self.farm.members[slot].weight = weight;
        self.farm.members[slot].usable = false;
        self.picker.added(&self.farm, slot as u32, weight);
    }

    /// `set maxconn server`
    pub(crate) fn set_maxconn(&mut self, slot: usize, maxconn: u32) {
        let member = &mut self.farm.members[slot];
        member.maxconn = maxconn;
        member.minconn = maxconn;
        self.picker.limited(&self.farm, slot as u32);
    }

    /// Whom the picker chooses; nobody is asked when nobody is usable.
    pub(crate) fn pick(&mut self, ask: Ask) -> Option<u32> {
        if self.farm.weight() == 0 {
            return None;
        }
        let now = self.now;
        self.picker
            .pick(&self.farm, Ask { now, ..ask }, &mut self.dice)
    }

    /// Time goes by.
    pub(crate) fn pass(&mut self, millis: u64) {
        self.now += Span::from_millis(millis);
    }

    pub(crate) fn take(&mut self, slot: u32) {
        self.farm.members[slot as usize].served += 1;
        self.farm.served += 1;
        self.farm.connections += 1;
        self.picker.took(&self.farm, slot);
        self.picker.started(slot, self.now);
    }

    pub(crate) fn drop(&mut self, slot: u32) {
        self.farm.members[slot as usize].served -= 1;
        self.farm.served -= 1;
        self.farm.connections -= 1;
        self.picker.dropped(&self.farm, slot);
    }

    /// Requests one at a time, written as letters; `-` when all are full.
    pub(crate) fn picks(&mut self, ask: Ask, number: usize) -> String {
        let once = |_| {
            let Some(slot) = self.pick(ask) else {
                return '-';
            };
            self.take(slot);
            self.drop(slot);
            letter(slot)
        };
        (0..number).map(once).collect()
    }

    /// Goes through a script of words:
    /// `ABA` picks one at a time, `*9` as many picks unchecked, `503` nobody usable,
    /// `-A` and `+A` maintenance and its end, `[A=3]` a weight, `(ABB` picks that are held,
    /// `)AB` their ends, `!AB` as `AB`, each pick avoiding the server before.
    pub(crate) fn run(&mut self, script: &str) {
        for word in script.split_whitespace() {
            self.word(word, script);
        }
    }

    fn word(&mut self, word: &str, script: &str) {
        let (mark, rest) = word.split_at(1);
        match mark {
            "*" => {
                self.picks(Ask::default(), leading_number(rest).0 as usize);
            }
            "5" => assert_eq!(self.farm.weight(), 0, "503 in {script}"),
            "-" => self.set_up(slot_of(rest), false),
            "+" => self.set_up(slot_of(rest), true),
            "[" => self.set_weight(slot_of(rest), leading_number(&rest[2..]).0),
            "(" => {
                let held: String = (0..rest.len())
                    .map(|_| {
                        self.pick(Ask::default()).map_or('-', |slot| {
                            self.take(slot);
                            letter(slot)
                        })
                    })
                    .collect();
                assert_eq!(held, rest, "in {script}");
            }
            ")" => rest
                .chars()
                .for_each(|c| self.drop(slot_of(&c.to_string()) as u32)),
            _ => assert_eq!(self.picks(Ask::default(), word.len()), word, "in {script}"),
        }
    }
}

pub(crate) fn letter(slot: u32) -> char {
    char::from(b'A' + slot as u8)
}

fn slot_of(name: &str) -> usize {
    usize::from(name.as_bytes()[0] - b'A')
}

fn leading_number(text: &str) -> (u32, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    (text[..end].parse().expect("a number"), &text[end..])
}
