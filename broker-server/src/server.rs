//! The server: it is built from a configuration, and then serves until it is told to stop.

mod files;
mod proofs;
mod sockets;
mod sunset;

use std::{
    fmt, fs,
    future::Future,
    io,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::{Duration, Instant, SystemTime},
};

use jiff::Timestamp;

use crate::{
    backend::module::{self, ModuleError},
    circuits::{self, Circuits, StoreError},
    compute::Pool,
    config::{Config, SocketGroup},
    operation::{CAPABILITIES, aead::NonceLedger, certificate::CaCache},
    policy::{Catalogue, document::DocumentError},
    rpc::{Broker, BrokerState, DevServices, Health},
    telemetry::{audit::Audit, logs::LogError, output::Outputs},
    transport::{
        self, DrainOutcome, Listener, TransportError, TransportOptions,
        socket::{SocketError, SocketOptions},
    },
};

/// How often expired CA keys are removed from the cache.
const SWEEP: Duration = Duration::from_secs(1);

/// A server whose profiles are loaded and whose sockets are bound. Clients can connect; [`Self::run`] serves them.
#[derive(Debug)]
pub struct Server {
    broker: Broker,
    pool: Arc<Pool>,
    listeners: Vec<Listener>,
    sockets: Vec<PathBuf>,
    options: TransportOptions,
    digest: String,
    audit: Arc<Audit>,
    /// Whether a profile has a section for proofs.
    proves: bool,
    /// What `--preload-circuits` demands.
    preload: Option<proofs::Preload>,
}

/// How the server has ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// The outcome of the drain.
    pub outcome: DrainOutcome,
    /// The deadline of the drain.
    pub deadline: Instant,
    /// The number of key uses. Each has a record, which is written or queued, unless it is among the unfinished ones.
    pub key_uses: u64,
    /// The number of key uses that were in progress at the deadline. Their records will not be written.
    pub unfinished_key_uses: u64,
}

impl Server {
    /// Tests the crypto module, loads the profiles, opens the audit among `outputs`, binds the sockets and starts the compute
    /// pool. Undoes the earlier steps where a later one fails.
    ///
    /// # Errors
    /// [`StartError`], one variant for each step.
    pub fn bind(config: Config, outputs: &Outputs) -> Result<Self, StartError> {
        module::check()?;
        let catalogue = catalogue(&config)?;
        for warning in catalogue.warnings() {
            tracing::warn!("accepted because of --profiles-lenient: {warning}");
        }
        sunset::log_warnings(&catalogue, Timestamp::now());
        let socket_options = socket_options(&config)?;
        let audit = Audit::open(&config.audit, outputs).map_err(|cause| {
            let target = config.audit.target.to_string();
            StartError::Audit { target, cause }
        })?;
        let audit = Arc::new(audit);
        let listeners = sockets::bind(&config.sockets, &socket_options)?;
        let pool = Pool::try_new(config.compute_threads.get(), config.queue_depth.get(), config.queue_wait)
            .map_err(StartError::Threads)?;
        let cache = Arc::new(CaCache::new(config.ca_cache_entries, config.ca_cache_ttl));
        cache.spawn_sweeper(SWEEP).map_err(StartError::Threads)?;
        let nonces = NonceLedger::new().map_err(|_| StartError::Randomness)?;
        let circuits = Circuits::new(&config.circuits)?;
        let digest = catalogue.digest().to_owned();
        let catalogue = Arc::new(catalogue);
        let proves = catalogue.profiles().iter().any(|profile| profile.groth16.is_some());
        let preload = config.preload_circuits.then(|| proofs::Preload {
            catalogue: Arc::clone(&catalogue),
            circuits: Arc::clone(&circuits),
            audit: Arc::clone(&audit),
        });
        let broker = Broker::new(BrokerState {
            catalogue,
            pool: Arc::clone(&pool),
            cache,
            nonces,
            circuits,
            audit: Arc::clone(&audit),
            limits: config.limits,
            max_request_bytes: config.max_request_bytes,
            max_response_bytes: config.max_response_bytes,
            max_pipeline_items: config.max_pipeline_items.get(),
            started_at: SystemTime::now(),
            dev: config.dev.then(DevServices::default),
        });
        let options = TransportOptions {
            shards: config.shards,
            max_connections: config.max_connections,
            max_concurrent_streams: config.max_concurrent_streams,
            max_request_bytes: config.max_request_bytes,
            default_timeout: config.max_request_time,
            drain_idle: config.drain_idle,
            drain_deadline: config.drain_deadline,
            ..TransportOptions::default()
        };
        let sockets = listeners.iter().map(|listener| listener.path().to_owned()).collect();
        Ok(Self { broker, pool, listeners, sockets, options, digest, audit, proves, preload })
    }

    /// Returns the sockets that the server listens on; default sockets that could not be bound are left out.
    pub fn sockets(&self) -> &[PathBuf] {
        &self.sockets
    }

    /// Returns the digest of the catalogue in force.
    pub fn catalogue_digest(&self) -> &str {
        &self.digest
    }

