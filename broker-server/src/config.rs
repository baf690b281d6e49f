//! The only reader of flags and environment. Text comes in; what goes out cannot be wrong.
//!
//! Each flag has a variable, `CRYPTO_BROKER_` and the flag in capitals. A flag wins over its variable, and an empty
//! variable counts as unset.

use std::{collections::BTreeMap, ffi::OsString, num::NonZeroUsize, path::PathBuf, thread, time::Duration};

use crate::{
    request::Limits,
    telemetry::{
        audit::{AuditOptions, AuditTarget},
        logs::{LogFormat, LogLevel, LogOptions, LogOutput},
    },
};

mod arguments;
mod values;

use arguments::Arguments;
use values::Source;
pub use values::ValueError;

pub use broker_socket::{DEFAULT_SOCKETS, FolderCheck};

/// Returns the definition of the command line, for manual pages and completions.
pub fn command() -> clap::Command {
    <Arguments as clap::CommandFactory>::command()
}

/// The environment, as a map: the process's own, or a test's.
pub type Environment = BTreeMap<String, OsString>;

/// The server's configuration, complete and checked.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// Where to listen.
    pub sockets: Sockets,
    /// Permission bits of the socket files.
    pub socket_mode: u32,
    /// Permission bits of folders that are made for sockets.
    pub socket_dir_mode: u32,
    /// Group of the socket files, and of folders that are made for them.
    pub socket_group: Option<SocketGroup>,
    /// What is done about a folder that others can write to; see [`Config::folder_check`].
    pub socket_folder_check: Option<FolderCheck>,
    /// Folder of `Profiles.yaml`; `None` serves the bundled profiles.
    pub profiles_dir: Option<PathBuf>,
    /// What the Go broker passes over in profiles is a warning, not an error.
    pub profiles_lenient: bool,
    /// I/O threads.
    pub shards: NonZeroUsize,
    /// Threads of the compute pool.
    pub compute_threads: NonZeroUsize,
    /// Places in each lane's queue.
    pub queue_depth: NonZeroUsize,
    /// How long a call waits for a place.
    pub queue_wait: Duration,
    /// Size of a request message in bytes.
    pub max_request_bytes: usize,
    /// Size of a response message in bytes.
    pub max_response_bytes: usize,
    /// Connections at once.
    pub max_connections: usize,
    /// Calls at once on one connection.
    pub max_concurrent_streams: u32,
    /// Items of one pipeline that are worked on at once.
    pub max_pipeline_items: NonZeroUsize,
    /// How long a call without a deadline of its own may take.
    pub max_request_time: Duration,
    /// When a drain is over whatever is in flight.
    pub drain_deadline: Duration,
    /// How long no call must be in flight for a drain to be over.
    pub drain_idle: Duration,
    /// Parsed CA keys kept in memory.
    pub ca_cache_entries: usize,
    /// How long each is kept.
    pub ca_cache_ttl: Duration,
    /// Sizes of fields.
    pub limits: Limits,
    /// The log.
    pub log: LogOptions,
    /// The audit.
    pub audit: AuditOptions,
    /// Development: the process stays dumpable.
    pub dev: bool,
    /// Load everything, report, exit.
    pub check: bool,
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sockets {
    /// The defaults: one that cannot be made is a warning while another is served.
    Default(Vec<PathBuf>),
    /// Those that were named: all of them, or the server does not start.
    Named(Vec<PathBuf>),
}

impl Sockets {
    /// The paths, in order.
    pub fn paths(&self) -> &[PathBuf] {
        match self {
            Self::Default(paths) | Self::Named(paths) => paths,
        }
    }
}

