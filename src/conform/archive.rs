//! Files of recordings: plain or compressed, one recording or several one after another.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use super::recording::{Recording, RecordingError};

/// How a gzip file begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The text of a file.
///
/// # Errors
/// It is not what it seems, compressed or text.
pub fn text(bytes: &[u8]) -> Result<String, RecordingError> {
    let bytes = if bytes.starts_with(&GZIP) {
        let mut plain = Vec::new();
        MultiGzDecoder::new(bytes)
            .read_to_end(&mut plain)
            .map_err(|error| RecordingError::new(1, format!("not a whole gzip file: {error}")))?;
        plain
    } else {
        bytes.to_vec()
    };
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.split(|byte| *byte == b'\n').count();
        RecordingError::new(line, "not UTF-8")
    })
}

/// Every recording in `text`, each readable or not by itself. Lines count through.
pub fn recordings(text: &str) -> Vec<Result<Recording, RecordingError>> {
    let mut found = Vec::new();
    let mut begin = (1, 0);
    let (mut line, mut at) = (1, 0);
    for piece in text.split_inclusive('\n') {
        if at > 0 && is_head(piece) {
            found.push(Recording::read_from(begin.0, &text[begin.1..at]));
            begin = (line, at);
        }
        line += 1;
        at += piece.len();
    }
    found.push(Recording::read_from(begin.0, &text[begin.1..]));
    found
}

/// Whether a line describes a backend: only the first of a recording does.
fn is_head(line: &str) -> bool {
    line.contains("\"backend\"") && !line.contains("\"op\"")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const ONE: &str = r#"{"haproxy":"2.6.12","name":"a","exact":true,"backend":{"servers":[{"name":"s1"}]}}
{"op":"req","id":1,"to":"s1","status":200}
"#;

    #[test]
    fn gzip_and_text_read_the_same() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(ONE.as_bytes()).unwrap();
        let packed = gzip.finish().unwrap();
        assert_eq!(text(&packed).unwrap(), ONE);
        assert_eq!(text(ONE.as_bytes()).unwrap(), ONE);
        let cut = text(&packed[..packed.len() - 9]).unwrap_err();
        assert!(cut.problem.contains("gzip"), "{cut}");
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_with_their_line() {
        let error = text(b"{}\n{}\n\xff\n").unwrap_err();
        assert_eq!(error.to_string(), "3: not UTF-8");
    }

    #[test]
    fn one_bad_recording_does_not_hide_the_next() {
        let bad = ONE.replace("\"id\":1,", "");
        let all = recordings(&format!("{bad}{ONE}"));
        assert_eq!(all.len(), 2);
        assert_eq!(
            all[0].as_ref().unwrap_err().to_string(),
            "2: `req` needs `id`"
        );
        assert_eq!(all[1].as_ref().unwrap().steps[0].line, 4);
    }
}
