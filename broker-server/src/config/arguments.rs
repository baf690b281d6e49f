//! The arguments as they are typed, and the text of `--help`.

use std::{ffi::OsString, sync::LazyLock};

use crate::backend::module;

/// The broker's version and what does its cryptography.
static VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{} ({})", env!("CARGO_PKG_VERSION"), module::description()));

/// What was typed, unchecked.
#[derive(Debug, clap::Parser)]
#[command(
    name = "cryptobroker-server",
    version = VERSION.as_str(),
    about = "Crypto Broker: cryptography by profile, served over gRPC on a Unix domain socket",
    after_help = "Each flag has an environment variable: CRYPTO_BROKER_ and the flag in capitals, such as \
                  CRYPTO_BROKER_SOCKET_MODE. A flag wins over its variable; an empty variable counts as unset. Also \
                  read: CRYPTO_BROKER_GRPC_MAX_CONCURRENT_STREAMS, and CRYPTO_BROKER_APP_ENV=dev as --dev.\n\n\
                  SIGTERM and SIGINT begin the drain, a second one ends the process at once. SIGHUP opens log and audit \
                  files anew.\n\n\
                  Exit codes: 0 done; 1 failed, or calls were cut at the drain deadline; 2 usage, configuration or \
                  profiles wrong; 3 a socket is live already; 4 the FIPS 140-3 module failed its self-test."
)]
pub(super) struct Arguments {
    /// Where to listen; repeat it for several, or separate them with commas in CRYPTO_BROKER_SOCKET. Without it:
    /// /tmp/cryptobroker.sock and /tmp/open-crypto-broker/crypto-broker-server.sock, of which one may fail. unix:PATH and
    /// unix:///PATH are taken too. The last folder of the path is made where it is missing
    #[arg(long, value_name = "PATH")]
    pub(super) socket: Vec<OsString>,
    /// Permission bits of the sockets, octal [default: 0600]
    #[arg(long, value_name = "MODE")]
    pub(super) socket_mode: Option<OsString>,
    /// Permission bits of folders that are made for sockets, octal [default: 0700]
    #[arg(long, value_name = "MODE")]
    pub(super) socket_dir_mode: Option<OsString>,
    /// Group of the sockets and of folders that are made for them, by name or number [default: the process's own]
    #[arg(long, value_name = "GROUP")]
    pub(super) socket_group: Option<OsString>,
    /// A folder on the way to a socket that others can write to: strict refuses it, warn lets it through with a warning
    /// where it is root's or the broker's own [default: strict for --socket, warn for the default sockets]
    #[arg(long, value_name = "CHECK")]
    pub(super) socket_folder_check: Option<OsString>,
    /// Folder that holds Profiles.yaml [default: the bundled profiles]
    #[arg(long, value_name = "DIR")]
    pub(super) profiles_dir: Option<OsString>,
    /// For the first day after the Go broker: what it passes over in profiles is a warning and no error
    #[arg(long)]
    pub(super) profiles_lenient: bool,
    /// I/O threads [default: the cores that the CPU quota allows]
    #[arg(long, value_name = "N")]
    pub(super) shards: Option<OsString>,
    /// Threads for signatures, large hashes and proofs [default: the cores that the CPU quota allows]
    #[arg(long, value_name = "N")]
    pub(super) compute_threads: Option<OsString>,
    /// Places in the queue of each lane of the compute pool [default: 1024]
    #[arg(long, value_name = "N")]
    pub(super) queue_depth: Option<OsString>,
    /// How long a call waits for a place in the queue before it is refused [default: 1s]
    #[arg(long, value_name = "DURATION")]
    pub(super) queue_wait: Option<OsString>,
    /// Largest request message, plain or with KiB or MiB [default: 2MiB]
    #[arg(long, value_name = "BYTES")]
    pub(super) max_request_bytes: Option<OsString>,
    /// Largest response message, plain or with KiB or MiB [default: 2MiB]
    #[arg(long, value_name = "BYTES")]
    pub(super) max_response_bytes: Option<OsString>,
    /// Connections at once, over all sockets [default: 1024]
    #[arg(long, value_name = "N")]
    pub(super) max_connections: Option<OsString>,
    /// Calls at once on one connection [default: 256]
    #[arg(long, value_name = "N")]
    pub(super) max_concurrent_streams: Option<OsString>,
    /// Requests of one pipeline that are worked on at once; its others wait [default: 256]
    #[arg(long, value_name = "N")]
    pub(super) max_pipeline_items: Option<OsString>,
    /// How long a call without a deadline of its own may take [default: 60s]
    #[arg(long, value_name = "DURATION")]
    pub(super) max_request_time: Option<OsString>,
    /// When a drain is over whatever is in flight [default: 8s]
    #[arg(long, value_name = "DURATION")]
    pub(super) drain_deadline: Option<OsString>,
    /// How long no call must be in flight for a drain to be over [default: 1s]
    #[arg(long, value_name = "DURATION")]
    pub(super) drain_idle: Option<OsString>,
    /// Parsed CA keys kept in memory between calls [default: 0, none]
    #[arg(long, value_name = "N")]
    pub(super) ca_cache_entries: Option<OsString>,
    /// How long a CA key is kept, at most until its certificate ends [default: 5m]
    #[arg(long, value_name = "DURATION")]
    pub(super) ca_cache_ttl: Option<OsString>,
    /// Largest size of a request's field, in bytes; repeatable. NAME is profile (64), metadata-id (128), hash-input
    /// (1MiB), csr, ca-private-key, ca-cert (64KiB each), subject (1024), crl-distribution-points (16 of them),
    /// crl-distribution-point (2048), signed-data (1MiB), signature-key (64KiB), signature (128KiB), plaintext (1MiB),
    /// associated-data (64KiB), aead-part (32), kem-key (16KiB) or kem-ciphertext (2KiB)
    #[arg(long, value_name = "NAME=NUMBER")]
    pub(super) limit: Vec<OsString>,
    /// debug, info, warn or error [default: info]
    #[arg(long, value_name = "LEVEL")]
    pub(super) log_level: Option<OsString>,
    /// json or text [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub(super) log_format: Option<OsString>,
    /// stdout, stderr or a file [default: stderr]
    #[arg(long, value_name = "WHERE")]
    pub(super) log_output: Option<OsString>,
    /// Where uses of private keys and refusals are recorded: stderr, off or a file [default: stderr]
    #[arg(long, value_name = "WHERE")]
    pub(super) audit_log: Option<OsString>,
    /// How long a call that used a key waits until its record is written, before it fails [default: 1s]
    #[arg(long, value_name = "DURATION")]
    pub(super) audit_wait: Option<OsString>,
    /// For development: serves Benchmark and FakeEndpoint, and leaves the process open to debuggers
    #[arg(long)]
    pub(super) dev: bool,
    /// Load everything, report, and exit: 0 when it would start, else as the start would
    #[arg(long)]
    pub(super) check: bool,
}