/// A group, as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketGroup {
    /// By number.
    Id(u32),
    /// By name.
    Name(String),
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// clap's own answer; also `--help` and `--version`, which are no errors.
    #[error(transparent)]
    Usage(#[from] clap::Error),
    /// A value that is not allowed.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// Two values that do not go together.
    #[error("{0}")]
    Conflict(&'static str),
}

impl Default for Config {
    /// What a start without arguments and variables gives.
    fn default() -> Self {
        // At least one, and std takes the cgroup's CPU quota (v1 and v2) and the affinity mask into account.
        let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            sockets: Sockets::Default(DEFAULT_SOCKETS.map(PathBuf::from).to_vec()),
            socket_mode: 0o600,
            socket_dir_mode: 0o700,
            socket_group: None,
            socket_folder_check: None,
            profiles_dir: None,
            profiles_lenient: false,
            shards: cores,
            compute_threads: cores,
            queue_depth: NonZeroUsize::MIN.saturating_add(1023),
            queue_wait: Duration::from_secs(1),
            max_request_bytes: 2 << 20,
            max_response_bytes: 2 << 20,
            max_connections: 1024,
            max_concurrent_streams: 256,
            max_pipeline_items: NonZeroUsize::MIN.saturating_add(255),
            max_request_time: Duration::from_secs(60),
            drain_deadline: Duration::from_secs(8),
            drain_idle: Duration::from_secs(1),
            ca_cache_entries: 0,
            ca_cache_ttl: Duration::from_secs(300),
            limits: Limits::default(),
            log: LogOptions::default(),
            audit: AuditOptions::default(),
            dev: false,
            check: false,
        }
    }
}

impl Config {
    /// The configuration of this process.
    ///
    /// # Errors
    /// As [`Self::parse_from`].
    pub fn from_process() -> Result<Self, ConfigError> {
        let names = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        Self::parse_from(std::env::args_os(), &names.collect())
    }

