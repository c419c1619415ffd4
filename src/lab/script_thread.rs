//! One thread of a script: where it is, what it remembers, what it does next.

mod control;
mod scope;

use std::collections::BTreeMap;
use std::sync::Arc;

use balance::{Moment, ServerId, Span};

use crate::kernel::{Distribution, Stream, Ticket};
use crate::plan::script::{Extract, Leave, ScriptRequest};
use crate::plan::{RequestLine, ScriptGroup};

use super::answers::Answers;
use super::clients::Outcome;
use super::cookie_jar::CookieJar;
use super::pace;
use super::program::{Block, Op, Program};
use super::script_group::answered;
use regex_lite::Regex;
use scope::Scope;

/// What all threads of a group share.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) script: Arc<ScriptGroup>,
    program: Arc<Program>,
    answers: Arc<Answers>,
    think: Distribution,
    /// No request starts from here on.
    pub(super) deadline: Moment,
    /// Threads that have started and not ended.
    pub(super) active: u32,
    /// What is counted for all threads together, by slot.
    slots: Vec<u64>,
    /// The counts of `__counter(FALSE)`.
    counts: BTreeMap<(usize, usize), u64>,
}

/// The program and the answers are made of the plan, which is compared.
impl PartialEq for Group {
    fn eq(&self, other: &Self) -> bool {
        self.script == other.script
            && (self.deadline, self.active) == (other.deadline, other.active)
            && self.slots == other.slots
            && self.counts == other.counts
    }
}

impl Group {
    pub(super) fn new(script: &ScriptGroup, program: Program, answers: Arc<Answers>) -> Self {
        Self {
            deadline: Moment::NEVER,
            active: 0,
            slots: vec![0; program.slots],
            counts: BTreeMap::new(),
            think: pace::distribution(&script.group.think),
            program: Arc::new(program),
            script: Arc::new(script.clone()),
            answers,
        }
    }
}

/// What a thread does next.
#[derive(Clone, Debug)]
pub(super) enum Next {
    /// It sends its line; these are the settings of the request.
    Send(ScriptRequest),
    /// Nothing until this moment.
    Wait(Moment),
    /// It ends.
    End,
    /// It ends the test.
    StopTest,
}

/// One thread.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Thread {
    /// Its number in the group, from 0.
    number: u32,
    /// Iterations still to begin; none: as many as there is time for.
    left: Option<u64>,
    /// Iterations begun.
    iterations: u64,
    /// Where it is: the innermost last.
    frames: Vec<Frame>,
    variables: BTreeMap<String, String>,
    /// What it counts for itself, by slot.
    slots: Vec<u64>,
    /// The counts of `__counter(TRUE)`.
    counts: BTreeMap<(usize, usize), u64>,
    stream: Stream,
    /// The operation being carried out, to tell functions apart.
    op: usize,
    /// What it sends.
    pub(super) line: RequestLine,
    /// Whether it has a connection to the proxy.
    pub(super) connected: bool,
    /// When the request under way was sent.
    pub(super) sent: Moment,
    pub(super) limit: Option<Ticket>,
    /// The last answer.
    heard: Heard,
    /// It ends when it is asked next.
    over: bool,
    /// Whether timers have been waited for since it was decided what is sent next.
    waited: bool,
    /// How often it waited or sent something.
    acts: u64,
}

/// What a thread knows of the last answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Heard {
    server: Option<ServerId>,
    status: u16,
    cookies: Vec<String>,
    /// How many requests its session has had.
    views: u32,
    session: String,
}

/// A place in a block, or blocks still to come.
#[derive(Clone, Debug, PartialEq)]
enum Frame {
    At {
        block: Block,
        at: usize,
        turning: Turning,
        /// Turns that are over.
        done: u64,
    },
    /// The last one comes first.
    Queue(Vec<Block>),
}

/// Why a block begins again at its end.
#[derive(Clone, Debug, PartialEq)]
enum Turning {
    /// It does not.
    Once,
    /// So many turns; none: for ever.
    Times(Option<u64>),
    /// As long as the condition of this operation holds.
    While { block: Block, at: usize },
    /// Until this moment.
    Until(Moment),
    /// For each of the variables that this operation names.
    Each { block: Block, at: usize },
    /// It does not, but if nothing came of it, this operation chooses the next one.
    Chosen {
        block: Block,
        at: usize,
        /// What the thread had done before.
        acts: u64,
        /// Choices that are left.
        left: usize,
    },
}

impl Turning {
    /// Whether it is a loop.
    fn is_loop(&self) -> bool {
        !matches!(self, Self::Once | Self::Chosen { .. })
    }
}

