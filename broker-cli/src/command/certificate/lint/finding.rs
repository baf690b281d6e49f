//! What a check finds.

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// A MUST is broken.
    Error,
    /// A SHOULD is broken, or common programs refuse it.
    Warning,
    /// Unusual.
    Notice,
}

impl Severity {
    /// Returns the name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    /// The name of the rule, for programs.
    pub(super) code: &'static str,
    /// The clause of the standard.
    pub(super) clause: &'static str,
    pub(super) message: String,
}

/// The findings of one certificate.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    /// Adds an error.
    pub(super) fn error(&mut self, code: &'static str, clause: &'static str, message: impl Into<String>) {
        self.add(Severity::Error, code, clause, message.into());
    }

    /// Adds a warning.
    pub(super) fn warning(&mut self, code: &'static str, clause: &'static str, message: impl Into<String>) {
        self.add(Severity::Warning, code, clause, message.into());
    }

    /// Adds a notice.
    pub(super) fn notice(&mut self, code: &'static str, clause: &'static str, message: impl Into<String>) {
        self.add(Severity::Notice, code, clause, message.into());
    }

    fn add(&mut self, severity: Severity, code: &'static str, clause: &'static str, message: String) {
        self.0.push(Finding { severity, code, clause, message });
    }

    /// Returns the findings, the gravest first, otherwise in the order of the checks.
    pub(super) fn sorted(mut self) -> Vec<Finding> {
        self.0.sort_by_key(|finding| finding.severity);
        self.0
    }
}
