//! JMeter's Summary Report and Aggregate Report over the samples of a run, counted by
//! JMeter's rules (user's manual, 18.6 and 18.8).

use std::collections::BTreeMap;

use balance::Span;
use serde_json::{Value, json};

use super::follow::{Context, Reader, Sampled};
use super::jtl::{elapsed, label, reached};
use crate::report::number;
use crate::report::table::{Align, Cell, Style, Table};

/// The two reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Means, extremes and the deviation.
    Summary,
    /// Percentiles instead of the deviation.
    Aggregate,
}

/// The samples of one label, or of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// How often each elapsed time occurred, in milliseconds.
    times: BTreeMap<u64, u64>,
    count: u64,
    errors: u64,
    received: u64,
    sent: u64,
    /// When the first sample began and the last one ended, in milliseconds of the run.
    lasts: Option<(u64, u64)>,
}

/// What one sample adds.
struct Addend {
    start: u64,
    elapsed: u64,
    error: bool,
    received: u64,
    sent: u64,
}

impl Row {
    fn add(&mut self, addend: &Addend) {
        *self.times.entry(addend.elapsed).or_default() += 1;
        self.count += 1;
        self.errors += u64::from(addend.error);
        self.received += addend.received;
        self.sent += addend.sent;
        let end = addend.start + addend.elapsed;
        self.lasts = Some(match self.lasts {
            None => (addend.start, end),
            Some((first, last)) => (first.min(addend.start), last.max(end)),
        });
    }

    /// How many samples there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean in milliseconds.
    pub fn mean(&self) -> f64 {
        let sum: u64 = self.times.iter().map(|(time, count)| time * count).sum();
        self.per_sample(sum)
    }

    /// The standard deviation in milliseconds, of the samples as the whole population.
    pub fn deviation(&self) -> f64 {
        let squares = self.times.iter();
        let squares: u128 = squares
            .map(|(time, count)| u128::from(time * time) * u128::from(*count))
            .sum();
        let mean = self.mean();
        (squares as f64 / (self.count.max(1) as f64) - mean * mean)
            .max(0.0)
            .sqrt()
    }

    /// The smallest and the greatest time.
    pub fn extremes(&self) -> (u64, u64) {
        let first = self.times.keys().next().copied().unwrap_or(0);
        (first, self.times.keys().next_back().copied().unwrap_or(0))
    }

    /// The time at rank `percent` of 100, rounded to the nearest whole rank, half upwards.
    pub fn percentile(&self, percent: u64) -> u64 {
        let rank = (2 * self.count * percent + 100) / 200;
        let mut seen = 0;
        for (time, count) in &self.times {
            seen += count;
            if seen >= rank {
                return *time;
            }
        }
        0
    }

    /// Parts of a hundred that failed.
    pub fn error_percent(&self) -> f64 {
        100.0 * self.per_sample(self.errors)
    }

    /// Samples per second, from the beginning of the first to the end of the last.
    pub fn rate(&self) -> f64 {
        match self.lasts {
            Some((first, last)) if last > first => {
                self.count as f64 / (last - first) as f64 * 1000.0
            }
            _ => 0.0,
        }
    }

    /// Kibibytes received and sent per second.
    pub fn traffic(&self) -> (f64, f64) {
        let per_second = |bytes| self.per_sample(bytes) * self.rate() / 1024.0;
        (per_second(self.received), per_second(self.sent))
    }

    /// Mean size of an answer.
    pub fn mean_bytes(&self) -> f64 {
        self.per_sample(self.received)
    }

    fn per_sample(&self, sum: u64) -> f64 {
        sum as f64 / self.count.max(1) as f64
    }
}

/// Collects samples by label, in the order in which labels occur.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    rows: Vec<(String, Row)>,
    total: Row,
}

impl Reader for Report {
    fn sampled(&mut self, context: &Context<'_>, of: &Sampled<'_>) {
        let sample = of.sample;
        let page = Addend {
            start: sample.sent.as_millis(),
            elapsed: elapsed(sample),
            error: sample.is_error(),
            received: of.received_bytes,
            sent: of.sent_bytes,
        };
        self.add(label(of.line), &page);
        if let Some(label) = reached(context, sample) {
            let row = Addend {
                start: (sample.sent + sample.elapsed).as_millis(),
                elapsed: Span::ZERO.as_millis(),
                error: false,
                received: 0,
                sent: 0,
            };
            self.add(label, &row);
        }
    }
}

impl Report {
    fn add(&mut self, label: String, addend: &Addend) {
        self.total.add(addend);
        let known = self.rows.iter_mut().find(|(known, _)| *known == label);
        if let Some((_, row)) = known {
            row.add(addend);
        } else {
            let mut row = Row::default();
            row.add(addend);
            self.rows.push((label, row));
        }
    }

