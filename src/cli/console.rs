//! `balancelab console`: a prompt inside simulated time.

mod editor;
mod order;
mod session;
mod told;

use std::io;
use std::path::Path;

use self::editor::{Editor, Line};
use self::order::{Order, WORDS};
use self::session::{Doing, Done, Session};
use super::args::Console;
use super::exit::Exit;
use super::file;
use super::load;
use super::screen::Screen;
use super::why;
use crate::locale::Lang;
use crate::locale::catalogue::Catalogue;
use crate::report::journal::{Entry, What};
use crate::report::number;
use crate::report::table::{Align, Table};
use crate::report::text::{shares, signature, times};
use crate::report::why::text as reasons;
use crate::scenario::{self, Form};
use crate::trace::Place;

/// Lets somebody look at a run from the inside.
pub(super) fn run(args: &Console, lang: Lang, screen: &mut Screen) -> io::Result<Exit> {
    let Some(plan) = load::plan(&args.file, &args.changes, screen)? else {
        return Ok(Exit::Refused);
    };
    let title = plan.title.clone();
    let session = match Session::new(plan) {
        Ok(session) => session,
        Err(why) => {
            screen.alarm("error", &format!("{}: {why}", args.file.display()))?;
            return Ok(Exit::Refused);
        }
    };
    let mut editor = Editor::new(&session);
    if editor.is_watched() {
        let hint = screen.words().put("say", "\"help\" says what can be typed");
        screen.result(&format!("{title}\n{hint}\n"))?;
    }
    let mut console = Prompt {
        session,
        lang,
        screen,
    };
    loop {
        let prompt = console.prompt();
        console.screen.flush()?;
        let line = match editor.line(&prompt)? {
            Line::Typed(line) => line,
            Line::Dropped => continue,
            Line::End => break,
        };
        if !editor.is_watched() {
            // Whoever reads this later sees what was typed.
            console.screen.result(&format!("{prompt}{line}\n"))?;
        }
        if console.obey(&line)? == Next::Leave {
            break;
        }
    }
    Ok(Exit::Fine)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Stay,
    Leave,
}

/// The session and where it is shown.
struct Prompt<'a> {
    session: Session,
    lang: Lang,
    screen: &'a mut Screen,
}

