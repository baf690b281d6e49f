//! The list of what is wrong with a document, as the readers write it.

use super::{error::Diagnostic, tree::Position};

/// Mistakes past this number are not listed: whoever has a thousand does not read the thousand-and-first.
const MOST_MISTAKES: usize = 1000;

/// The mistakes found so far.
#[derive(Debug)]
pub(super) struct Report {
    file: String,
    mistakes: Vec<Diagnostic>,
    more: bool,
    /// What is noted with [`Report::ignorable`] is a warning.
    lenient: bool,
    warnings: Vec<Diagnostic>,
}

impl Report {
    pub(super) fn new(file: &str, lenient: bool) -> Self {
        Self { file: file.to_owned(), mistakes: Vec::new(), more: false, lenient, warnings: Vec::new() }
    }

    /// Takes note of a mistake.
    pub(super) fn add(&mut self, at: Position, path: &str, message: impl Into<String>) {
        self.add_with(at, path, message, None);
    }

    /// Takes note of a mistake and what was probably meant.
    pub(super) fn add_with(
        &mut self,
        at: Position,
        path: &str,
        message: impl Into<String>,
        suggestion: Option<&str>,
    ) {
        if self.mistakes.len() >= MOST_MISTAKES {
            self.more = true;
            return;
        }
        let mistake = self.mistake(at, path, message, suggestion);
        self.mistakes.push(mistake);
    }

    /// Takes note of what the Go broker takes: a mistake, or a warning where the reading is lenient. A reader may go on
    /// as the Go broker does either way, because a mistake refuses the document whole.
    pub(super) fn ignorable(
        &mut self,
        at: Position,
        path: &str,
        message: impl Into<String>,
        suggestion: Option<&str>,
    ) {
        if !self.lenient {
            self.add_with(at, path, message, suggestion);
        } else if self.warnings.len() < MOST_MISTAKES {
            let warning = self.mistake(at, path, message, suggestion);
            self.warnings.push(warning);
        }
    }

    /// Whether the reading is lenient.
    pub(super) const fn is_lenient(&self) -> bool {
        self.lenient
    }

    fn mistake(
        &self,
        at: Position,
        path: &str,
        message: impl Into<String>,
        suggestion: Option<&str>,
    ) -> Diagnostic {
        Diagnostic {
            file: self.file.clone(),
            line: at.line,
            column: at.column,
            path: path.to_owned(),
            message: message.into(),
            suggestion: suggestion.map(str::to_owned),
        }
    }

    /// The warnings so far, in the document's order.
    pub(super) fn take_warnings(&mut self) -> Vec<Diagnostic> {
        let mut warnings = std::mem::take(&mut self.warnings);
        warnings.sort_by_key(|warning| (warning.line, warning.column));
        warnings
    }

    /// Every mistake in the document's order.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        self.mistakes.sort_by_key(|mistake| (mistake.line, mistake.column));
        if self.more
            && let Some(mut last) = self.mistakes.last().cloned()
        {
            last.path = String::new();
            last.message = format!("more than {MOST_MISTAKES} mistakes; the rest are not listed");
            last.suggestion = None;
            self.mistakes.push(last);
        }
        self.mistakes
    }
}