    /// The rows in the order in which their labels occurred first, then all samples.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &Row)> {
        let named = self.rows.iter().map(|(label, row)| (label.as_str(), row));
        named.chain([("TOTAL", &self.total)])
    }

    /// The row of a label.
    pub fn row(&self, label: &str) -> Option<&Row> {
        self.rows()
            .find(|(known, _)| *known == label)
            .map(|it| it.1)
    }

    /// The report as a table: JMeter's columns.
    pub fn table(&self, kind: Kind) -> Table {
        let columns: Vec<(&str, Align)> = columns(kind)
            .iter()
            .map(|title| {
                let left = *title == "Label";
                (*title, if left { Align::Left } else { Align::Right })
            })
            .collect();
        let mut table = Table::new(&columns);
        for (label, row) in self.rows() {
            let mut cells = vec![Cell::from(label)];
            cells.extend(fields(kind, row).into_iter().map(|(_, text)| {
                let bad = text.ends_with('%') && row.errors > 0;
                Cell::styled(text, if bad { Style::Bad } else { Style::Plain })
            }));
            table.push(cells);
        }
        table
    }

    /// The report as JSON: the same columns, as numbers.
    pub fn json(&self, kind: Kind) -> Value {
        self.rows()
            .map(|(label, row)| {
                let mut object = serde_json::Map::new();
                object.insert("label".to_owned(), json!(label));
                for (title, text) in fields(kind, row) {
                    let number: f64 = text.trim_end_matches('%').parse().unwrap_or(0.0);
                    let whole = !text.contains('.');
                    let value = if whole {
                        json!(number as u64)
                    } else {
                        json!(number)
                    };
                    object.insert(title.to_owned(), value);
                }
                Value::Object(object)
            })
            .collect()
    }
}

fn columns(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Summary => &[
            "Label",
            "# Samples",
            "Average",
            "Min",
            "Max",
            "Std. Dev.",
            "Error %",
            "Throughput",
            "Received KB/sec",
            "Sent KB/sec",
            "Avg. Bytes",
        ],
        Kind::Aggregate => &[
            "Label",
            "# Samples",
            "Average",
            "Median",
            "90% Line",
            "95% Line",
            "99% Line",
            "Min",
            "Max",
            "Error %",
            "Throughput",
            "Received KB/sec",
            "Sent KB/sec",
        ],
    }
}

/// The columns of a row after its label, with JMeter's decimals. JMeter cuts the average.
fn fields(kind: Kind, row: &Row) -> Vec<(&'static str, String)> {
    let (min, max) = row.extremes();
    let (received, sent) = row.traffic();
    let value = |title: &str| match title {
        "# Samples" => row.count.to_string(),
        "Average" => (row.mean() as u64).to_string(),
        "Min" => min.to_string(),
        "Max" => max.to_string(),
        "Std. Dev." => number(row.deviation(), 2),
        "Median" => row.percentile(50).to_string(),
        "90% Line" => row.percentile(90).to_string(),
        "95% Line" => row.percentile(95).to_string(),
        "99% Line" => row.percentile(99).to_string(),
        "Error %" => number(row.error_percent(), 3) + "%",
        "Throughput" => number(row.rate(), 5),
        "Received KB/sec" => number(received, 2),
        "Sent KB/sec" => number(sent, 2),
        _ => number(row.mean_bytes(), 1),
    };
    let titles = columns(kind).iter().skip(1);
    titles.map(|title| (*title, value(title))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(times: &[u64]) -> Row {
        let mut row = Row::default();
        for (index, &elapsed) in times.iter().enumerate() {
            row.add(&Addend {
                start: 1000 * index as u64,
                elapsed,
                error: elapsed == 9,
                received: 512,
                sent: 256,
            });
        }
        row
    }

    #[test]
    fn as_jmeter_counts() {
        let row = row(&[1, 2, 3, 4, 9]);
        assert_eq!((row.count(), row.extremes()), (5, (1, 9)));
        assert_eq!(number(row.mean(), 3), "3.800");
        assert_eq!(number(row.deviation(), 2), "2.79");
        assert_eq!(number(row.error_percent(), 3), "20.000");
        assert_eq!(number(row.rate(), 5), "1.24719", "5 in 4.009 s");
        assert_eq!(number(row.traffic().0, 4), "0.6236");
        assert_eq!(number(row.mean_bytes(), 1), "512.0");
    }

    #[test]
    fn ranks_are_rounded_half_upwards() {
        // Java's Math.round, as in JMeter's own calculator.
        let five = row(&[1, 2, 3, 4, 9]);
        assert_eq!([50, 90, 95, 99].map(|p| five.percentile(p)), [3, 9, 9, 9]);
        let four = row(&[1, 2, 3, 4]);
        assert_eq!([50, 60, 63, 90].map(|p| four.percentile(p)), [2, 2, 3, 4]);
        let one = row(&[7]);
        assert_eq!([1, 50, 99].map(|p| one.percentile(p)), [7, 7, 7]);
        assert_eq!(Row::default().percentile(50), 0);
    }
}