    /// The configuration of these arguments, the program's name first, and this environment.
    ///
    /// # Errors
    /// [`ConfigError::Usage`] for what clap answers (among it `--help` and `--version`), else the first value that is
    /// not allowed, with the flag or variable that it came from.
    pub fn parse_from<I, T>(arguments: I, environment: &Environment) -> Result<Self, ConfigError>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString> + Clone,
    {
        let arguments = <Arguments as clap::Parser>::try_parse_from(arguments)?;
        let default = Self::default();
        let env = |flag, argument| Source::choose(flag, argument, environment);
        let config = Self {
            sockets: sockets(arguments.socket, environment)?.map_or(default.sockets, Sockets::Named),
            socket_mode: env("socket-mode", arguments.socket_mode)
                .map_or(Ok(default.socket_mode), |v| v.octal())?,
            socket_dir_mode: env("socket-dir-mode", arguments.socket_dir_mode)
                .map_or(Ok(default.socket_dir_mode), |v| v.folder_mode())?,
            socket_group: env("socket-group", arguments.socket_group).map(|v| group(&v)).transpose()?,
            socket_folder_check: env("socket-folder-check", arguments.socket_folder_check)
                .map(|v| folder_check(&v))
                .transpose()?,
            profiles_dir: env("profiles-dir", arguments.profiles_dir).map(|v| v.path()).transpose()?,
            profiles_lenient: arguments.profiles_lenient
                || Source::variable("CRYPTO_BROKER_PROFILES_LENIENT", environment)
                    .map_or(Ok(false), |v| v.switch())?,
            shards: env("shards", arguments.shards).map_or(Ok(default.shards), |v| v.count(1024))?,
            compute_threads: env("compute-threads", arguments.compute_threads)
                .map_or(Ok(default.compute_threads), |v| v.count(1024))?,
            queue_depth: env("queue-depth", arguments.queue_depth)
                .map_or(Ok(default.queue_depth), |v| v.count(1 << 20))?,
            queue_wait: env("queue-wait", arguments.queue_wait)
                .map_or(Ok(default.queue_wait), |v| v.duration(Duration::ZERO))?,
            max_request_bytes: env("max-request-bytes", arguments.max_request_bytes)
                .map_or(Ok(default.max_request_bytes), |v| v.bytes())?,
            max_response_bytes: env("max-response-bytes", arguments.max_response_bytes)
                .map_or(Ok(default.max_response_bytes), |v| v.bytes())?,
            max_connections: env("max-connections", arguments.max_connections)
                .map_or(Ok(default.max_connections), |v| v.count(1 << 20).map(NonZeroUsize::get))?,
            max_concurrent_streams: env("max-concurrent-streams", arguments.max_concurrent_streams)
                .or_else(|| Source::variable("CRYPTO_BROKER_GRPC_MAX_CONCURRENT_STREAMS", environment))
                .map_or(Ok(default.max_concurrent_streams), |v| v.number(1, u32::MAX))?,
            max_pipeline_items: env("max-pipeline-items", arguments.max_pipeline_items)
                .map_or(Ok(default.max_pipeline_items), |v| v.count(1 << 20))?,
            max_request_time: env("max-request-time", arguments.max_request_time)
                .map_or(Ok(default.max_request_time), |v| v.duration(Duration::from_millis(1)))?,
            drain_deadline: env("drain-deadline", arguments.drain_deadline)
                .map_or(Ok(default.drain_deadline), |v| v.duration(Duration::ZERO))?,
            drain_idle: env("drain-idle", arguments.drain_idle)
                .map_or(Ok(default.drain_idle), |v| v.duration(Duration::ZERO))?,
            ca_cache_entries: env("ca-cache-entries", arguments.ca_cache_entries)
                .map_or(Ok(default.ca_cache_entries), |v| v.number(0, 1 << 20))?,
            ca_cache_ttl: env("ca-cache-ttl", arguments.ca_cache_ttl)
                .map_or(Ok(default.ca_cache_ttl), |v| v.duration(Duration::from_millis(1)))?,
            limits: limits(arguments.limit, environment)?,
            log: LogOptions {
                level: env("log-level", arguments.log_level).map_or(Ok(LogLevel::Info), |v| log_level(&v))?,
                format: env("log-format", arguments.log_format)
                    .map_or(Ok(LogFormat::Text), |v| log_format(&v))?,
                output: env("log-output", arguments.log_output)
                    .map_or(Ok(LogOutput::Stderr), |v| log_output(&v))?,
            },
            audit: AuditOptions {
                target: env("audit-log", arguments.audit_log)
                    .map_or(Ok(default.audit.target), |v| audit_target(&v))?,
                wait: env("audit-wait", arguments.audit_wait)
                    .map_or(Ok(default.audit.wait), |v| v.duration(Duration::from_millis(1)))?,
            },
            dev: arguments.dev
                || Source::variable("CRYPTO_BROKER_DEV", environment).map_or(Ok(false), |v| v.switch())?
                || environment
                    .get("CRYPTO_BROKER_APP_ENV")
                    .is_some_and(|value| value.eq_ignore_ascii_case("dev")),
            check: arguments.check
                || Source::variable("CRYPTO_BROKER_CHECK", environment).map_or(Ok(false), |v| v.switch())?,
        };
        if config.drain_idle > config.drain_deadline {
            return Err(ConfigError::Conflict("--drain-idle must not be longer than --drain-deadline"));
        }
        Ok(config)
    }

    /// What is done about a folder that others can write to. Where nothing is configured it is refused for sockets that
    /// were named; for the default ones it is let through, since deployments of the Open Crypto Broker mount such a
    /// folder there and cannot be told otherwise.
    pub fn folder_check(&self) -> FolderCheck {
        self.socket_folder_check.unwrap_or(match self.sockets {
            Sockets::Default(_) => FolderCheck::Warn,
            Sockets::Named(_) => FolderCheck::Strict,
        })
    }
}

