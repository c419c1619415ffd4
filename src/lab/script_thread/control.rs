//! Where a thread goes next: JMeter's logic controllers, counters and data sets.

use balance::{Moment, Span};

use crate::plan::expression;
use crate::plan::script::{Counter, Data, Leave, PaceOf, Turns};

use super::scope::Scope;
use super::{Frame, Group, Thread, Turning, numbered};
use crate::lab::program::{Block, Op, Program, Slot};
use crate::plan::Template;

impl Thread {
    /// Enters the block that a controller chooses, if it chooses one.
    pub(super) fn choose(&mut self, op: &Op, group: &mut Group, now: Moment) {
        let place = self.place();
        match op {
            Op::Loop(times, block) => {
                let times = times.as_ref().map(|times| {
                    let text = times.fill(&mut Scope::new(self, group, now));
                    text.trim().parse::<i64>().unwrap_or(0)
                });
                let times = times.and_then(|times| u64::try_from(times).ok());
                if times != Some(0) {
                    self.enter(*block, Turning::Times(times));
                }
            }
            Op::While(condition, block) => {
                if !self.is_false(condition, group, now) {
                    let (block_of, at) = place;
                    self.enter(
                        *block,
                        Turning::While {
                            block: block_of,
                            at,
                        },
                    );
                }
            }
            Op::Runtime(time, block) => {
                self.enter(*block, Turning::Until(now + *time));
            }
            Op::ForEach(names, block) => {
                if self.next_of(names, 0) {
                    let (block_of, at) = place;
                    self.enter(
                        *block,
                        Turning::Each {
                            block: block_of,
                            at,
                        },
                    );
                }
            }
            Op::If(condition, block) => {
                if self.holds(condition, group, now) {
                    self.enter(*block, Turning::Once);
                }
            }
            Op::Once(block) => {
                if self.is_first_turn() {
                    self.enter(*block, Turning::Once);
                }
            }
            Op::Throughput {
                share,
                per_user,
                slot,
                block,
            } => {
                if self.has_turn(*share, *per_user, *slot, group) {
                    self.enter(*block, Turning::Once);
                }
            }
            Op::Group(block) => self.enter(*block, Turning::Once),
            Op::Random(blocks) => {
                let chosen = self.stream.below(blocks.len() as u64) as usize;
                if let Some(block) = blocks.get(chosen) {
                    self.enter(*block, Turning::Once);
                }
            }
            Op::RandomOrder(blocks) => {
                let mut order = blocks.clone();
                for last in (1..order.len()).rev() {
                    let other = self.stream.below(last as u64 + 1) as usize;
                    order.swap(last, other);
                }
                self.frames.push(Frame::Queue(order));
            }
            Op::Interleave(blocks, slot) => {
                self.interleave(blocks, *slot, place, blocks.len());
            }
            Op::Switch(value, choices) => {
                let value = value.fill(&mut Scope::new(self, group, now));
                let by_number = value.trim().parse::<usize>().ok().or(
                    // No value at all is the first choice.
                    value.trim().is_empty().then_some(0),
                );
                let named = |wanted: &str| choices.iter().find(|(name, _)| name == wanted);
                let chosen = match by_number {
                    Some(number) => choices.get(number).or(choices.first()),
                    None => named(value.trim()).or_else(|| named("default")),
                };
                if let Some((_, block)) = chosen {
                    self.enter(*block, Turning::Once);
                }
            }
            _ => unreachable!("everything else is no controller"),
        }
    }

    /// Enters the next of `blocks`; what nothing comes of is passed over, as long as there
    /// are `left` to choose from.
    fn interleave(&mut self, blocks: &[Block], slot: Slot, place: (Block, usize), left: usize) {
        if let Some(chosen) = blocks.get(self.slots[slot] as usize)
            && left > 0
        {
            let (block, at) = place;
            let acts = self.acts;
            let left = left - 1;
            self.slots[slot] = (self.slots[slot] + 1) % blocks.len() as u64;
            self.enter(
                *chosen,
                Turning::Chosen {
                    block,
                    at,
                    acts,
                    left,
                },
            );
        }
    }

