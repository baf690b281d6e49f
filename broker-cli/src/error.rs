//! Failures of commands, with their messages, hints and exit codes.

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
    /// A signature, a certificate, a proof or a ceremony was verified, and it is not valid.
    NotValid = 4,
}

impl Exit {
    /// Every exit code with its meaning, for the help.
    pub(crate) const TABLE: [(Self, &'static str); 5] = [
        (Self::Done, "done"),
        (Self::Failed, "refused, or failed"),
        (Self::Usage, "the command line is wrong"),
        (Self::Unreachable, "no broker can be reached"),
        (Self::NotValid, "the signature, the certificate, the proof or the ceremony is not valid"),
    ];

    /// Returns the number that the shell gets.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }
}

/// The reason why a command ended without its result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line is wrong in a way that only the command can detect.
    #[error("{0}")]
    Usage(String),
    /// No broker can be reached.
    #[error("{message}")]
    Unreachable {
        /// The attempt and its outcome.
        message: String,
        /// Next steps for the user.
        hints: Vec<String>,
    },
    /// The broker or a profile refused the request.
    #[error("{}", .0.message)]
    Refused(Box<Refusal>),
    /// A local file cannot be read or written.
    #[error("{what} {path}: {source}")]
    File {
        /// The attempt, such as `cannot read`.
        what: &'static str,
        /// The file.
        path: String,
        /// The error of the system.
        source: io::Error,
    },
    /// A result could not be written, and a part of it cannot be taken back.
    #[error("{failure} (written before: {written})")]
    PartiallyWritten {
        /// The failure of what could not be written.
        failure: Box<Failure>,
        /// What was written and remains, and where.
        written: String,
    },
    /// A negative result was printed already; only the exit code remains.
    #[error("")]
    Reported(Exit),
    /// The result cannot be written to standard output.
    #[error("cannot write the result: {0}")]
    Output(#[source] io::Error),
    /// Something on this machine does not work.
    #[error("{what}: {source}")]
    Local {
        /// The attempt, such as `cannot start the runtime`.
        what: &'static str,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A signal stopped the command before its end.
    #[error("interrupted")]
    Interrupted,
}

/// A refusal by the broker. Texts are empty where nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The name of the gRPC status, such as `FAILED_PRECONDITION`.
    pub(crate) code: String,
    /// The reason of google.rpc.ErrorInfo, such as `SUBJECT_KEY_NOT_ALLOWED`.
    pub(crate) reason: String,
    /// The field of the request that was refused.
    pub(crate) field: String,
    /// The option that gave the field, where the command overrides [`option_of_field`].
    pub(crate) option: Option<&'static str>,
    /// The rule of the profile that refused it.
    pub(crate) rule: String,
    /// The line of that rule in the document.
    pub(crate) line: Option<u32>,
    /// The broker's message.
    pub(crate) message: String,
}

impl Failure {
    /// Returns the failure of a wrong command line.
    pub(crate) fn usage(message: String) -> Self {
        Self::Usage(message)
    }

    /// Returns the failure of an input that this program itself refuses as a broker does.
    pub(crate) fn invalid(message: String) -> Self {
        Self::Refused(Box::new(Refusal {
            code: "INVALID_ARGUMENT".to_owned(),
            message,
            ..Refusal::default()
        }))
    }

    /// Returns the failure of a file that cannot be read.
    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self::File { what: "cannot read", path: path.display().to_string(), source }
    }

    /// Returns the failure of a file that cannot be written.
    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        Self::File { what: "cannot write", path: path.display().to_string(), source }
    }

    /// Returns the failure of an attempt on this machine.
    pub(crate) fn local(
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Local { what, source: source.into() }
    }

    /// Sets the option that gave the refused field, for fields that several commands have under different options.
    pub(crate) fn with_options(mut self, options: &[(&str, &'static str)]) -> Self {
        if let Self::Refused(refusal) = &mut self {
            let found = options.iter().find(|(field, _)| *field == refusal.field);
            refusal.option = found.map(|(_, option)| *option);
        }
        self
    }

    /// Returns the exit code.
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Unreachable { .. } => Exit::Unreachable,
            Self::Reported(exit) => *exit,
            Self::PartiallyWritten { failure, .. } => failure.exit(),
            Self::Refused(_)
            | Self::File { .. }
            | Self::Output(_)
            | Self::Local { .. }
            | Self::Interrupted => Exit::Failed,
        }
    }

    /// Reports whether the reader of standard output has closed the pipe, which needs no message.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Returns next steps for the user, one line each.
    pub(crate) fn hints(&self) -> Vec<String> {
        match self {
            Self::Unreachable { hints, .. } => hints.clone(),
            Self::Refused(refusal) => {
                let mut lines = Vec::new();
                if !refusal.rule.is_empty() {
                    let line = refusal.line.map(|line| format!(", line {line}")).unwrap_or_default();
                    lines.push(format!("the rule is {}{line} of the profile document", refusal.rule));
                }
                if let Some(option) = refusal.option.or_else(|| option_of_field(&refusal.field)) {
                    lines.push(format!("the broker's field `{}` is set by {option}", refusal.field));
                }
                let advice = match (refusal.code.as_str(), refusal.reason.as_str()) {
                    ("DEADLINE_EXCEEDED", _) => Some("give it more time with --timeout"),
                    (_, "NOT_STREAMABLE") => Some("data of more than 1 MiB needs --format cms"),
                    (_, "NO_KEY") => Some("`cryptobroker proof setup` makes one, where the profile lets it"),
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

    /// Returns `{"error":{"code","reason","field","rule","line","message"}}`; unknown members are left out.
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
            // Whatever the cause, the result is incomplete.
            Self::File { .. } | Self::Output(_) | Self::PartiallyWritten { .. } => set("code", "IO"),
            Self::Interrupted => set("code", "INTERRUPTED"),
            Self::Local { .. } | Self::Reported(_) => set("code", "FAILED"),
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

/// Returns the option that sets a field of the wire, where the names differ.
fn option_of_field(field: &str) -> Option<&'static str> {
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
    fn json_of_a_refusal_leaves_out_unknown_members() {
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
    fn hints_name_the_option_of_a_field() {
        let refusal = Refusal { field: "ca_private_key".into(), ..Refusal::default() };
        let hints = Failure::Refused(Box::new(refusal)).hints();
        assert_eq!(hints, ["the broker's field `ca_private_key` is set by --ca-key"]);
    }

    #[test]
    fn failures_have_their_exit_codes() {
        assert_eq!(Failure::usage(String::new()).exit().code(), 2);
        assert_eq!(Failure::Unreachable { message: String::new(), hints: Vec::new() }.exit().code(), 3);
        assert_eq!(Failure::Interrupted.exit().code(), 1);
        assert_eq!(Failure::Reported(Exit::Failed).exit().code(), 1);
    }
}
