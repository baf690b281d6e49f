//! What can go wrong, what the user reads about it, and how the program exits.

use std::{io, path::Path};

use serde_json::{Map, Value, json};

/// The program's exit codes, which scripts rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The command did what it is for.
    Done = 0,
    /// The broker refused, or something failed.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// No broker can be reached.
    Unreachable = 3,
    /// The broker has verified a signature, and it is wrong.
    NotValid = 4,
}

impl Exit {
    /// Each with its meaning, for the help.
    pub(crate) const TABLE: [(Self, &'static str); 5] = [
        (Self::Done, "done"),
        (Self::Failed, "refused, or failed"),
        (Self::Usage, "the command line is wrong"),
        (Self::Unreachable, "no broker can be reached"),
        (Self::NotValid, "the signature is not valid"),
    ];

    /// The number that the shell sees.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }
}

/// Why a command ended without its result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line is wrong in a way that only the command itself can see.
    #[error("{0}")]
    Usage(String),
    /// No broker answers.
    #[error("{message}")]
    Unreachable {
        /// What was tried and what happened.
        message: String,
        /// What to do about it.
        next: Vec<String>,
    },
    /// The broker, or a profile, said no.
    #[error("{}", .0.message)]
    Refused(Box<Refusal>),
    /// A local file cannot be read or written.
    #[error("{what} {path}: {source}")]
    File {
        /// The attempt, such as `cannot read`.
        what: &'static str,
        /// Which file.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// One of several results could not be written.
    #[error("{failure} (written before: {written})")]
    Partly {
        /// Why not.
        failure: Box<Failure>,
        /// Which were, and where to.
        written: String,
    },
    /// A result was printed already and says no: the exit code is all that is left to say.
    #[error("")]
    Said(Exit),
    /// The result cannot be printed.
    #[error("cannot write the result: {0}")]
    Output(#[source] io::Error),
    /// Something on this machine does not work.
    #[error("{what}: {source}")]
    Local {
        /// The attempt, such as `cannot start the runtime`.
        what: &'static str,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Stopped by a signal before the end.
    #[error("interrupted")]
    Interrupted,
}

/// A refusal with all that is known about its cause; empty where nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The gRPC status by its name, such as `FAILED_PRECONDITION`.
    pub(crate) code: String,
    /// The reason of google.rpc.ErrorInfo, such as `SUBJECT_KEY_NOT_ALLOWED`.
    pub(crate) reason: String,
    /// The request's field at fault.
    pub(crate) field: String,
    /// The option of this program that gave the field, where the command knows better than [`option`].
    pub(crate) option: Option<&'static str>,
    /// The profile's rule at fault.
    pub(crate) rule: String,
    /// That rule's line in the document.
    pub(crate) line: Option<u32>,
    /// One sentence.
    pub(crate) message: String,
}

impl Failure {
    /// A mistake in the command line.
    pub(crate) fn usage(message: String) -> Self {
        Self::Usage(message)
    }

    /// A file that cannot be read.
    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self::File { what: "cannot read", path: path.display().to_string(), source }
    }

    /// A file that cannot be written.
    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        Self::File { what: "cannot write", path: path.display().to_string(), source }
    }

    /// An attempt on this machine that failed.
    pub(crate) fn local(
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Local { what, source: source.into() }
    }

    /// Names the option that gave a refused field: several commands have the field, each with an option of its own.
    pub(crate) fn of_options(mut self, options: &[(&str, &'static str)]) -> Self {
        if let Self::Refused(refusal) = &mut self {
            let found = options.iter().find(|(field, _)| *field == refusal.field);
            refusal.option = found.map(|(_, option)| *option);
        }
        self
    }

    /// The exit code that belongs to it.
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Unreachable { .. } => Exit::Unreachable,
            Self::Said(exit) => *exit,
            Self::Partly { failure, .. } => failure.exit(),
            Self::Refused(_)
            | Self::File { .. }
            | Self::Output(_)
            | Self::Local { .. }
            | Self::Interrupted => Exit::Failed,
        }
    }

