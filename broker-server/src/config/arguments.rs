//! The command line, and the text of `--help`.

use std::{ffi::OsString, sync::LazyLock};

use crate::backend::module;

/// The versions of the broker and of its crypto module.
static VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{} ({})", env!("CARGO_PKG_VERSION"), module::description()));

/// The unchecked values of the command line.
#[derive(Debug, clap::Parser)]
#[command(
    name = "cryptobroker-server",
    version = VERSION.as_str(),
    about = "Crypto Broker: cryptography by profile, served over gRPC on a Unix domain socket",
    after_help = "Each flag has an environment variable: CRYPTO_BROKER_ and the flag in capitals, such as \
                  CRYPTO_BROKER_SOCKET_MODE. A flag takes precedence over its variable; an empty variable counts as unset. \
                  CRYPTO_BROKER_GRPC_MAX_CONCURRENT_STREAMS is read as well, and CRYPTO_BROKER_APP_ENV=dev means --dev.\n\n\
                  SIGTERM and SIGINT start the drain, a second one ends the process at once. SIGHUP reopens the files \
                  of log and audit.\n\n\
                  Exit codes: 0 success; 1 failure, or calls were aborted at the drain deadline; 2 invalid usage, \
                  configuration or profiles; 3 another server listens on a socket; 4 the FIPS 140-3 module failed its \
                  self-test."
)]
pub(super) struct Arguments {
    /// Socket to listen on; repeatable, or separated by commas in CRYPTO_BROKER_SOCKET. The defaults are
    /// /tmp/cryptobroker.sock and /tmp/open-crypto-broker/crypto-broker-server.sock, of which one may fail. unix:PATH and
    /// unix:///PATH are accepted too. The last folder of the path is created if it does not exist
    #[arg(long, value_name = "PATH")]
    pub(super) socket: Vec<OsString>,
    /// Permission bits of the sockets, octal [default: 0600]
    #[arg(long, value_name = "MODE")]
    pub(super) socket_mode: Option<OsString>,
    /// Permission bits of folders that are created for sockets, octal [default: 0700]
    #[arg(long, value_name = "MODE")]
    pub(super) socket_dir_mode: Option<OsString>,
    /// Group of the sockets and of folders that are created for them, by name or number [default: the process's own]
    #[arg(long, value_name = "GROUP")]
    pub(super) socket_group: Option<OsString>,
    /// How to treat a folder that others can write to on the path of a socket: strict refuses it, warn accepts it with a
    /// warning if it belongs to root or the broker's user [default: strict for --socket, warn for the default sockets]
    #[arg(long, value_name = "CHECK")]
    pub(super) socket_folder_check: Option<OsString>,
    /// Folder that contains Profiles.yaml [default: the bundled profiles]
    #[arg(long, value_name = "DIR")]
    pub(super) profiles_dir: Option<OsString>,
    /// For moving from the Go broker: mistakes in profiles that it ignores are warnings instead of errors
    #[arg(long)]
    pub(super) profiles_lenient: bool,
    /// Number of I/O threads [default: the cores that the CPU quota allows]
    #[arg(long, value_name = "N")]
    pub(super) shards: Option<OsString>,
    /// Number of threads for signatures and large hashes [default: the cores that the CPU quota allows]
    #[arg(long, value_name = "N")]
    pub(super) compute_threads: Option<OsString>,
    /// Capacity of the queue of each lane of the compute pool [default: 1024]
    #[arg(long, value_name = "N")]
    pub(super) queue_depth: Option<OsString>,
    /// How long a call waits for a slot in the queue before it is refused [default: 1s]
    #[arg(long, value_name = "DURATION")]
    pub(super) queue_wait: Option<OsString>,
    /// Maximum size of a request message, plain or with KiB or MiB [default: 2MiB]
    #[arg(long, value_name = "BYTES")]
    pub(super) max_request_bytes: Option<OsString>,
    /// Maximum size of a response message, plain or with KiB or MiB [default: 2MiB]
    #[arg(long, value_name = "BYTES")]
    pub(super) max_response_bytes: Option<OsString>,
    /// Maximum number of connections, over all sockets [default: 1024]
    #[arg(long, value_name = "N")]
    pub(super) max_connections: Option<OsString>,
    /// Maximum number of concurrent calls on one connection [default: 256]
    #[arg(long, value_name = "N")]
    pub(super) max_concurrent_streams: Option<OsString>,
    /// Maximum number of requests of one pipeline in flight; further ones wait [default: 256]
    #[arg(long, value_name = "N")]
    pub(super) max_pipeline_items: Option<OsString>,
    /// Timeout of a call without a deadline of its own [default: 60s]
    #[arg(long, value_name = "DURATION")]
    pub(super) max_request_time: Option<OsString>,
    /// Time after which a drain ends even if calls are in flight [default: 8s]
    #[arg(long, value_name = "DURATION")]
    pub(super) drain_deadline: Option<OsString>,
    /// Time without calls in flight after which a drain ends [default: 1s]
    #[arg(long, value_name = "DURATION")]
    pub(super) drain_idle: Option<OsString>,
    /// Maximum number of parsed CA keys kept in memory between calls [default: 0]
    #[arg(long, value_name = "N")]
    pub(super) ca_cache_entries: Option<OsString>,
    /// How long a CA key is kept, at most until its certificate expires [default: 5m]
    #[arg(long, value_name = "DURATION")]
    pub(super) ca_cache_ttl: Option<OsString>,
    /// Memory for the keys of circuits and for proofs in progress, plain or with MiB or GiB [default: 2GiB]
    #[arg(long, value_name = "BYTES")]
    pub(super) groth16_memory: Option<OsString>,
    /// Make proofs without vector instructions, also where the processor has them
    #[arg(long)]
    pub(super) groth16_portable: bool,
    /// Folder for the keys of circuits that the broker makes, for its user alone. Without it these keys are lost when the
    /// process ends
    #[arg(long, value_name = "DIR")]
    pub(super) key_store: Option<OsString>,
    /// Load the circuits of all profiles at the start, and not when they are first needed
    #[arg(long)]
    pub(super) preload_circuits: bool,
    /// Maximum size of a field of a request, in bytes; repeatable. NAME is profile (64), metadata-id (128), hash-input
    /// (1MiB), csr, ca-private-key, ca-cert (64KiB each), subject (1024), crl-distribution-points (16 of them),
    /// crl-distribution-point (2048), signed-data (1MiB), signature-key (64KiB), signature (128KiB), plaintext (1MiB),
    /// associated-data (64KiB), aead-part (32), kem-key (16KiB), kem-ciphertext (2KiB), circuit-inputs (1024 of them),
    /// circuit-values (65536 of them), input-name (256), witness (2MiB), proof (8KiB), verifying-key (1MiB) or batch-items
    /// (1024 of them)
    #[arg(long, value_name = "NAME=NUMBER")]
    pub(super) limit: Vec<OsString>,
    /// Log level of the broker itself: debug, info, warn or error [default: info]
    #[arg(long, value_name = "LEVEL")]
    pub(super) log_level: Option<OsString>,
    /// Further log directives, such as info,h2=debug: LEVEL or TARGET=LEVEL, separated by commas. Without them no events of
    /// libraries are logged
    #[arg(long, value_name = "DIRECTIVES")]
    pub(super) log_filter: Option<OsString>,
    /// Log format: json or text [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub(super) log_format: Option<OsString>,
    /// Where the log goes: stdout, stderr or a file [default: stderr]
    #[arg(long, value_name = "WHERE")]
    pub(super) log_output: Option<OsString>,
    /// Where key uses and refusals are recorded: stderr, off or a file [default: stderr]
    #[arg(long, value_name = "WHERE")]
    pub(super) audit_log: Option<OsString>,
    /// How long a call that used a key waits until its record is written, before it fails [default: 1s]
    #[arg(long, value_name = "DURATION")]
    pub(super) audit_wait: Option<OsString>,
    /// Development mode: serves Benchmark and FakeEndpoint, and lets debuggers attach
    #[arg(long)]
    pub(super) dev: bool,
    /// Check the configuration, print a report, and exit: with 0 if the server would start, otherwise as the start would
    #[arg(long)]
    pub(super) check: bool,
}
