//! JMeter's sample log (JTL) as CSV, in the columns of JMeter 5 or of 2.13.
//!
//! A thread of the lab's test plan makes two samples of a request: `GET /`, and `S1 reached`
//! once it has read in the answer which node gave it.

use std::io::Write;

use balance::Moment;
use balance::alert::reason_phrase;

use super::clock::Wall;
use super::follow::{Context, Reader, Sampled};
use super::size::HOST;
use crate::plan::{Client, RequestLine};
use crate::report::csv::quoted;
use crate::trace::Sample;

/// Whose columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// Those of JMeter 5.
    Five,
    /// Those of JMeter 2.13, which refuses files with columns that it does not know.
    Two,
}

/// Writes the samples.
#[derive(Debug)]
pub struct Jtl<W> {
    out: W,
    wall: Wall,
    columns: Columns,
    failed: Option<std::io::Error>,
}

impl<W: Write> Jtl<W> {
    /// Begins with the head.
    pub fn new(mut out: W, wall: Wall, columns: Columns) -> Self {
        let sent = match columns {
            Columns::Five => "sentBytes,",
            Columns::Two => "",
        };
        let failed = writeln!(
            out,
            "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,\
             failureMessage,bytes,{sent}grpThreads,allThreads,URL,Latency,IdleTime,Connect"
        );
        Self {
            out,
            wall,
            columns,
            failed: failed.err(),
        }
    }

    /// The first line that could not be written.
    ///
    /// # Errors
    /// If there was one.
    pub fn close(self) -> std::io::Result<()> {
        self.failed.map_or(Ok(()), Err)
    }

    fn write(&mut self, row: &Row<'_>, of: &Sampled<'_>, context: &Context<'_>) {
        if self.failed.is_some() {
            return;
        }
        let sent = match self.columns {
            Columns::Five => format!("{},", row.sent),
            Columns::Two => String::new(),
        };
        let success = !(row.is_page && of.sample.is_error());
        self.failed = writeln!(
            self.out,
            "{},{},{},{},{},{},{},{success},,{},{sent}{},{},{},{},0,{}",
            self.wall.millis(row.start),
            row.elapsed,
            quoted(&row.label),
            row.code,
            quoted(row.message),
            quoted(&thread_name(context, of.sample)),
            if row.is_page { "text" } else { "" },
            row.received,
            of.group_threads,
            of.threads,
            quoted(&row.url),
            row.elapsed,
            row.connect,
        )
        .err();
    }
}

/// One line.
struct Row<'a> {
    start: Moment,
    elapsed: u64,
    label: String,
    code: String,
    message: &'a str,
    is_page: bool,
    received: u64,
    sent: u64,
    url: String,
    connect: u64,
}

impl<W: Write> Reader for Jtl<W> {
    fn sampled(&mut self, context: &Context<'_>, of: &Sampled<'_>) {
        let sample = of.sample;
        let request = of.line;
        let host = request.headers.iter().find(|(name, _)| name == "host");
        let host = host.map_or(HOST, |(_, value)| value.as_str());
        let no_answer = "Non HTTP response code: java.net.SocketTimeoutException";
        let page = Row {
            start: sample.sent,
            elapsed: elapsed(sample),
            label: label(request),
            code: match sample.status {
                0 => no_answer.to_owned(),
                status => status.to_string(),
            },
            message: match sample.status {
                0 => "Non HTTP response message: Read timed out",
                status => reason_phrase(status),
            },
            is_page: true,
            received: of.received_bytes,
            sent: of.sent_bytes,
            url: format!("http://{host}{}", request.uri),
            connect: of.connect.as_millis(),
        };
        self.write(&page, of, context);
        if let Some(label) = reached(context, sample) {
            let row = Row {
                start: sample.sent + sample.elapsed,
                elapsed: 0,
                label,
                code: "200".to_owned(),
                message: "OK",
                is_page: false,
                received: 0,
                sent: 0,
                url: "null".to_owned(),
                connect: 0,
            };
            self.write(&row, of, context);
        }
    }
}

/// The label of a request's sample: `GET /`.
pub fn label(request: &RequestLine) -> String {
    let path = request.uri.split('?').next().unwrap_or_default();
    format!("{} {path}", request.method)
}

/// The label of the sample that counts which node was reached; none if none was, or if the
/// client is a browser.
pub fn reached(context: &Context<'_>, sample: &Sample) -> Option<String> {
    let is_jmeter = matches!(
        context.plan.clients[sample.client as usize],
        Client::Threads(_)
    );
    let server = sample.server.filter(|_| is_jmeter && sample.served)?;
    let name = context.servers.name(server);
    let mut letters = name.chars();
    let first = letters.next()?.to_uppercase();
    Some(format!("{first}{} reached", letters.as_str()))
}

/// What JMeter measures: the difference of two readings of a clock in whole milliseconds.
pub fn elapsed(sample: &Sample) -> u64 {
    (sample.sent + sample.elapsed).as_millis() - sample.sent.as_millis()
}

/// `jmeter 1-2`: the group, its place in the plan, the thread in it.
fn thread_name(context: &Context<'_>, sample: &Sample) -> String {
    let (client, thread) = (sample.client, sample.thread);
    format!("{} {}-{}", context.client(client), client + 1, thread + 1)
}
