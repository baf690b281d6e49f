//! A broker in this process, and the real command line that calls it, each in its own folder.
#![allow(dead_code, unreachable_pub, missing_docs)] // each test file uses its own part
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    fs::File,
    io::{Read as _, Write as _},
    net::Shutdown,
    os::{
        fd::OwnedFd,
        unix::{
            fs::PermissionsExt as _,
            net::{UnixListener, UnixStream},
        },
    },
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, RwLock, RwLockWriteGuard},
    thread::JoinHandle,
    time::Duration,
};

use broker_server::{
    config::{Config, Sockets},
    server::Server,
    telemetry::{audit::AuditTarget, output::Outputs},
};
use serde_json::Value;

/// A running broker. Dropping it stops the broker.
pub struct Broker {
    pub folder: tempfile::TempDir,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Broker {
    /// Starts a broker with the bundled profiles.
    pub fn start() -> Self {
        Self::serve(Config::default(), tempfile::tempdir().unwrap())
    }

    /// Starts a broker with the profiles of `document`.
    pub fn with(document: &str) -> Self {
        Self::with_key_store(document, None)
    }

    /// Starts a broker with the profiles of `document`, and with a folder of keys.
    pub fn with_key_store(document: &str, store: Option<PathBuf>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("Profiles.yaml"), document).unwrap();
        let mut config = Config::default();
        config.profiles_dir = Some(folder.path().to_owned());
        config.circuits.store = store;
        Self::serve(config, folder)
    }

    fn serve(mut config: Config, folder: tempfile::TempDir) -> Self {
        config.sockets = Sockets::Named(vec![folder.path().join("s")]);
        config.audit.target = AuditTarget::Off;
        config.drain_idle = Duration::from_millis(1);
        let server = Server::bind(config, &Outputs::default()).unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            server.run(async { drop(stopped.await) }).unwrap();
        });
        Self { folder, stop: Some(stop), thread: Some(thread) }
    }

    /// Returns the command line, with the broker's folder as its working directory.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = cryptobroker();
        command.current_dir(self.folder.path());
        command.args(arguments).arg("--socket").arg(self.folder.path().join("s"));
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs the command line with these bytes on standard input.
    pub fn run_with(&self, arguments: &[&str], input: &[u8]) -> Output {
        feed(self.command(arguments), input)
    }

    /// Returns the text that a successful command prints.
    pub fn text(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
        stdout(&output)
    }

    /// Returns the JSON that a successful command prints.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.command(arguments).args(["--output", "json"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
        json(&output.stdout)
    }

    /// Returns the JSON error of a command that fails with this exit code and prints nothing to standard output.
    pub fn error(&self, code: i32, arguments: &[&str]) -> Value {
        let output = self.command(arguments).args(["--output", "json"]).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty());
        json(&output.stderr)["error"].clone()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// Returns the permission bits of a file.
    pub fn mode(&self, name: &str) -> u32 {
        std::fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o7777
    }

    /// Runs OpenSSL's command line in the broker's folder.
    pub fn openssl(&self, words: &str) -> Output {
        Command::new("openssl").args(words.split(' ')).current_dir(self.folder.path()).output().unwrap()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Returns the command line without the environment variables that would change its output.
pub fn cryptobroker() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cryptobroker"));
    command.env_remove("CRYPTO_BROKER_SOCKET").env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command.stdin(Stdio::null());
    command
}

/// Runs `command` with these bytes on standard input.
pub fn feed(mut command: Command, input: &[u8]) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // A program that fails early does not read all input.
        scope.spawn(move || drop(pipe.write_all(input)));
        child.wait_with_output().unwrap()
    })
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)))
}

