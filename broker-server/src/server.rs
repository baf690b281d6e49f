//! The broker as a whole: from a configuration to something that serves.

mod files;
mod sockets;

use std::{
    fmt, fs,
    future::Future,
    io,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::{Duration, Instant, SystemTime},
};

use crate::{
    backend::module::{self, ModuleError},
    compute::Pool,
    config::{Config, SocketGroup},
    operation::{CAPABILITIES, aead::NonceLedger, certificate::CaCache},
    policy::{Catalogue, document::DocumentError},
    rpc::{Broker, BrokerState, Dev, Health},
    telemetry::{audit::Audit, logs::LogError, output::Outputs},
    transport::{
        self, Listener, Outcome, TransportError, TransportOptions,
        socket::{SocketError, SocketOptions},
    },
};

/// How long a CA key may outlive its time in the cache when no call comes.
const SWEEP: Duration = Duration::from_secs(1);

/// A server whose profiles are loaded and whose sockets are bound: clients can connect, and wait for [`Self::run`].
#[derive(Debug)]
pub struct Server {
    broker: Broker,
    pool: Arc<Pool>,
    listeners: Vec<Listener>,
    sockets: Vec<PathBuf>,
    options: TransportOptions,
    digest: String,
    audit: Arc<Audit>,
}

/// How serving ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// What became of the calls.
    pub outcome: Outcome,
    /// When the drain is over at the latest.
    pub deadline: Instant,
    /// How many uses of keys there were. Each has a record in the audit, or among those that are not written yet, or is one
    /// of the next.
    pub key_uses: u64,
    /// Uses of keys that had not come to an end at the deadline: their records will not be written.
    pub unfinished_key_uses: u64,
}

impl Server {
    /// Tests the crypto module, loads the profiles, opens the audit, starts the compute pool and binds the sockets. What
    /// has been made is taken back when a later step fails. The audit is opened among `outputs`.
    ///
    /// # Errors
    /// Those of [`StartError`].
    pub fn bind(config: Config, outputs: &Outputs) -> Result<Self, StartError> {
        module::check()?;
        let catalogue = catalogue(&config)?;
        for warning in catalogue.warnings() {
            tracing::warn!("taken because of --profiles-lenient: {warning}");
        }
        let socket_options = socket_options(&config)?;
        let audit = Arc::new(Audit::open(&config.audit, outputs).map_err(StartError::Audit)?);
        let listeners = sockets::bind(&config.sockets, &socket_options)?;
        let pool = Pool::try_new(config.compute_threads.get(), config.queue_depth.get(), config.queue_wait)
            .map_err(StartError::Threads)?;
        let cache = Arc::new(CaCache::new(config.ca_cache_entries, config.ca_cache_ttl));
        cache.keep_swept(SWEEP).map_err(StartError::Threads)?;
        let nonces = NonceLedger::new().map_err(|_| StartError::Randomness)?;
        let digest = catalogue.digest().to_owned();
        let broker = Broker::new(BrokerState {
            catalogue: Arc::new(catalogue),
            pool: Arc::clone(&pool),
            cache,
            nonces,
            audit: Arc::clone(&audit),
            limits: config.limits,
            max_request_bytes: config.max_request_bytes,
            max_response_bytes: config.max_response_bytes,
            max_pipeline_items: config.max_pipeline_items.get(),
            started_at: SystemTime::now(),
            dev: config.dev.then(Dev::default),
        });
        let options = TransportOptions {
            shards: config.shards,
            max_connections: config.max_connections,
            max_concurrent_streams: config.max_concurrent_streams,
            max_request_bytes: config.max_request_bytes,
            max_request_time: config.max_request_time,
            drain_idle: config.drain_idle,
            drain_deadline: config.drain_deadline,
            ..TransportOptions::default()
        };
        let sockets = listeners.iter().map(|listener| listener.path().to_owned()).collect();
        Ok(Self { broker, pool, listeners, sockets, options, digest, audit })
    }

    /// Where it listens: of the default sockets, those that could be made.
    pub fn sockets(&self) -> &[PathBuf] {
        &self.sockets
    }

    /// The digest of the catalogue that it serves.
    pub fn catalogue_digest(&self) -> &str {
        &self.digest
    }