    /// Serves until `stop` resolves and the drain after it has ended. Blocks; must not be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`TransportError`] where the system has no threads or descriptors for the I/O runtimes.
    pub fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<Ended, TransportError> {
        let Self { broker, pool, listeners, options, audit, proves, preload, .. } = self;
        let health = Health::new(&broker.services());
        let key_services = health.clone();
        audit.observe(move |available| key_services.set_key_use_available(available));
        if proves {
            proofs::spawn(&health, &pool, preload).map_err(TransportError::Thread)?;
        }
        let routes = broker.routes(&health);
        let routes = || routes.clone();
        let stopped_at = Arc::new(OnceLock::new());
        let stop = {
            let stopped_at = Arc::clone(&stopped_at);
            async move {
                stop.await;
                let _ = stopped_at.set(Instant::now());
            }
        };
        let outcome = transport::run(listeners, &options, routes, &health, stop)?;
        if matches!(outcome, DrainOutcome::DrainDeadlineExceeded { .. }) {
            pool.abandon();
        }
        let stopped_at = stopped_at.get().copied().unwrap_or_else(Instant::now);
        let deadline = stopped_at.checked_add(options.drain_deadline).unwrap_or(stopped_at);
        // A job whose caller has gone does not count as in flight, but its key use has a record all the same.
        let unfinished_key_uses = audit.wait_for_key_uses(deadline);
        Ok(Ended { outcome, deadline, key_uses: audit.key_uses(), unfinished_key_uses })
    }
}

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The crypto module has failed its self-test or is not in its FIPS mode.
    #[error(transparent)]
    Module(#[from] ModuleError),
    /// The profiles are missing, unreadable or invalid.
    #[error(transparent)]
    Profiles(#[from] DocumentError),
    /// `--socket-group` names an unknown group.
    #[error("--socket-group: the group {0:?} is not in /etc/group; use a group that is, or a number")]
    UnknownGroup(String),
    /// `/etc/group` cannot be read.
    #[error("--socket-group: /etc/group cannot be read: {0}; use the number of the group")]
    GroupFile(#[source] io::Error),
    /// The log cannot be opened.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The audit cannot be opened.
    #[error("the audit cannot be opened: {target}: {cause}")]
    Audit {
        /// The file, or `stderr`.
        target: String,
        /// The system's error.
        #[source]
        cause: io::Error,
    },
    /// The store of circuits' keys cannot be used.
    #[error("--key-store: {0}")]
    KeyStore(#[from] StoreError),
    /// A socket cannot be bound.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The threads of the compute pool cannot be started.
    #[error("cannot start the compute threads: {0}")]
    Threads(#[source] io::Error),
    /// The crypto library has no random numbers.
    #[error("the crypto library has no random numbers")]
    Randomness,
}

impl StartError {
    /// Returns the process's exit code: 1 for failures of the system, 2 for an invalid configuration or profiles, 3 for a
    /// socket on which another server listens, 4 for the crypto module.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Profiles(_)
            | Self::UnknownGroup(_)
            | Self::GroupFile(_)
            | Self::Log(_)
            | Self::Audit { .. }
            | Self::KeyStore(_) => 2,
            Self::Socket(SocketError::InUse { .. }) => 3,
            Self::Module(_) => 4,
            Self::Socket(_) | Self::Threads(_) | Self::Randomness => 1,
        }
    }
}

/// Checks whether [`Server::bind`] would succeed: tests the crypto module, loads the profiles, and checks the files and
/// sockets that would be opened. Creates, binds and writes nothing.
///
/// # Errors
/// [`StartError`] as [`Server::bind`] would return it, as far as that can be determined in advance.
pub fn check(config: &Config) -> Result<Report<'_>, StartError> {
    files::check_log(&config.log.output)?;
    module::check()?;
    let catalogue = catalogue(config)?;
    let options = socket_options(config)?;
    files::check_audit(&config.audit.target)?;
    config.circuits.store.as_deref().map(circuits::check_store).transpose()?;
    let sockets = sockets::check(&config.sockets, &options)?;
    Ok(Report { config, catalogue, sockets })
}

/// The result of [`check`]. Its `Display` is the report of `--check`.
#[derive(Debug)]
pub struct Report<'a> {
    config: &'a Config,
    catalogue: Catalogue,
    sockets: sockets::CheckedSockets,
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
        for warning in sunset::warnings(&self.catalogue, Timestamp::now()) {
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
            let text = fs::read(Path::new("/etc/group")).map_err(StartError::GroupFile)?;
            match group_id(&String::from_utf8_lossy(&text), name) {
                Some(id) => Ok(Some(id)),
                None => Err(StartError::UnknownGroup(name.clone())),
            }
        }
    }
}

/// Returns the number of a group from the text of `/etc/group` (group(5): `name:password:number:members`).
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
    fn group_id_matches_complete_names_only() {
        let text = "root:x:0:\nstaff2:x:51:a\nstaff:x:50:a,b\nbroken\n";
        assert_eq!(group_id(text, "staff"), Some(50));
        assert_eq!(group_id(text, "sta"), None);
        assert_eq!(group_id(text, "broken"), None);
    }

    #[test]
    fn exit_codes_differ_by_cause() {
        let path = PathBuf::from("/a");
        assert_eq!(StartError::from(SocketError::InUse { path: path.clone(), owner: 0 }).exit_code(), 3);
        assert_eq!(StartError::from(SocketError::NotASocket { path }).exit_code(), 1);
        assert_eq!(StartError::UnknownGroup("x".into()).exit_code(), 2);
        assert_eq!(StartError::from(ModuleError::SelfTest).exit_code(), 4);
        assert_eq!(StartError::Threads(io::ErrorKind::OutOfMemory.into()).exit_code(), 1);
    }
}