/// A thread that does so many things without sending or waiting has lost its way.
const STEPS: u32 = 100_000;

impl Thread {
    pub(super) fn new(number: u32, script: &ScriptGroup, slots: usize, stream: Stream) -> Self {
        Self {
            number,
            left: script.group.loops,
            iterations: 0,
            frames: Vec::new(),
            variables: BTreeMap::new(),
            slots: vec![0; slots],
            counts: BTreeMap::new(),
            stream,
            op: 0,
            line: script.group.request.clone(),
            connected: false,
            sent: Moment::NEVER,
            limit: None,
            heard: Heard::default(),
            over: false,
            waited: false,
            acts: 0,
        }
    }

    /// Follows the script to the next thing that takes time.
    pub(super) fn next(
        &mut self,
        group: &mut Group,
        mut jar: Option<&mut CookieJar>,
        now: Moment,
    ) -> Next {
        let program = Arc::clone(&group.program);
        for _ in 0..STEPS {
            if self.over {
                return Next::End;
            }
            let op = match self.frames.last_mut() {
                None => {
                    if !self.begin_iteration(group, jar.as_deref_mut(), now) {
                        return Next::End;
                    }
                    continue;
                }
                Some(Frame::Queue(blocks)) => {
                    match blocks.pop() {
                        Some(block) => self.enter(block, Turning::Once),
                        None => drop(self.frames.pop()),
                    }
                    continue;
                }
                Some(Frame::At { block, at, .. }) => {
                    let (here, index) = (*block, *at);
                    *at += 1;
                    let Some(op) = program.blocks[here as usize].get(index) else {
                        self.turn_round(&program, group, now);
                        continue;
                    };
                    self.op = numbered(here, index);
                    op
                }
            };
            if let Some(next) = self.carry_out(op, group, jar.as_deref_mut(), now) {
                return next;
            }
        }
        Next::End
    }

    /// Begins an iteration of the thread; false if there is none any more.
    fn begin_iteration(
        &mut self,
        group: &mut Group,
        jar: Option<&mut CookieJar>,
        now: Moment,
    ) -> bool {
        if self.left == Some(0) || now >= group.deadline {
            return false;
        }
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        let script = Arc::clone(&group.script);
        if self.iterations == 0 {
            let pairs = &script.variables;
            for (name, template) in pairs {
                let value = template.fill(&mut Scope::new(self, group, now));
                self.variables.insert(name.clone(), value);
            }
        }
        self.iterations += 1;
        if script.new_visitors && self.iterations > 1 {
            self.connected = false;
        }
        if let Some(jar) = jar
            && (self.iterations == 1 || script.group.clear_cookies)
        {
            clear(jar, &script, now);
        }
        self.enter(0, Turning::Once);
        true
    }

    fn enter(&mut self, block: Block, turning: Turning) {
        self.frames.push(Frame::At {
            block,
            at: 0,
            turning,
            done: 0,
        });
    }

    /// Carries out one operation; the answer says what takes time.
    fn carry_out(
        &mut self,
        op: &Op,
        group: &mut Group,
        jar: Option<&mut CookieJar>,
        now: Moment,
    ) -> Option<Next> {
        match op {
            Op::Request(request) => {
                if now >= group.deadline {
                    return Some(Next::End);
                }
                if !self.decides(now) {
                    return None;
                }
                self.waited = false;
                self.write_line(request, group, now);
                return Some(Next::Send((**request).clone()));
            }
            Op::Pause(length) => {
                if !self.decides(now) {
                    return None;
                }
                let length = length.sample(&mut self.stream);
                return Self::wait(now + length, group, now);
            }
            Op::Pace { every, of, slot } => {
                if !self.decides(now) {
                    return None;
                }
                let due = self.due(*every, *of, *slot, group, now);
                return Self::wait(due, group, now);
            }
            Op::Set(pairs) => {
                for (name, template) in pairs {
                    let value = template.fill(&mut Scope::new(self, group, now));
                    self.variables.insert(name.clone(), value);
                }
            }
            Op::Count(counter, slot) => self.count(counter, *slot, group),
            Op::Data(data, slot) => self.read_row(data, *slot, group),
            Op::Extract(extract, regex) => self.extract(extract, regex, group),
            Op::ClearCookies => {
                if let Some(jar) = jar {
                    clear(jar, &group.script, now);
                }
            }
            Op::Leave(Leave::Test) => return Some(Next::StopTest),
            Op::Leave(leave) => self.leave(*leave),
            control => {
                self.waited = false;
                self.choose(control, group, now);
            }
        }
        None
    }

