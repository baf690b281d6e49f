//! The only place that reads flags and environment variables. It turns their text into checked values.
//!
//! Each flag has a variable: `CRYPTO_BROKER_` and the flag in capitals. A flag takes precedence over its variable, and an
//! empty variable counts as unset.

use std::{collections::BTreeMap, ffi::OsString, num::NonZeroUsize, path::PathBuf, thread, time::Duration};

use crate::{
    circuits::CircuitOptions,
    request::Limits,
    telemetry::{
        audit::{AuditOptions, AuditTarget},
        logs::{LogFilter, LogFormat, LogLevel, LogOptions, LogOutput},
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

/// The environment variables of the process, or those that a test sets.
pub type Environment = BTreeMap<String, OsString>;

/// The server's configuration, complete and checked.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// The sockets to listen on.
    pub sockets: Sockets,
    /// Permission bits of the socket files.
    pub socket_mode: u32,
    /// Permission bits of folders that the server creates for sockets.
    pub socket_dir_mode: u32,
    /// Group of the socket files, and of folders that the server creates for them.
    pub socket_group: Option<SocketGroup>,
    /// How a folder that others can write to is treated; see [`Config::folder_check`].
    pub socket_folder_check: Option<FolderCheck>,
    /// Folder that contains `Profiles.yaml`; `None` serves the bundled profiles.
    pub profiles_dir: Option<PathBuf>,
    /// Mistakes in profiles that the Go broker ignores are warnings, not errors.
    pub profiles_lenient: bool,
    /// Number of I/O threads.
    pub shards: NonZeroUsize,
    /// Number of threads of the compute pool.
    pub compute_threads: NonZeroUsize,
    /// Capacity of each lane's queue, in jobs.
    pub queue_depth: NonZeroUsize,
    /// How long a call waits for a slot in the queue.
    pub queue_wait: Duration,
    /// Maximum size of a request message in bytes.
    pub max_request_bytes: usize,
    /// Maximum size of a response message in bytes.
    pub max_response_bytes: usize,
    /// Maximum number of connections.
    pub max_connections: usize,
    /// Maximum number of concurrent calls on one connection.
    pub max_concurrent_streams: u32,
    /// Maximum number of items of one pipeline that are in flight.
    pub max_pipeline_items: NonZeroUsize,
    /// The timeout of a call that has no deadline of its own.
    pub max_request_time: Duration,
    /// The time after which a drain ends even if calls are in flight.
    pub drain_deadline: Duration,
    /// The time without calls in flight after which a drain ends.
    pub drain_idle: Duration,
    /// Maximum number of parsed CA keys kept in memory.
    pub ca_cache_entries: usize,
    /// How long each CA key is kept.
    pub ca_cache_ttl: Duration,
    /// The circuits' keys: their memory and their store.
    pub circuits: CircuitOptions,
    /// Load the circuits of all profiles at the start.
    pub preload_circuits: bool,
    /// Maximum sizes of the fields of requests.
    pub limits: Limits,
    /// Options of the log.
    pub log: LogOptions,
    /// Options of the audit.
    pub audit: AuditOptions,
    /// Development mode: the process stays dumpable, and the development services are served.
    pub dev: bool,
    /// Check the configuration, print a report, and exit.
    pub check: bool,
}

/// The sockets to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sockets {
    /// The default sockets. One that cannot be bound is a warning as long as another one is served.
    Default(Vec<PathBuf>),
    /// The configured sockets. The server starts only if all of them can be bound.
    Named(Vec<PathBuf>),
}

impl Sockets {
    /// Returns the paths in their order.
    pub fn paths(&self) -> &[PathBuf] {
        match self {
            Self::Default(paths) | Self::Named(paths) => paths,
        }
    }
}

