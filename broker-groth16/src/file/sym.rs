//! Names of signals: `.sym`.
//!
//! Each line is `label,signal,component,name`, where `signal` is the signal's index in the witness, or -1 if circom
//! replaced the signal by others.

use super::FileError;

/// The names of a circuit's signals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignalNames {
    text: String,
    /// The end of each signal's name in `text`, by the signal's index. The name begins where the previous one ends.
    ends: Vec<usize>,
}

impl SignalNames {
    /// Reads the names of a circuit's signals; `signals` is their number, the constant 1 included. If a signal has
    /// several names, because components share it, the first is taken, which is the outermost.
    ///
    /// # Errors
    ///
    /// [`FileError::Line`], which names the line.
    pub fn read(bytes: &[u8], signals: usize) -> Result<Self, FileError> {
        let mut lines = Vec::new();
        for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                continue;
            }
            let wrong = |field| FileError::Line { line: index.saturating_add(1), field };
            let text = std::str::from_utf8(line).map_err(|_| wrong("text (UTF-8)"))?;
            let mut fields = text.splitn(4, ',');
            fields.next().and_then(|label| label.parse::<u64>().ok()).ok_or(wrong("label"))?;
            let signal = fields.next().ok_or(wrong("index of the signal"))?;
            fields.next().and_then(|component| component.parse::<u64>().ok()).ok_or(wrong("component"))?;
            let name = fields.next().filter(|name| is_name(name)).ok_or(wrong("name"))?;
            if signal == "-1" {
                continue;
            }
            let signal = signal.parse().ok().filter(|signal| (1..signals).contains(signal));
            lines.push((signal.ok_or(wrong("index of the signal"))?, name));
        }
        // The sort is stable, so the first name of a signal stays first.
        lines.sort_by_key(|(signal, _)| *signal);
        lines.dedup_by_key(|(signal, _)| *signal);
        let mut names = Self::default();
        for (signal, name) in lines {
            names.ends.resize(signal, names.text.len());
            names.text.push_str(name);
            names.ends.push(names.text.len());
        }
        Ok(names)
    }

    /// The name of a signal by its index in the witness, such as `main.a`. The constant 1 has none.
    #[must_use]
    pub fn name(&self, signal: usize) -> Option<&str> {
        let start = signal.checked_sub(1).and_then(|before| self.ends.get(before).copied()).unwrap_or(0);
        let name = self.text.get(start..*self.ends.get(signal)?)?;
        (!name.is_empty()).then_some(name)
    }
}

/// Whether the text is a path of circom identifiers and indices, so that it can be shown anywhere.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._$[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] =
        b"1,1,1,main.c\n2,2,1,main.a\n3,-1,1,main.gone\n4,4,1,main.x[0]\n5,2,0,main.sub.in\r\n";

    #[test]
    fn the_outermost_name_of_a_signal_is_taken() {
        let names = SignalNames::read(FILE, 6).unwrap();
        let found: Vec<_> = (0..7).map(|signal| names.name(signal)).collect();
        assert_eq!(found, [None, Some("main.c"), Some("main.a"), None, Some("main.x[0]"), None, None]);
    }

    #[test]
    fn bad_lines_are_named() {
        for (line, field) in [
            ("x,1,1,main.c", "label"),
            ("1", "index of the signal"),
            ("1,6,1,main.c", "index of the signal"),
            ("1,0,1,main.c", "index of the signal"),
            ("1,-2,1,main.c", "index of the signal"),
            ("1,1,-1,main.c", "component"),
            ("1,1,1", "name"),
            ("1,1,1,", "name"),
            ("1,1,1,main.\x1b[2J", "name"),
            ("1,1,1,a,b", "name"),
        ] {
            let bytes = format!("1,1,1,main.c\n{line}\n");
            let error = SignalNames::read(bytes.as_bytes(), 6).unwrap_err();
            assert_eq!(error, FileError::Line { line: 2, field }, "{line:?}");
        }
        assert!(matches!(SignalNames::read(b"\xff", 6), Err(FileError::Line { line: 1, .. })));
    }
}