    /// Begins to wait for, or to send, a request. JMeter decides before the timers of a
    /// sampler whether it has its turn; false if the time of a controller is over.
    fn decides(&mut self, now: Moment) -> bool {
        if !std::mem::replace(&mut self.waited, true) && self.runs_out(now) {
            self.waited = false;
            return false;
        }
        self.acts += 1;
        true
    }

    /// Waits until `moment`, but not beyond the end of the group.
    fn wait(moment: Moment, group: &Group, now: Moment) -> Option<Next> {
        let moment = moment.min(group.deadline);
        (moment > now).then_some(Next::Wait(moment))
    }

    /// The thread's own time after a request.
    pub(super) fn think(&mut self, group: &Group) -> Span {
        match group.think.constant() {
            Some(span) => span,
            None => group.think.sample(&mut self.stream),
        }
    }

    fn write_line(&mut self, request: &ScriptRequest, group: &mut Group, now: Moment) {
        let mut scope = Scope::new(self, group, now);
        let method = request.method.fill(&mut scope);
        let uri = request.uri.fill(&mut scope);
        let headers = request.headers.iter();
        let headers = headers.map(|(name, value)| (name.clone(), value.fill(&mut scope)));
        let headers = headers.collect();
        // A request line has no blanks, and begins with a slash.
        let mut uri = uri.replace(|c: char| c.is_whitespace() || c.is_control(), "%20");
        if !uri.starts_with('/') {
            uri.insert(0, '/');
        }
        self.line = RequestLine {
            method,
            uri,
            headers,
            source: self.line.source,
            backend: request.backend,
            door: request.door,
        };
    }

    /// Keeps what extractors and conditions want to know of an answer.
    pub(super) fn heard(&mut self, group: &Group, outcome: Outcome, set_cookies: &[String]) {
        let server = answered(outcome);
        let opened = server.and_then(|server| group.answers.session(server, set_cookies));
        let heard = &mut self.heard;
        if let Some(session) = opened {
            session.clone_into(&mut heard.session);
            heard.views = 0;
        }
        heard.views += u32::from(server.is_some());
        heard.server = server;
        heard.status = outcome.status;
        heard.cookies = set_cookies.to_vec();
        let ok = (200..400).contains(&outcome.status);
        let name = "JMeterThread.last_sample_ok".to_owned();
        self.variables.insert(name, ok.to_string());
    }

    fn extract(&mut self, extract: &Extract, regex: &Regex, group: &Group) {
        let heard = &self.heard;
        let text = match (extract.headers, heard.server) {
            (true, _) => heard.head(),
            (false, Some(server)) => group.answers.body(server, heard.views, &heard.session),
            (false, None) => String::new(),
        };
        let matches: Vec<String> = regex
            .captures_iter(&text)
            .map(|captures| filled(&extract.template, &captures))
            .collect();
        let name = &extract.variable;
        if extract.number < 0 {
            for (index, value) in (1..).zip(&matches) {
                self.variables
                    .insert(format!("{name}_{index}"), value.clone());
            }
            let rest = format!("{name}_{}", matches.len() + 1);
            self.variables.remove(&rest);
            let count = matches.len().to_string();
            self.variables.insert(format!("{name}_matchNr"), count);
            return;
        }
        let chosen = match extract.number {
            0 => self.stream.below(matches.len() as u64) as usize,
            number => number as usize - 1,
        };
        let value = matches.get(chosen).or(extract.default.as_ref());
        if let Some(value) = value {
            self.variables.insert(name.clone(), value.clone());
        }
    }
}

impl Heard {
    fn head(&self) -> String {
        let head = format!("HTTP/1.1 {}\n", self.status);
        let cookies = self.cookies.iter();
        cookies.fold(head, |head, cookie| head + "Set-Cookie: " + cookie + "\n")
    }
}

/// The template of an extractor, `$1$`, filled with the groups of a match.
fn filled(template: &str, captures: &regex_lite::Captures<'_>) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let group = rest.split_once('$');
        match group.and_then(|(number, after)| Some((number.parse::<usize>().ok()?, after))) {
            Some((number, after)) => {
                out.push_str(captures.get(number).map_or("", |group| group.as_str()));
                rest = after;
            }
            None => out.push('$'),
        }
    }
    out + rest
}

/// The number by which the operation at this place is told from others.
fn numbered(block: Block, at: usize) -> usize {
    ((block as usize) << 32) | at
}

/// A jar as it is when a visitor comes: empty but for the cookies of the plan.
fn clear(jar: &mut CookieJar, script: &ScriptGroup, now: Moment) {
    jar.clear();
    for cookie in &script.own_cookies {
        jar.set(now, cookie);
    }
}