/// A group, by number or by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketGroup {
    /// By number.
    Id(u32),
    /// By name.
    Name(String),
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// An error or answer of clap; `--help` and `--version` are answers.
    #[error(transparent)]
    Usage(#[from] clap::Error),
    /// A value that is not allowed.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// Two values that contradict each other.
    #[error("{0}")]
    Conflict(&'static str),
}

impl Default for Config {
    /// Returns the configuration without flags and variables.
    fn default() -> Self {
        // std takes the cgroup's CPU quota (v1 and v2) and the affinity mask into account.
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
            circuits: CircuitOptions::default(),
            preload_circuits: false,
            limits: Limits::default(),
            log: LogOptions::default(),
            audit: AuditOptions::default(),
            dev: false,
            check: false,
        }
    }
}

impl Config {
    /// Returns the configuration of this process.
    ///
    /// # Errors
    /// The same as [`Self::parse_from`].
    pub fn from_process() -> Result<Self, ConfigError> {
        let names = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        Self::parse_from(std::env::args_os(), &names.collect())
    }

    /// Parses arguments, of which the first is the program's name, and environment variables.
    ///
    /// # Errors
    /// [`ConfigError::Usage`] where clap fails or answers (`--help`, `--version`); otherwise the first value that is not
    /// allowed, with its flag or variable.
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
            circuits: CircuitOptions {
                memory: env("groth16-memory", arguments.groth16_memory)
                    .map_or(Ok(default.circuits.memory), |v| v.memory())?,
                store: env("key-store", arguments.key_store).map(|v| v.path()).transpose()?,
                portable: arguments.groth16_portable
                    || Source::variable("CRYPTO_BROKER_GROTH16_PORTABLE", environment)
                        .map_or(Ok(false), |v| v.switch())?,
            },
            preload_circuits: arguments.preload_circuits
                || Source::variable("CRYPTO_BROKER_PRELOAD_CIRCUITS", environment)
                    .map_or(Ok(false), |v| v.switch())?,
            limits: limits(arguments.limit, environment)?,
            log: LogOptions {
                level: env("log-level", arguments.log_level).map_or(Ok(LogLevel::Info), |v| log_level(&v))?,
                filter: env("log-filter", arguments.log_filter)
                    .map_or(Ok(LogFilter::default()), |v| log_filter(&v))?,
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

    /// Returns how a folder that others can write to is treated. Unless configured, it is refused for configured sockets and
    /// accepted with a warning for the default ones, because deployments of the Open Crypto Broker mount such a folder
    /// there and cannot be configured otherwise.
    pub fn folder_check(&self) -> FolderCheck {
        self.socket_folder_check.unwrap_or(match self.sockets {
            Sockets::Default(_) => FolderCheck::Warn,
            Sockets::Named(_) => FolderCheck::Strict,
        })
    }
}

/// Returns the configured sockets, or `None` where none is configured. The value of a flag is one path; that of the variable
/// is a list separated by commas.
fn sockets(arguments: Vec<OsString>, environment: &Environment) -> Result<Option<Vec<PathBuf>>, ValueError> {
    let mut configured: Vec<Source> = Vec::new();
    if arguments.is_empty() {
        let Some(variable) = Source::variable("CRYPTO_BROKER_SOCKET", environment) else { return Ok(None) };
        configured.extend(variable.split()?);
        if configured.is_empty() {
            return Err(variable.error("paths separated by commas"));
        }
    }
    configured.extend(arguments.into_iter().map(|argument| Source::flag("socket", argument)));
    let paths = configured.iter().map(Source::socket).collect::<Result<Vec<PathBuf>, _>>()?;
    if let Some((_, duplicate)) =
        paths.iter().enumerate().find(|(index, path)| paths.iter().take(*index).any(|other| other == *path))
    {
        return Err(
            Source::flag("socket", duplicate.clone().into()).error("different paths; this one is repeated")
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

fn log_filter(value: &Source) -> Result<LogFilter, ValueError> {
    value.text()?.parse().map_err(|error| {
        value.error(format!(
            "directives separated by commas (LEVEL, TARGET=LEVEL), such as info,h2=debug; {error}"
        ))
    })
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
