//! The two streams of the program: results on one, remarks on the other.

use std::io::{self, IsTerminal, Write};

use super::paint::{self, Color};
use crate::locale::{Lang, Words, phrases};
use crate::report::table::{Ink, Style};

/// Where the program writes.
pub(super) struct Screen {
    out: Box<dyn Write>,
    remarks: Box<dyn Write>,
    out_colored: bool,
    remarks_colored: bool,
    watched: bool,
    width: usize,
    lang: Lang,
}

impl Screen {
    /// The process's own streams, for readers of a language.
    pub(super) fn standard(color: Color, lang: Lang) -> Self {
        let (out, remarks) = (io::stdout(), io::stderr());
        Self {
            out_colored: color.applies(out.is_terminal()),
            remarks_colored: color.applies(remarks.is_terminal()),
            watched: remarks.is_terminal(),
            width: terminal_size::terminal_size_of(&out)
                .map_or(100, |(width, _)| usize::from(width.0)),
            out: Box::new(io::BufWriter::new(out.lock())),
            remarks: Box::new(remarks.lock()),
            lang,
        }
    }

    /// Writes a piece of the result.
    ///
    /// # Errors
    /// If nobody reads it any more, or the device is full.
    pub(super) fn result(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())
    }

    /// Writes a drawing in pixels as the result.
    ///
    /// # Errors
    /// As [`result`](Self::result).
    #[cfg(feature = "png")]
    pub(super) fn picture(&mut self, svg: &str) -> io::Result<super::exit::Exit> {
        self.out.write_all(&crate::report::png::of_svg(svg))?;
        Ok(super::exit::Exit::Fine)
    }

    /// Where a long result is written piece by piece.
    pub(super) fn writer(&mut self) -> &mut dyn Write {
        &mut self.out
    }

    /// Shows the result so far.
    ///
    /// # Errors
    /// As [`result`](Self::result).
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Writes a remark, after the result so far.
    ///
    /// # Errors
    /// As [`result`](Self::result).
    pub(super) fn remark(&mut self, text: &str) -> io::Result<()> {
        self.out.flush()?;
        writeln!(self.remarks, "{}", text.trim_end())
    }

    /// A sentence of ours as a remark. A place before it, with a colon between, stays.
    ///
    /// # Errors
    /// As [`result`](Self::result).
    pub(super) fn tell(&mut self, text: &str) -> io::Result<()> {
        let text = self.put(text);
        self.remark(&text)
    }

    /// A sentence of ours in the language of this screen; the place before it stays.
    fn put(&self, text: &str) -> String {
        let words = self.words();
        let whole = words.put("say", text);
        match text.split_once(": ") {
            Some((place, sentence)) if whole == text => {
                format!("{place}: {}", words.put("say", sentence))
            }
            _ => whole.into_owned(),
        }
    }

    /// The language of texts for people.
    pub(super) fn words(&self) -> &'static dyn Words {
        phrases::words(self.lang)
    }

    /// Writes a remark that begins with what kind it is, `error` for instance.
    ///
    /// # Errors
    /// As [`result`](Self::result).
    pub(super) fn alarm(&mut self, kind: &str, text: &str) -> io::Result<()> {
        let mut line = String::new();
        let kind = self.words().put("say", kind);
        paint::ink(self.remarks_colored, self.lang).ink(&mut line, Style::Bad, &kind);
        let text = self.put(text);
        self.remark(&format!("{line}: {text}"))
    }

    /// Overwrites the line of progress; nothing if nobody watches.
    pub(super) fn progress(&mut self, text: &str) {
        if self.watched {
            // A line that cannot be shown is no reason to stop a run.
            let text = self.words().put("say", text);
            let _ = write!(self.remarks, "\r\x1b[K{text}");
            let _ = self.remarks.flush();
        }
    }

    /// How results are coloured.
    pub(super) fn ink(&self) -> &'static dyn Ink {
        paint::ink(self.out_colored, self.lang)
    }

    /// Characters in a line of the terminal; 100 where there is none, so that the same
    /// bytes come out everywhere.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Whether remarks are coloured.
    pub(super) fn colors_remarks(&self) -> bool {
        self.remarks_colored
    }

    /// Ends the result.
    ///
    /// # Errors
    /// As [`result`](Self::result).
    pub(super) fn close(mut self) -> io::Result<()> {
        self.out.flush()
    }
}
