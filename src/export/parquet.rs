//! Samples as a Parquet file: one row for each request, in the order of their ends.

use std::io::Write;
use std::sync::Arc;

use balance::Span;
use parquet::basic::Compression;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::follow::{Context, Reader, Sampled};
use super::http_log::flags;
use super::words;

/// Rows of one group: what is held in memory.
const GROUP: usize = 65_536;

/// The columns; times in nanoseconds, `sent` from the clients' start.
const SCHEMA: &str = "message request {
    REQUIRED INT64 request;
    REQUIRED BYTE_ARRAY client (UTF8);
    REQUIRED INT32 thread;
    REQUIRED INT64 sent_ns;
    REQUIRED INT64 elapsed_ns;
    REQUIRED INT32 status;
    REQUIRED BOOLEAN served;
    REQUIRED BOOLEAN error;
    OPTIONAL BYTE_ARRAY server (UTF8);
    OPTIONAL BYTE_ARRAY chosen_by (UTF8);
    REQUIRED BOOLEAN session_restarted;
    OPTIONAL BYTE_ARRAY flags (UTF8);
    OPTIONAL INT64 waited_ns;
    OPTIONAL INT64 connect_ns;
    OPTIONAL INT64 response_ns;
    OPTIONAL INT32 retries;
    OPTIONAL BOOLEAN redispatched;
    OPTIONAL BYTE_ARRAY cookie (UTF8);
    REQUIRED INT64 received_bytes;
    REQUIRED INT64 sent_bytes;
}";

/// The values of one column, with a level for each row: 1 where there is a value.
#[derive(Debug)]
struct Column {
    values: Values,
    levels: Vec<i16>,
}

#[derive(Debug)]
enum Values {
    Flags(Vec<bool>),
    Short(Vec<i32>),
    Long(Vec<i64>),
    Text(Vec<ByteArray>),
}

/// One cell.
enum Cell {
    Flag(Option<bool>),
    Short(Option<i32>),
    Long(Option<i64>),
    Text(Option<String>),
}

impl Column {
    fn new(cell: &Cell) -> Self {
        Self {
            values: match cell {
                Cell::Flag(_) => Values::Flags(Vec::new()),
                Cell::Short(_) => Values::Short(Vec::new()),
                Cell::Long(_) => Values::Long(Vec::new()),
                Cell::Text(_) => Values::Text(Vec::new()),
            },
            levels: Vec::new(),
        }
    }

    fn push(&mut self, cell: Cell) {
        let there = match (&mut self.values, cell) {
            (Values::Flags(all), Cell::Flag(value)) => add(all, value),
            (Values::Short(all), Cell::Short(value)) => add(all, value),
            (Values::Long(all), Cell::Long(value)) => add(all, value),
            (Values::Text(all), Cell::Text(value)) => {
                add(all, value.map(|text| ByteArray::from(text.into_bytes())))
            }
            _ => unreachable!("a column has one type"),
        };
        self.levels.push(i16::from(there));
    }

    fn write(&self, writer: &mut ColumnWriter<'_>) -> Result<()> {
        let levels = Some(self.levels.as_slice());
        match (writer, &self.values) {
            (ColumnWriter::BoolColumnWriter(out), Values::Flags(values)) => {
                out.write_batch(values, levels, None)?;
            }
            (ColumnWriter::Int32ColumnWriter(out), Values::Short(values)) => {
                out.write_batch(values, levels, None)?;
            }
            (ColumnWriter::Int64ColumnWriter(out), Values::Long(values)) => {
                out.write_batch(values, levels, None)?;
            }
            (ColumnWriter::ByteArrayColumnWriter(out), Values::Text(values)) => {
                out.write_batch(values, levels, None)?;
            }
            _ => unreachable!("the schema has the types of the cells"),
        }
        Ok(())
    }
}

fn add<T>(all: &mut Vec<T>, value: Option<T>) -> bool {
    let there = value.is_some();
    all.extend(value);
    there
}

/// Writes the file.
pub struct Rows<W: Write + Send> {
    out: SerializedFileWriter<W>,
    columns: Vec<Column>,
    held: usize,
    failed: Option<parquet::errors::ParquetError>,
}

impl<W: Write + Send> Rows<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(out: W) -> Result<Self> {
        let schema = Arc::new(parse_message_type(SCHEMA)?);
        let properties = WriterProperties::builder()
            .set_compression(Compression::UNCOMPRESSED)
            .set_created_by("balancelab".to_owned())
            .build();
        Ok(Self {
            out: SerializedFileWriter::new(out, schema, Arc::new(properties))?,
            columns: Vec::new(),
            held: 0,
            failed: None,
        })
    }

    /// Ends the file and hands back where it was written to.
    ///
    /// # Errors
    /// If a part of it could not be written.
    pub fn close(mut self) -> Result<W> {
        self.flush();
        match self.failed {
            Some(error) => Err(error),
            None => self.out.into_inner(),
        }
    }

    /// Writes the rows that were collected as a group.
    fn flush(&mut self) {
        let columns = std::mem::take(&mut self.columns);
        self.held = 0;
        if columns.is_empty() || self.failed.is_some() {
            return;
        }
        let mut write = || -> Result<()> {
            let mut group = self.out.next_row_group()?;
            for column in &columns {
                if let Some(mut writer) = group.next_column()? {
                    column.write(writer.untyped())?;
                    writer.close()?;
                }
            }
            group.close().map(drop)
        };
        self.failed = write().err();
    }
}

impl<W: Write + Send> Reader for Rows<W> {
    fn sampled(&mut self, context: &Context<'_>, row: &Sampled<'_>) {
        let cells = cells(context, row);
        if self.columns.is_empty() {
            self.columns = cells.iter().map(Column::new).collect();
        }
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.push(cell);
        }
        self.held += 1;
        if self.held == GROUP {
            self.flush();
        }
    }
}

/// The cells of a row, in the order of the schema.
fn cells(context: &Context<'_>, row: &Sampled<'_>) -> Vec<Cell> {
    let (sample, ending) = (row.sample, row.ending);
    let nanos = |span: Option<Span>| Cell::Long(span.map(|span| span.as_nanos() as i64));
    let whole = |count: u64| Cell::Long(Some(count as i64));
    let sent = sample.sent.as_nanos() as i64 - context.plan.clients_start.as_nanos() as i64;
    vec![
        whole(row.number),
        Cell::Text(Some(context.client(sample.client).to_owned())),
        Cell::Short(Some(sample.thread as i32 + 1)),
        Cell::Long(Some(sent)),
        whole(sample.elapsed.as_nanos()),
        Cell::Short(Some(i32::from(sample.status))),
        Cell::Flag(Some(sample.served)),
        Cell::Flag(Some(sample.is_error())),
        Cell::Text(sample.server.map(|server| context.servers.path(server))),
        Cell::Text(sample.by.map(|by| words::by(by).to_owned())),
        Cell::Flag(Some(sample.session_restarted)),
        Cell::Text(ending.map(flags)),
        nanos(ending.and_then(|ending| ending.waited)),
        nanos(ending.and_then(|ending| ending.connect)),
        nanos(ending.and_then(|ending| ending.response)),
        Cell::Short(ending.map(|ending| ending.retries as i32)),
        Cell::Flag(ending.map(|ending| ending.redispatched)),
        Cell::Text(row.cookie.map(str::to_owned)),
        whole(row.received_bytes),
        whole(row.sent_bytes),
    ]
}
