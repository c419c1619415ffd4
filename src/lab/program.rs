//! A script as a thread follows it: blocks of operations that name each other by number, so
//! that a place in it is a few small numbers.

use std::collections::BTreeMap;

use balance::Span;
use regex_lite::Regex;

use crate::plan::Template;
use crate::plan::script::{
    Counter, Data, Deed, Extract, Leave, PaceOf, ScriptGroup, ScriptRequest, Turns,
};

/// The number of a block.
pub(super) type Block = u32;
/// The place where an operation keeps a count.
pub(super) type Slot = usize;

/// All blocks of a script; the first one is an iteration of the thread.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub(super) blocks: Vec<Vec<Op>>,
    /// How many counts threads keep.
    pub(super) slots: usize,
    /// The slots of timers that several steps name.
    timers: BTreeMap<String, Slot>,
}

/// One operation.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Request(Box<ScriptRequest>),
    Pause(crate::kernel::Distribution),
    Pace {
        every: Span,
        of: PaceOf,
        slot: Slot,
    },
    Set(Vec<(String, Template)>),
    Count(Counter, Slot),
    Data(Box<Data>, Slot),
    Extract(Box<Extract>, Box<Regex>),
    ClearCookies,
    Loop(Option<Template>, Block),
    While(Template, Block),
    Runtime(Span, Block),
    ForEach(Box<(String, String)>, Block),
    If(Template, Block),
    Once(Block),
    Throughput {
        share: Turns,
        per_user: bool,
        slot: Slot,
        block: Block,
    },
    Group(Block),
    Random(Vec<Block>),
    RandomOrder(Vec<Block>),
    Interleave(Vec<Block>, Slot),
    Switch(Template, Vec<(String, Block)>),
    Leave(Leave),
}

impl Program {
    /// The program of a script.
    pub(super) fn of(script: &ScriptGroup) -> Self {
        let mut program = Self::default();
        program.block(&script.script);
        program
    }

    fn slot(&mut self) -> Slot {
        self.slots += 1;
        self.slots - 1
    }

    /// The slot of the timer of this name; without a name, it is one of its own.
    fn timer(&mut self, name: &str) -> Slot {
        if let Some(slot) = self.timers.get(name) {
            return *slot;
        }
        let slot = self.slot();
        if !name.is_empty() {
            self.timers.insert(name.to_owned(), slot);
        }
        slot
    }

    fn block(&mut self, deeds: &[Deed]) -> Block {
        let number = self.blocks.len();
        self.blocks.push(Vec::new());
        let ops: Vec<Op> = deeds.iter().filter_map(|deed| self.op(deed)).collect();
        self.blocks[number] = ops;
        number as Block
    }

    fn choices(&mut self, deeds: &[Deed]) -> Vec<Block> {
        let one = |deed| self.block(std::slice::from_ref(deed));
        deeds.iter().map(one).collect()
    }

    /// The operation of a step; none if it can do nothing.
    fn op(&mut self, deed: &Deed) -> Option<Op> {
        Some(match deed {
            Deed::Request(request) => Op::Request(request.clone()),
            Deed::Pause(sampled) => Op::Pause(super::pace::distribution(sampled)),
            Deed::Pace {
                per_minute,
                of,
                timer,
            } => Op::Pace {
                every: Span::from_nanos((60e9 / per_minute) as u64),
                of: *of,
                slot: self.timer(timer),
            },
            Deed::Set(pairs) => Op::Set(pairs.clone()),
            Deed::Count(counter) => Op::Count(counter.clone(), self.slot()),
            Deed::Data(data) => Op::Data(Box::new(data.clone()), self.slot()),
            Deed::Extract(extract) => {
                let regex = Regex::new(&extract.regex).ok()?;
                Op::Extract(Box::new(extract.clone()), Box::new(regex))
            }
            Deed::ClearCookies => Op::ClearCookies,
            Deed::Loop { times, steps } => Op::Loop(times.clone(), self.block(steps)),
            Deed::While { condition, steps } => Op::While(condition.clone(), self.block(steps)),
            Deed::Runtime { time, steps } => Op::Runtime(*time, self.block(steps)),
            Deed::ForEach {
                input,
                output,
                steps,
            } => {
                let names = Box::new((input.clone(), output.clone()));
                Op::ForEach(names, self.block(steps))
            }
            Deed::If { condition, steps } => Op::If(condition.clone(), self.block(steps)),
            Deed::Once(steps) => Op::Once(self.block(steps)),
            Deed::Throughput {
                share,
                per_user,
                steps,
            } => Op::Throughput {
                share: *share,
                per_user: *per_user,
                slot: self.slot(),
                block: self.block(steps),
            },
            Deed::Group(steps) => Op::Group(self.block(steps)),
            Deed::Random(choices) => Op::Random(self.choices(choices)),
            Deed::RandomOrder(choices) => Op::RandomOrder(self.choices(choices)),
            Deed::Interleave(choices) => Op::Interleave(self.choices(choices), self.slot()),
            Deed::Switch { value, choices } => {
                let one = |(name, deed): &(String, Deed)| {
                    (name.clone(), self.block(std::slice::from_ref(deed)))
                };
                let blocks = choices.iter().map(one).collect();
                Op::Switch(value.clone(), blocks)
            }
            Deed::Leave(leave) => Op::Leave(*leave),
        })
    }
}