/// Returns `None` where nobody names one. A flag's value is one path; the variable's is a list with commas.
fn sockets(arguments: Vec<OsString>, environment: &Environment) -> Result<Option<Vec<PathBuf>>, ValueError> {
    let mut named: Vec<Source> = Vec::new();
    if arguments.is_empty() {
        let Some(variable) = Source::variable("CRYPTO_BROKER_SOCKET", environment) else { return Ok(None) };
        named.extend(variable.split()?);
        if named.is_empty() {
            return Err(variable.error("paths separated by commas"));
        }
    }
    named.extend(arguments.into_iter().map(|argument| Source::flag("socket", argument)));
    let paths = named.iter().map(Source::socket).collect::<Result<Vec<PathBuf>, _>>()?;
    if let Some(twice) =
        paths.iter().enumerate().find(|(at, path)| paths.iter().take(*at).any(|p| p == *path))
    {
        return Err(
            Source::flag("socket", twice.1.clone().into()).error("different paths: this one is there twice")
        );
    }
    Ok(Some(paths))
}

fn group(value: &Source) -> Result<SocketGroup, ValueError> {
    let text = value.text()?;
    match text.parse() {
        Ok(id) => Ok(SocketGroup::Id(id)),
        Err(_) if text.bytes().next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_') => {
            Ok(SocketGroup::Name(text.into()))
        }
        Err(_) => Err(value.error("the name of a group, or its number")),
    }
}

fn folder_check(value: &Source) -> Result<FolderCheck, ValueError> {
    FolderCheck::named(value.text()?).ok_or_else(|| value.error("strict or warn"))
}

fn log_level(value: &Source) -> Result<LogLevel, ValueError> {
    match value.text()?.to_ascii_lowercase().as_str() {
        "debug" => Ok(LogLevel::Debug),
        "info" => Ok(LogLevel::Info),
        "warn" => Ok(LogLevel::Warn),
        "error" => Ok(LogLevel::Error),
        _ => Err(value.error("debug, info, warn or error")),
    }
}

fn log_format(value: &Source) -> Result<LogFormat, ValueError> {
    match value.text()?.to_ascii_lowercase().as_str() {
        "json" => Ok(LogFormat::Json),
        "text" => Ok(LogFormat::Text),
        _ => Err(value.error("json or text")),
    }
}

fn log_output(value: &Source) -> Result<LogOutput, ValueError> {
    Ok(match value.path()? {
        path if path.as_os_str().eq_ignore_ascii_case("stdout") => LogOutput::Stdout,
        path if path.as_os_str().eq_ignore_ascii_case("stderr") => LogOutput::Stderr,
        path => LogOutput::File(path),
    })
}

fn audit_target(value: &Source) -> Result<AuditTarget, ValueError> {
    Ok(match value.path()? {
        path if path.as_os_str().eq_ignore_ascii_case("stderr") => AuditTarget::Stderr,
        path if path.as_os_str().eq_ignore_ascii_case("off") => AuditTarget::Off,
        path => AuditTarget::File(path),
    })
}

fn limits(arguments: Vec<OsString>, environment: &Environment) -> Result<Limits, ValueError> {
    let mut limits = Limits::default();
    let mut settings: Vec<Source> = Vec::new();
    if let Some(variable) = Source::variable("CRYPTO_BROKER_LIMIT", environment) {
        settings.extend(variable.split()?);
    }
    settings.extend(arguments.into_iter().map(|argument| Source::flag("limit", argument)));
    for setting in settings {
        let allowed = || {
            let names = Limits::NAMES.map(|(name, _)| name).join(", ");
            setting.error(format!("NAME=NUMBER, where NAME is one of {names}"))
        };
        let (name, number) = setting.text()?.split_once('=').ok_or_else(allowed)?;
        let (_, field) =
            Limits::NAMES.into_iter().find(|(known, _)| *known == name.trim()).ok_or_else(allowed)?;
        *field(&mut limits) = values::bytes(number.trim()).ok_or_else(allowed)?;
    }
    Ok(limits)
}

#[cfg(test)]
mod tests;
