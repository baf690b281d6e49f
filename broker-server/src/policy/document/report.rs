//! The diagnostics of a document, as the readers report them.

use super::{error::Diagnostic, tree::Position};

/// The number of errors, and of warnings, that are listed.
const MAX_DIAGNOSTICS: usize = 1000;

/// Collects the errors and the warnings of a document.
#[derive(Debug)]
pub(super) struct Report {
    file: String,
    lenient: bool,
    errors: Vec<Diagnostic>,
    truncated: bool,
    warnings: Vec<Diagnostic>,
}

impl Report {
    /// Returns an empty report on a document called `file`. A lenient report turns what the Go
    /// broker accepts into [warnings](Self::error_if_strict).
    pub(super) fn new(file: &str, lenient: bool) -> Self {
        Self { file: file.to_owned(), lenient, errors: Vec::new(), truncated: false, warnings: Vec::new() }
    }

    /// Reports an error.
    pub(super) fn error(&mut self, at: Position, path: &str, message: impl Into<String>) {
        self.error_with_suggestion(at, path, message, None);
    }

    /// Reports an error with the valid word that was probably meant, where there is a similar one.
    pub(super) fn error_with_suggestion(
        &mut self,
        at: Position,
        path: &str,
        message: impl Into<String>,
        suggestion: Option<&str>,
    ) {
        if self.errors.len() >= MAX_DIAGNOSTICS {
            self.truncated = true;
            return;
        }
        let error = self.diagnostic(at, path, message, suggestion);
        self.errors.push(error);
    }

    /// Reports something that the Go broker accepts: an error in a strict report, a warning in a lenient one. A reader may
    /// continue as the Go broker does in both cases, because an error makes the whole document invalid.
    pub(super) fn error_if_strict(
        &mut self,
        at: Position,
        path: &str,
        message: impl Into<String>,
        suggestion: Option<&str>,
    ) {
        if !self.lenient {
            self.error_with_suggestion(at, path, message, suggestion);
        } else if self.warnings.len() < MAX_DIAGNOSTICS {
            let warning = self.diagnostic(at, path, message, suggestion);
            self.warnings.push(warning);
        }
    }

    /// Reports whether the report is lenient.
    pub(super) const fn is_lenient(&self) -> bool {
        self.lenient
    }

    /// Reads with `read` strictly, also in a lenient report. It is for parts of the language that the Go broker does not
    /// have, where no document can depend on its leniency.
    pub(super) fn strictly<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let lenient = std::mem::replace(&mut self.lenient, false);
        let value = read(self);
        self.lenient = lenient;
        value
    }

    fn diagnostic(
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

    /// Returns the errors and the warnings, each in the order of the document.
    pub(super) fn finish(self) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        let Self { mut errors, mut warnings, truncated, .. } = self;
        for diagnostics in [&mut errors, &mut warnings] {
            diagnostics.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
        }
        if truncated && let Some(last) = errors.last() {
            errors.push(Diagnostic {
                path: String::new(),
                message: format!("more than {MAX_DIAGNOSTICS} errors; the rest are not listed"),
                suggestion: None,
                ..last.clone()
            });
        }
        (errors, warnings)
    }
}