    /// Serves until `stop` resolves and the drain after it is over. Blocks; must not be called inside a tokio runtime.
    ///
    /// # Errors
    /// Where the system has no threads or descriptors for the I/O runtimes.
    pub fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<Ended, TransportError> {
        let Self { broker, pool, listeners, options, audit, .. } = self;
        let health = Health::new(&broker.services());
        let keyed = health.clone();
        audit.observe(move |available| keyed.set_keyed(available));
        let routes = broker.routes(&health);
        let routes = || routes.clone();
        let stopped = Arc::new(OnceLock::new());
        let stop = {
            let stopped = Arc::clone(&stopped);
            async move {
                stop.await;
                let _ = stopped.set(Instant::now());
            }
        };
        let outcome = transport::run(listeners, &options, routes, &health, stop)?;
        if matches!(outcome, Outcome::DrainDeadlineExceeded { .. }) {
            pool.abandon();
        }
        let stopped = stopped.get().copied().unwrap_or_else(Instant::now);
        let deadline = stopped.checked_add(options.drain_deadline).unwrap_or(stopped);
        // A job whose caller has gone is in nobody's flight, and its use of a key has a record all the same.
        let unfinished_key_uses = audit.settle(deadline);
        Ok(Ended { outcome, deadline, key_uses: audit.key_uses(), unfinished_key_uses })
    }
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The crypto module may not be used.
    #[error(transparent)]
    Module(#[from] ModuleError),
    /// The profiles are missing, unreadable or wrong.
    #[error(transparent)]
    Profiles(#[from] DocumentError),
    /// `--socket-group` names a group that there is not.
    #[error("--socket-group: there is no group {0:?} in /etc/group; name one, or give its number")]
    NoGroup(String),
    /// `/etc/group` cannot be read.
    #[error("--socket-group: /etc/group cannot be read: {0}; give the group's number")]
    Groups(#[source] io::Error),
    /// The log cannot be opened.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The audit cannot be opened.
    #[error("--audit-log: cannot be opened: {0}")]
    Audit(#[source] io::Error),
    /// A socket cannot be had.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The compute pool has no threads.
    #[error("cannot start the compute threads: {0}")]
    Threads(#[source] io::Error),
    /// The crypto library has no random numbers.
    #[error("the crypto library has no random numbers")]
    Randomness,
}

impl StartError {
    /// The process's exit code: 1 failed, 2 configuration or profiles wrong, 3 a socket is live already, 4 the crypto
    /// module may not be used.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Profiles(_) | Self::NoGroup(_) | Self::Groups(_) | Self::Log(_) | Self::Audit(_) => 2,
            Self::Socket(SocketError::Live { .. }) => 3,
            Self::Module(_) => 4,
            Self::Socket(_) | Self::Threads(_) | Self::Randomness => 1,
        }
    }
}

/// Finds out what a start would find: tests the crypto module, loads what [`Server::bind`] would load, and looks at the
/// files and sockets that it would open. Makes, binds and writes nothing.
///
/// # Errors
/// Those of [`StartError`] that a start would end with, as far as they can be known before.
pub fn check(config: &Config) -> Result<Report<'_>, StartError> {
    files::check_log(&config.log.output)?;
    module::check()?;
    let catalogue = catalogue(config)?;
    let options = socket_options(config)?;
    files::check_audit(&config.audit.target)?;
    let sockets = sockets::check(&config.sockets, &options)?;
    Ok(Report { config, catalogue, sockets })
}

/// What [`check`] found; its `Display` is for people.
#[derive(Debug)]
pub struct Report<'a> {
    config: &'a Config,
    catalogue: Catalogue,
    sockets: sockets::Findings,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "cryptobroker-server {}: the configuration is good", env!("CARGO_PKG_VERSION"))?;
        writeln!(f, "crypto module    {}", module::description())?;
        match &self.config.profiles_dir {
            Some(directory) => writeln!(f, "profiles         {}", directory.join("Profiles.yaml").display())?,
            None => writeln!(f, "profiles         bundled")?,
        }
        for warning in self.catalogue.warnings() {
            writeln!(f, "warning          {warning}")?;
        }
        for profile in self.catalogue.profiles() {
            writeln!(f, "                 {}", profile.name)?;
        }
        writeln!(f, "digest           {}", self.catalogue.digest())?;
        for path in &self.sockets.served {
            writeln!(f, "socket           {}", path.display())?;
        }
        for warning in self.sockets.warnings() {
            writeln!(f, "warning          {warning}")?;
        }
        writeln!(f, "shards           {}", self.config.shards)?;
        writeln!(f, "compute threads  {}", self.config.compute_threads)
    }
}

fn catalogue(config: &Config) -> Result<Catalogue, StartError> {
    Ok(match &config.profiles_dir {
        Some(directory) if config.profiles_lenient => Catalogue::load_lenient(directory, CAPABILITIES)?,
        Some(directory) => Catalogue::load(directory, CAPABILITIES)?,
        None => Catalogue::bundled(CAPABILITIES)?,
    })
}

fn socket_options(config: &Config) -> Result<SocketOptions, StartError> {
    Ok(SocketOptions {
        mode: config.socket_mode,
        dir_mode: config.socket_dir_mode,
        group: group(config)?,
        folder_check: config.folder_check(),
    })
}

fn group(config: &Config) -> Result<Option<u32>, StartError> {
    match &config.socket_group {
        None => Ok(None),
        Some(SocketGroup::Id(id)) => Ok(Some(*id)),
        Some(SocketGroup::Name(name)) => {
            let text = fs::read(Path::new("/etc/group")).map_err(StartError::Groups)?;
            match group_id(&String::from_utf8_lossy(&text), name) {
                Some(id) => Ok(Some(id)),
                None => Err(StartError::NoGroup(name.clone())),
            }
        }
    }
}

/// The number of a group in the text of `/etc/group` (group(5): `name:password:number:members`).
fn group_id(text: &str, name: &str) -> Option<u32> {
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_found_by_its_whole_name() {
        let text = "root:x:0:\nstaff2:x:51:a\nstaff:x:50:a,b\nbroken\n";
        assert_eq!(group_id(text, "staff"), Some(50));
        assert_eq!(group_id(text, "sta"), None);
        assert_eq!(group_id(text, "broken"), None);
    }

    #[test]
    fn exit_codes_tell_a_live_socket_from_a_wrong_configuration_from_a_failure() {
        let path = PathBuf::from("/a");
        assert_eq!(StartError::from(SocketError::Live { path: path.clone(), owner: 0 }).exit_code(), 3);
        assert_eq!(StartError::from(SocketError::NotASocket { path }).exit_code(), 1);
        assert_eq!(StartError::NoGroup("x".into()).exit_code(), 2);
        assert_eq!(StartError::from(ModuleError::SelfTest).exit_code(), 4);
        assert_eq!(StartError::Threads(io::ErrorKind::OutOfMemory.into()).exit_code(), 1);
    }
}