impl Prompt<'_> {
    fn prompt(&self) -> String {
        let now = self.session.clock().seconds(self.session.now());
        format!("{} s> ", number(now, 3))
    }

    fn say(&mut self, line: &str) -> io::Result<()> {
        self.screen.result(&format!("{line}\n"))
    }

    /// Says a sentence of ours, in the language of the screen.
    fn tell_of(&mut self, sentence: &str) -> io::Result<()> {
        let sentence = self.screen.words().put("say", sentence);
        self.screen.result(&format!("{sentence}\n"))
    }

    fn obey(&mut self, line: &str) -> io::Result<Next> {
        let names = self.session.names();
        let now = self.session.now();
        let order = match order::read(line, now, self.session.plan(), &names) {
            Ok(Order::Quit) => return Ok(Next::Leave),
            Ok(order) => order,
            Err(problem) => {
                self.tell_of(&problem)?;
                return Ok(Next::Stay);
            }
        };
        if let Err(trouble) = self.carry_out(order)? {
            self.tell_of(&trouble)?;
        }
        Ok(Next::Stay)
    }

    /// Does what was ordered; the inner error is for whoever typed it.
    fn carry_out(&mut self, order: Order) -> io::Result<Result<(), String>> {
        let before = self.session.journal().entries.len();
        let done = match order {
            Order::Nothing | Order::Quit => Ok(()),
            Order::Step(count) => return self.step(count),
            Order::RunToEnd => self.session.go_until(|_| false).map(|_| ()),
            Order::RunTo(moment) => self.session.go_to(moment),
            Order::RunUntil(server, place) => {
                let came = |entries: &[Entry]| {
                    entries.iter().any(|entry| match entry.what {
                        What::Changed {
                            server: whose,
                            from,
                            to,
                            ..
                        } => whose == server && Place::of(to) == place && Place::of(from) != place,
                        _ => false,
                    })
                };
                match self.session.go_until(came) {
                    Ok(true) => Ok(()),
                    Ok(false) => Err("that never happened; the run is over".to_owned()),
                    Err(trouble) => Err(trouble),
                }
            }
            Order::Back(entries) => {
                return self.went_back(|session| session.back(entries, told::is_told));
            }
            Order::BackTo(moment) => return self.went_back(|session| session.back_to(moment)),
            Order::Visit(name) => return self.act(Doing::Visit(name)),
            Order::ClearCookies(name) => return self.act(Doing::ClearCookies(name)),
            Order::Act(action) => return self.act(Doing::Act(action)),
            Order::Why(number) => return self.why(number),
            Order::Table => return self.table().map(Ok),
            Order::Status => return self.status().map(Ok),
            Order::Save(name) => return self.save(Path::new(&name)),
            Order::Help => return self.help().map(Ok),
        };
        self.tell_of_states(before)?;
        if done.is_ok() && self.session.is_over() {
            let signature = signature(&self.session.report());
            self.tell_of(&format!("all clients are done ({signature})"))?;
        }
        Ok(done)
    }

    fn step(&mut self, count: u32) -> io::Result<Result<(), String>> {
        let mut told = 0;
        while told < count {
            let before = self.session.journal().entries.len();
            match self.session.next() {
                Ok(true) => told += u32::from(self.tell(before, |_| true)?),
                Ok(false) => return Ok(Err("nothing happens any more".to_owned())),
                Err(trouble) => return Ok(Err(trouble)),
            }
        }
        Ok(Ok(()))
    }

    fn went_back(
        &mut self,
        go: impl FnOnce(&mut Session) -> Result<usize, String>,
    ) -> io::Result<Result<(), String>> {
        match go(&mut self.session) {
            Ok(0) => {}
            Ok(1) => self.tell_of("undone: what was typed since")?,
            Ok(deeds) => self.tell_of(&format!("undone: the {deeds} things typed since"))?,
            Err(trouble) => return Ok(Err(trouble)),
        }
        Ok(Ok(()))
    }

    fn act(&mut self, what: Doing) -> io::Result<Result<(), String>> {
        match self.session.act(what) {
            Ok(Done::Replied(text)) if !text.trim().is_empty() => self.say(text.trim_end())?,
            Ok(Done::Loaded(exchange)) => {
                self.tell(0, |entry| entry.exchange == Some(exchange))?;
            }
            Ok(Done::Replied(_) | Done::Nothing) => {}
            Err(trouble) => return Ok(Err(trouble)),
        }
        Ok(Ok(()))
    }

    /// Tells the entries of the journal from the `from`-th on that are wanted. Whether there
    /// was anything to tell.
    fn tell(&mut self, from: usize, wanted: impl Fn(&Entry) -> bool) -> io::Result<bool> {
        let names = self.session.names();
        let entries = self.session.journal().entries[from..].iter();
        let lines: Vec<String> = entries
            .filter(|entry| wanted(entry))
            .filter_map(|entry| told::line(&self.session, &names, entry, self.screen.words()))
            .collect();
        lines.iter().try_for_each(|line| self.say(line))?;
        Ok(!lines.is_empty())
    }

    /// Tells how the states changed since; the requests are too many.
    fn tell_of_states(&mut self, from: usize) -> io::Result<()> {
        self.tell(from, |entry| {
            matches!(
                entry.what,
                What::Changed { .. } | What::NoServerLeft(_) | What::Acted(_)
            )
        })?;
        Ok(())
    }

    fn why(&mut self, number: Option<usize>) -> io::Result<Result<(), String>> {
        let exchanges = &self.session.journal().exchanges;
        let count = exchanges.len();
        let answered = exchanges
            .iter()
            .rposition(|exchange| exchange.sample.is_some());
        let last = answered.map_or(0, |index| index + 1);
        let index = match number.unwrap_or(last).checked_sub(1) {
            Some(index) if index < count => index,
            _ => {
                return Ok(Err(format!(
                    "so far there were {count} requests, counted from 1"
                )));
            }
        };
        if exchanges[index].sample.is_none() {
            return Ok(Err("this request is still under way".to_owned()));
        }
        Ok(
            match why::explain(self.session.plan(), self.session.journal(), index) {
                Ok(why) => {
                    let text = reasons::text(&why, &Catalogue::new(self.lang));
                    self.screen.result(&text)?;
                    Ok(())
                }
                Err(trouble) => Err(trouble),
            },
        )
    }

    fn table(&mut self) -> io::Result<()> {
        let report = self.session.report();
        let tables = [shares(&report), times(&report)];
        let [shares, times] = tables.map(|table| table.text(self.screen.ink()));
        self.screen.result(&format!("{shares}\n{times}"))
    }

    fn status(&mut self) -> io::Result<()> {
        let report = self.session.report();
        let mut table = Table::new(&[
            ("server", Align::Left),
            ("state", Align::Left),
            ("requests", Align::Right),
        ]);
        for server in &report.servers {
            table.push(vec![
                server.name.as_str().into(),
                server.state.status.as_str().into(),
                server.row.requests.to_string().into(),
            ]);
        }
        let text = table.text(self.screen.ink());
        self.screen.result(&text)
    }

    fn save(&mut self, path: &Path) -> io::Result<Result<(), String>> {
        if let Some(why) = scenario::unsaid(self.session.plan()) {
            return Ok(Err(format!("cannot save {}: {why}", path.display())));
        }
        let text = scenario::resolved_as(self.session.plan(), Form::Ron);
        Ok(match file::create(path, &text) {
            Ok(()) => {
                self.tell_of(&format!("saved: balancelab run {}", path.display()))?;
                Ok(())
            }
            Err(error) => Err(format!("cannot save {}: {error}", path.display())),
        })
    }

    fn help(&mut self) -> io::Result<()> {
        let mut table = Table::new(&[("", Align::Left), ("", Align::Left)]);
        for (word, usage, what) in WORDS {
            table.push(vec![
                format!("{word} {usage}").trim_end().into(),
                self.screen.words().put("say", what).into_owned().into(),
            ]);
        }
        let text = table.text(self.screen.ink());
        let rows = text.lines().filter(|line| !line.trim().is_empty());
        let rows: Vec<&str> = rows.collect();
        self.say(&rows.join("\n"))?;
        self.tell_of("  everything else goes to the runtime API, as through socat: show stat")
    }
}