/// Returns both ends of a terminal: the one that shows the output, and the one for the program.
pub fn terminal(columns: u16) -> (File, OwnedFd) {
    use rustix::{fs::Mode, pty, termios};
    let shown = pty::openpt(pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY).unwrap();
    pty::grantpt(&shown).unwrap();
    pty::unlockpt(&shown).unwrap();
    let name = pty::ptsname(&shown, Vec::new()).unwrap();
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY;
    let program = rustix::fs::open(&name, flags, Mode::empty()).unwrap();
    // The terminal reports no rows, like that of `script` without a terminal around it; its columns must count.
    let size = termios::Winsize { ws_row: 0, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    termios::tcsetwinsize(&program, size).unwrap();
    (shown.into(), program)
}

/// Runs `command` with standard error, or both outputs, on a terminal of 100 columns. Returns what is shown there, and the
/// other output.
pub fn on_terminal(command: Command, both: bool, input: &[u8]) -> (String, Output) {
    on_terminal_of(100, command, both, input)
}

/// Runs `command` like [`on_terminal`] on a terminal of this width.
pub fn on_terminal_of(columns: u16, mut command: Command, both: bool, input: &[u8]) -> (String, Output) {
    let (mut shown, program) = terminal(columns);
    if both {
        command.stdout(program.try_clone().unwrap());
    } else {
        command.stdout(Stdio::piped());
    }
    let mut child = command.stdin(Stdio::piped()).stderr(program).spawn().unwrap();
    // The command holds this process's last handle of the terminal. Without it, the end of the output is seen.
    drop(command);
    let mut pipe = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || drop(pipe.write_all(input)));
        let reader = scope.spawn(move || {
            let mut text = Vec::new();
            // Reading fails with EIO once no program has the terminal open.
            drop(shown.read_to_end(&mut text));
            String::from_utf8_lossy(&text).into_owned()
        });
        let output = child.wait_with_output().unwrap();
        (reader.join().unwrap(), output)
    })
}

/// A proxy of a broker that can be blocked. While it is, the broker seems to hang: it accepts data and does not answer.
pub struct Proxy {
    socket: PathBuf,
    open: Arc<RwLock<()>>,
}

impl Proxy {
    pub fn to(broker: &Broker) -> Self {
        let (socket, end) = (broker.path("proxy"), broker.path("s"));
        let listener = UnixListener::bind(&socket).unwrap();
        let proxy = Self { socket, open: Arc::default() };
        let open = Arc::clone(&proxy.open);
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let (near, far) = (near.unwrap(), UnixStream::connect(&end).unwrap());
                for (from, to) in [(near.try_clone().unwrap(), far.try_clone().unwrap()), (far, near)] {
                    let open = Arc::clone(&open);
                    std::thread::spawn(move || forward(from, to, &open));
                }
            }
        });
        proxy
    }

    /// Returns the command line that connects through the proxy.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = cryptobroker();
        command.args(arguments).arg("--socket").arg(&self.socket);
        command
    }

    /// Blocks all data until the guard is dropped.
    pub fn block(&self) -> RwLockWriteGuard<'_, ()> {
        self.open.write().unwrap()
    }
}

fn forward(mut from: UnixStream, mut to: UnixStream, open: &RwLock<()>) {
    let mut bytes = [0; 1 << 14];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        let _unblocked = open.read().unwrap();
        if to.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    drop(to.shutdown(Shutdown::Both));
}

/// Waits until the program generates load.
pub fn wait_for_load(child: &Child) {
    wait_for(|| load(child).iter().any(|(_, ticks)| ticks != "0"));
}

/// Waits until the program sleeps, because no answer arrives.
pub fn wait_for_silence(child: &Child) {
    wait_for(|| load(child).iter().all(|(state, _)| state == "S"));
}

fn wait_for(what: impl Fn() -> bool) {
    while !what() {
        std::thread::yield_now();
    }
}

/// Returns the state and the processor time of each thread with the name `load`.
fn load(child: &Child) -> Vec<(String, String)> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
    let threads = tasks.filter_map(|task| {
        let stat = std::fs::read_to_string(task.unwrap().path().join("stat")).ok()?;
        let (name, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        assert_ne!(fields[0], "Z", "the program has ended already");
        name.ends_with("(load").then(|| (fields[0].to_owned(), fields[11].to_owned()))
    });
    threads.collect()
}

/// Returns the number of entries of a folder.
pub fn entries(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}
