//! Which events are logged.

use std::str::FromStr;

use tracing_subscriber::filter::{LevelFilter, Targets};

use super::LogLevel;

/// The crates whose events are the broker's own.
const OWN_CRATES: [&str; 2] = ["broker_server", "cryptobroker_server"];

/// Directives in the syntax of `tracing`, such as `info,h2=debug`: a level, `TARGET=LEVEL`, or a target whose events are all
/// logged. A target covers the modules below it; the most specific directive decides.
///
/// Without directives no event of a library is logged at any level: the HTTP/2 library warns of each malformed frame, so a
/// client could fill the disk with such lines, or make audit records wait behind them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogFilter(Targets);

/// Why a text is not a [`LogFilter`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogFilterError {
    /// A directive is empty, or its target is not a path such as `h2::proto`. Filters on spans and fields are not supported.
    #[error("{0:?} is not a directive")]
    Target(String),
    /// The level behind `=` is unknown.
    #[error("{0:?} has an unknown level")]
    Level(String),
}

impl FromStr for LogFilter {
    type Err = LogFilterError;

    /// Parses directives separated by commas; whitespace around them is ignored.
    fn from_str(text: &str) -> Result<Self, LogFilterError> {
        let mut targets = Targets::new();
        for directive in text.split(',').map(str::trim) {
            let (target, level) = match directive.split_once('=') {
                Some((target, level)) => (Some(target), parse_level(level)),
                None => match parse_level(directive) {
                    Some(level) => (None, Some(level)),
                    None => (Some(directive), Some(LevelFilter::TRACE)),
                },
            };
            if !target.is_none_or(is_path) {
                return Err(LogFilterError::Target(directive.to_owned()));
            }
            let level = level.ok_or_else(|| LogFilterError::Level(directive.to_owned()))?;
            targets = match target {
                Some(target) => targets.with_target(target, level),
                None => targets.with_default(level),
            };
        }
        Ok(Self(targets))
    }
}

impl LogFilter {
    /// Returns the targets to log where the broker's own events are logged at `level`, and the most verbose level among
    /// them. A directive for one of the broker's own modules takes precedence over `level`; a directive without a target
    /// does not.
    pub(super) fn targets(&self, level: LogLevel) -> (Targets, LevelFilter) {
        let level = LevelFilter::from(level);
        let libraries = self.0.default_level().unwrap_or(LevelFilter::OFF);
        let most_verbose = self.0.iter().map(|(_, level)| level).fold(level.max(libraries), LevelFilter::max);
        let targets = Targets::new()
            .with_default(libraries)
            .with_targets(OWN_CRATES.map(|name| (name, level)))
            .with_targets(self.0.iter());
        (targets, most_verbose)
    }
}

/// Parses a level by name or number. `LevelFilter` itself takes an empty text for `error`.
fn parse_level(text: &str) -> Option<LevelFilter> {
    text.parse().ok().filter(|_| !text.is_empty())
}

fn is_path(target: &str) -> bool {
    !target.is_empty() && target.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_:-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use tracing::Level;

    use super::*;

    const LEVELS: [LogLevel; 4] = [LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error];

    fn enables(filter: &str, level: LogLevel, target: &str, event: Level) -> bool {
        let filter = if filter.is_empty() { LogFilter::default() } else { filter.parse().unwrap() };
        filter.targets(level).0.would_enable(target, &event)
    }

    #[test]
    fn logs_no_library_events_without_a_filter() {
        for level in LEVELS {
            assert!(enables("", level, module_path!(), Level::ERROR));
            assert!(enables("", level, "cryptobroker_server", Level::ERROR));
            assert!(!enables("", level, "h2::proto::ping_pong", Level::ERROR));
        }
        assert!(enables("", LogLevel::Debug, module_path!(), Level::DEBUG));
        assert!(!enables("", LogLevel::Info, module_path!(), Level::DEBUG));
    }

    #[test]
    fn filter_adds_library_events_and_leaves_the_own_level() {
        for filter in ["info,h2=debug", " h2=DEBUG , info "] {
            assert!(enables(filter, LogLevel::Warn, "h2::proto", Level::DEBUG), "{filter}");
            assert!(!enables(filter, LogLevel::Warn, "h2::proto", Level::TRACE), "{filter}");
            assert!(enables(filter, LogLevel::Warn, "tonic", Level::INFO), "{filter}");
            assert!(!enables(filter, LogLevel::Warn, module_path!(), Level::INFO), "{filter}");
        }
        assert!(enables("h2", LogLevel::Error, "h2::proto", Level::TRACE));
        assert!(!enables("trace,h2=off", LogLevel::Error, "h2::proto", Level::ERROR));
    }

    #[test]
    fn directive_for_an_own_module_takes_precedence_over_the_level() {
        assert!(enables(
            "broker_server::rpc=debug",
            LogLevel::Warn,
            "broker_server::rpc::call",
            Level::DEBUG
        ));
        assert!(!enables("broker_server::rpc=debug", LogLevel::Warn, "broker_server::server", Level::INFO));
        assert!(!enables("broker_server=error", LogLevel::Debug, "broker_server::rpc", Level::WARN));
    }

    #[test]
    fn most_verbose_level_covers_every_directive() {
        for (filter, level, expected) in [
            ("h2=error", LogLevel::Info, LevelFilter::INFO),
            ("h2=trace", LogLevel::Info, LevelFilter::TRACE),
            ("debug", LogLevel::Warn, LevelFilter::DEBUG),
        ] {
            assert_eq!(filter.parse::<LogFilter>().unwrap().targets(level).1, expected, "{filter}");
        }
    }

    #[test]
    fn rejects_malformed_directives() {
        for text in ["", ",", "info,", "=debug", "h2=", "h2=loud", "h2=debug=info", "h2[span]=debug", "a b"] {
            let error = text.parse::<LogFilter>().unwrap_err();
            assert!(error.to_string().starts_with('"'), "{error}");
        }
    }
}