    /// The place of the operation being carried out.
    fn place(&self) -> (u32, usize) {
        match self.frames.last() {
            Some(Frame::At { block, at, .. }) => (*block, at - 1),
            _ => (0, 0),
        }
    }

    fn holds(&mut self, condition: &Template, group: &mut Group, now: Moment) -> bool {
        let text = condition.fill(&mut Scope::new(self, group, now));
        let lookup = |name: &str| self.variables.get(name).cloned();
        expression::holds(&text, &lookup).unwrap_or(false)
    }

    /// Whether a while controller ends: JMeter's goes on unless it reads `false`.
    fn is_false(&mut self, condition: &Template, group: &mut Group, now: Moment) -> bool {
        let text = condition.fill(&mut Scope::new(self, group, now));
        let lookup = |name: &str| self.variables.get(name).cloned();
        expression::holds(&text, &lookup) == Some(false)
    }

    /// At the end of a block: again, or back to where it was entered.
    pub(super) fn turn_round(&mut self, program: &Program, group: &mut Group, now: Moment) {
        let Some(Frame::At { turning, done, .. }) = self.frames.last_mut() else {
            return;
        };
        *done += 1;
        let (done, turning) = (*done, turning.clone());
        let again = match turning {
            Turning::Once => false,
            Turning::Times(times) => times.is_none_or(|times| done < times),
            Turning::Until(moment) => now < moment,
            Turning::While { block, at } => match &program.blocks[block as usize][at] {
                Op::While(condition, _) => {
                    self.op = numbered(block, at);
                    !self.is_false(condition, group, now)
                }
                _ => false,
            },
            Turning::Each { block, at } => match &program.blocks[block as usize][at] {
                // When all are over, the variable has the first value again.
                Op::ForEach(names, _) => {
                    let more = self.next_of(names, done);
                    if !more {
                        self.next_of(names, 0);
                    }
                    more
                }
                _ => false,
            },
            Turning::Chosen {
                block,
                at,
                acts,
                left,
            } => {
                if let Op::Interleave(blocks, slot) = &program.blocks[block as usize][at]
                    && acts == self.acts
                {
                    self.frames.pop();
                    self.interleave(blocks, *slot, (block, at), left);
                    return;
                }
                false
            }
        };
        match self.frames.last_mut() {
            Some(Frame::At { at, .. }) if again => *at = 0,
            _ => drop(self.frames.pop()),
        }
    }

    /// Leaves the controllers whose time is over before the next request; whether there are
    /// any.
    pub(super) fn runs_out(&mut self, now: Moment) -> bool {
        let over = |frame: &Frame| match frame {
            Frame::At { turning, .. } => matches!(turning, Turning::Until(end) if now >= *end),
            Frame::Queue(_) => false,
        };
        let outermost = self.frames.iter().position(over);
        if let Some(index) = outermost {
            self.frames.truncate(index);
        }
        outermost.is_some()
    }

    /// Gives the variable of a `ForEach` controller its value of number `done`, from 0.
    fn next_of(&mut self, names: &(String, String), done: u64) -> bool {
        let (input, output) = names;
        let value = self.variables.get(&format!("{input}{}", done + 1)).cloned();
        let found = value.is_some();
        if let Some(value) = value {
            self.variables.insert(output.clone(), value);
        }
        found
    }

    /// Whether the loop around the place is in its first turn.
    fn is_first_turn(&self) -> bool {
        let turns = self.frames.iter().rev().find_map(|frame| match frame {
            Frame::At { turning, done, .. } if turning.is_loop() => Some(*done),
            _ => None,
        });
        turns.unwrap_or(self.iterations - 1) == 0
    }