    /// Whether the reader of standard output has left, who needs no message about it.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// What to do about it, one line each.
    pub(crate) fn next(&self) -> Vec<String> {
        match self {
            Self::Unreachable { next, .. } => next.clone(),
            Self::Refused(refusal) => {
                let mut lines = Vec::new();
                if !refusal.rule.is_empty() {
                    let line = refusal.line.map(|line| format!(", line {line}")).unwrap_or_default();
                    lines.push(format!("the rule is {}{line} of the profile document", refusal.rule));
                }
                if let Some(option) = refusal.option.or_else(|| option(&refusal.field)) {
                    lines.push(format!("the broker's field `{}` is what {option} gives", refusal.field));
                }
                let advice = match (refusal.code.as_str(), refusal.reason.as_str()) {
                    ("DEADLINE_EXCEEDED", _) => Some("give it more time with --timeout"),
                    (_, "NOT_STREAMABLE") => Some("past 1 MiB this takes --format cms"),
                    (_, "MESSAGE_TOO_LARGE") => Some(
                        "one message carries 1 MiB of data; only hash-data, sign-data and verify-data send more, in parts",
                    ),
                    _ => None,
                };
                lines.extend(advice.map(str::to_owned));
                lines
            }
            Self::Usage(_) => vec!["for more information, try `--help`".to_owned()],
            _ => Vec::new(),
        }
    }

    /// `{"error":{"code","reason","field","rule","line","message"}}`; what is not known is left out.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = Map::new();
        let mut set = |key: &str, value: &str| {
            if !value.is_empty() {
                error.insert(key.to_owned(), json!(value));
            }
        };
        match self {
            Self::Refused(refusal) => {
                set("code", &refusal.code);
                set("reason", &refusal.reason);
                set("field", &refusal.field);
                set("rule", &refusal.rule);
            }
            Self::Usage(_) => set("code", "USAGE"),
            Self::Unreachable { .. } => set("code", "UNAVAILABLE"),
            // Whatever the first cause, what is left is half of a result.
            Self::File { .. } | Self::Output(_) | Self::Partly { .. } => set("code", "IO"),
            Self::Interrupted => set("code", "INTERRUPTED"),
            Self::Local { .. } | Self::Said(_) => set("code", "FAILED"),
        }
        set("message", &self.to_string());
        if let Self::Refused(refusal) = self
            && let Some(line) = refusal.line
        {
            error.insert("line".to_owned(), json!(line));
        }
        json!({ "error": error })
    }
}

/// The option that a user of this program gives for a field of the wire, where the names differ.
fn option(field: &str) -> Option<&'static str> {
    Some(match field {
        "ca_cert" => "--ca-cert",
        "ca_private_key" => "--ca-key",
        "crl_distribution_points" => "--crl-url",
        "valid_not_before" => "--not-before",
        "valid_not_after" => "--not-after",
        "input" => "--in or --text",
        "seed" => "--seed-file",
        "signature" => "--signature",
        "signature_format" => "--format",
        "plaintext" => "--in or --text",
        "encrypt_metadata.nonce" => "--nonce",
        "decrypt_metadata.nonce" => "--nonce or --nonce-file",
        "encrypt_metadata.aad" | "decrypt_metadata.aad" => "--aad",
        "decrypt_metadata.tag" => "--tag, --tag-file or the end of --in",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_refusal_in_json_has_what_is_known_and_nothing_else() {
        let refusal = Refusal {
            code: "FAILED_PRECONDITION".into(),
            reason: "SUBJECT_KEY_NOT_ALLOWED".into(),
            rule: "API.SignCertificate".into(),
            line: Some(7),
            message: "no".into(),
            ..Refusal::default()
        };
        assert_eq!(
            Failure::Refused(Box::new(refusal)).to_json(),
            json!({"error": {"code": "FAILED_PRECONDITION", "reason": "SUBJECT_KEY_NOT_ALLOWED",
                "rule": "API.SignCertificate", "line": 7, "message": "no"}})
        );
    }

    #[test]
    fn a_field_of_the_wire_is_told_by_its_option() {
        let refusal = Refusal { field: "ca_private_key".into(), ..Refusal::default() };
        let next = Failure::Refused(Box::new(refusal)).next();
        assert_eq!(next, ["the broker's field `ca_private_key` is what --ca-key gives"]);
    }

    #[test]
    fn exit_codes() {
        assert_eq!(Failure::usage(String::new()).exit().code(), 2);
        assert_eq!(Failure::Unreachable { message: String::new(), next: Vec::new() }.exit().code(), 3);
        assert_eq!(Failure::Interrupted.exit().code(), 1);
        assert_eq!(Failure::Said(Exit::Failed).exit().code(), 1);
    }
}