    /// Whether a throughput controller lets its steps run this time.
    fn has_turn(&mut self, share: Turns, per_user: bool, slot: Slot, group: &mut Group) -> bool {
        let counts = if per_user {
            &mut self.slots
        } else {
            &mut group.slots
        };
        // The upper half counts the turns that were used, the lower half all of them.
        let (used, turns) = (counts[slot] >> 32, counts[slot] & 0xffff_ffff);
        let runs = match share {
            Turns::Total(total) => used < total,
            // A turn is used if that brings the share of all turns so far nearer to what is
            // asked for.
            Turns::Percent(percent) => {
                let half_of_it = (used as f64 + 0.5) * 100.0;
                half_of_it < percent * (turns + 1) as f64
            }
        };
        counts[slot] = (used + u64::from(runs)) << 32 | ((turns + 1) & 0xffff_ffff);
        runs
    }

    /// When a throughput timer lets the next request go.
    pub(super) fn due(
        &mut self,
        every: Span,
        of: PaceOf,
        slot: Slot,
        group: &mut Group,
        now: Moment,
    ) -> Moment {
        let counts = match of {
            PaceOf::Thread | PaceOf::Group => &mut self.slots,
            PaceOf::GroupShared => &mut group.slots,
        };
        let share = match of {
            PaceOf::Group => every.as_nanos().saturating_mul(u64::from(group.active)),
            PaceOf::Thread | PaceOf::GroupShared => every.as_nanos(),
        };
        // 0 stands for no request yet, which is due at once.
        let last = counts[slot];
        let due = match last {
            0 => now.as_nanos(),
            last => last.saturating_add(share),
        };
        // Who is late does not catch up, as JMeter's threads do not.
        let due = due.max(now.as_nanos());
        counts[slot] = due.max(1);
        Moment::from_nanos(due)
    }

    pub(super) fn count(&mut self, counter: &Counter, slot: Slot, group: &mut Group) {
        let counts = if counter.per_user {
            &mut self.slots
        } else {
            &mut group.slots
        };
        let step = counter.step.max(1);
        let span = counter.end.saturating_sub(counter.start).max(0);
        let turns = (span / step).saturating_add(1) as u64;
        let number = counter.start + (counts[slot] % turns) as i64 * step;
        counts[slot] += 1;
        let text = format!("{number:0width$}", width = counter.digits);
        self.variables.insert(counter.variable.clone(), text);
    }

    pub(super) fn read_row(&mut self, data: &Data, slot: Slot, group: &mut Group) {
        let counts = if data.shared {
            &mut group.slots
        } else {
            &mut self.slots
        };
        let next = counts[slot] as usize;
        counts[slot] += 1;
        let row = match (data.recycle, data.rows.len()) {
            (_, 0) => None,
            (true, rows) => data.rows.get(next % rows),
            (false, _) => data.rows.get(next),
        };
        match row {
            Some(row) => {
                for (name, value) in data.variables.iter().zip(row) {
                    self.variables.insert(name.clone(), value.clone());
                }
            }
            None if data.stop => self.over = true,
            None => {
                for name in &data.variables {
                    self.variables.insert(name.clone(), "<EOF>".to_owned());
                }
            }
        }
    }

    /// Leaves what is to be left.
    pub(in crate::lab) fn leave(&mut self, what: Leave) {
        match what {
            Leave::Thread | Leave::Test => self.over = true,
            Leave::Iteration => self.frames.clear(),
            Leave::LoopIteration | Leave::Loop => {
                let turns = |frame: &Frame| match frame {
                    Frame::At { turning, .. } => turning.is_loop(),
                    Frame::Queue(_) => false,
                };
                let around = self.frames.iter().rposition(turns);
                // Without a loop around it, the thread's iteration is meant.
                self.frames.truncate(around.map_or(0, |index| index + 1));
                match self.frames.last_mut() {
                    Some(Frame::At { at, turning, .. }) => {
                        *at = usize::MAX - 1;
                        if what == Leave::Loop {
                            *turning = Turning::Once;
                        }
                    }
                    _ => self.over |= what == Leave::Loop,
                }
            }
        }
    }
}
