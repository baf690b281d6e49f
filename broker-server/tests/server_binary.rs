//! The command line of the server: flags, variables, exit codes, signals.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::{fs::PermissionsExt as _, net::UnixListener},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

/// Returns the server's command with an empty environment.
fn server() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cryptobroker-server"));
    command.env_clear();
    command
}

/// Runs the command, asserts its exit code and returns its output.
fn run(command: &mut Command, code: i32) -> Output {
    let output = command.output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(code),
        "{command:?}\n{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A running server, which is killed when a test fails.
struct Running(Child);

impl Running {
    /// Starts the server and returns when it serves, with its log up to then.
    fn start(command: &mut Command) -> (Self, String) {
        let mut running = Self(command.stderr(Stdio::piped()).spawn().unwrap());
        let mut seen = String::new();
        let mut lines = BufReader::new(running.0.stderr.take().unwrap());
        while !seen.contains("serving") {
            assert_ne!(lines.read_line(&mut seen).unwrap(), 0, "the server ended before it served: {seen}");
        }
        // The pipe stays open: closing it would fail the writes of the log.
        running.0.stderr = Some(lines.into_inner());
        (running, seen)
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    fn code(mut self) -> Option<i32> {
        self.0.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn private_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    folder
}

fn server_on(socket: &Path) -> Command {
    let mut command = server();
    command.arg("--socket").arg(socket).args(["--drain-idle", "0", "--shards", "1"]);
    command
}

#[test]
fn help_and_version_exit_0_and_usage_errors_2() {
    let help = run(server().arg("--help"), 0);
    assert!(text(&help.stdout).contains("--drain-deadline"));
    let version = run(server().arg("--version"), 0);
    let version = text(&version.stdout);
    let name = format!("cryptobroker-server {} (AWS-LC ", env!("CARGO_PKG_VERSION"));
    assert!(version.starts_with(&name) && version.ends_with(")\n"), "{version}");
    assert_eq!(version.contains("in its FIPS 140-3 mode"), cfg!(feature = "fips"), "{version}");
    for arguments in [
        &["--nonsense"][..],
        &["serve"],
        &["--shards"],
        &["--shards", "0"],
        &["--log-level=loud"],
        &["--log-filter=h2=loud"],
    ] {
        let output = run(server().args(arguments), 2);
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
}

#[test]
fn invalid_variable_is_named() {
    let output = run(server().env("CRYPTO_BROKER_SHARDS", "none"), 2);
    assert!(text(&output.stderr).contains("CRYPTO_BROKER_SHARDS"), "{}", text(&output.stderr));
    let folder = private_folder();
    run(server_on(&folder.path().join("s")).env("CRYPTO_BROKER_QUEUE_DEPTH", "").arg("--check"), 0);
}

#[test]
fn check_reports_the_bundled_profiles_and_binds_nothing() {
    let folder = private_folder();
    let socket = folder.path().join("s/broker.sock");
    let output = run(server_on(&socket).arg("--check"), 0);
    let report = text(&output.stdout);
    for expected in ["Default", "FIPS-140-3-256bit", "digest", socket.to_str().unwrap()] {
        assert!(report.contains(expected), "{expected}: {report}");
    }
    assert!(!socket.parent().unwrap().exists());
    run(server_on(&socket).env("CRYPTO_BROKER_CHECK", "true"), 0);
}

#[test]
fn check_exits_as_the_start_would_and_creates_nothing() {
    let folder = private_folder();
    let home = fs::canonicalize(folder.path()).unwrap();
    let socket = home.join("broker.sock");
    let names = || {
        let mut names: Vec<_> =
            fs::read_dir(&home).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    fs::write(home.join("file"), "").unwrap();
    fs::create_dir(home.join("own")).unwrap();
    fs::create_dir(home.join("open")).unwrap();
    fs::set_permissions(home.join("open"), fs::Permissions::from_mode(0o777)).unwrap();
    let _other = UnixListener::bind(home.join("live")).unwrap();
    let at = |name: &str| format!("{}/{name}", home.display());
    let long = at(&"s".repeat(108));
    let before = names();
    for (flag, value, code, expected) in [
        ("--audit-log", at("missing/audit"), 2, "missing/audit"),
        ("--audit-log", at("open"), 2, "the audit cannot be opened"),
        ("--key-store", at("file"), 2, "not a folder"),
        ("--key-store", at("open"), 2, "set its mode to 0700"),
        ("--key-store", at("missing/keys"), 2, "missing/keys"),
        ("--log-output", at("missing/log"), 2, "missing/log"),
        ("--log-output", at("file/log"), 2, "file/log"),
        ("--socket", at("live"), 3, "another server listens"),
        ("--socket", at("file"), 1, "not a socket"),
        ("--socket", at("file/s"), 1, "not a folder"),
        ("--socket", at("a/b/s"), 1, "does not exist"),
        ("--socket", at("open/s"), 1, "sticky"),
        ("--socket", at("own/../broker.sock"), 3, "another server listens"),
        ("--socket", long, 1, "107"),
        ("--socket-group", "no-such-group-here".to_owned(), 2, "no-such-group-here"),
    ] {
        for check in [true, false] {
            let mut command = server_on(&socket);
            command.args([flag, &value]);
            if check {
                command.arg("--check");
            }
            let output = run(&mut command, code);
            assert!(
                text(&output.stderr).contains(expected),
                "{check} {flag} {value}: {}",
                text(&output.stderr)
            );
            if check {
                assert_eq!(names(), before, "{flag} {value}");
            }
            // A start that fails leaves its lock files behind.
            for lock in names().into_iter().filter(|name| name.to_string_lossy().ends_with(".lock")) {
                fs::remove_file(home.join(lock)).unwrap();
            }
        }
    }
    let output =
        run(server_on(&socket).args(["--audit-log", &at("audit"), "--log-output", &at("log"), "--check"]), 0);
    assert!(text(&output.stdout).contains("broker.sock"));
    assert_eq!(names(), before);
}

#[test]
fn invalid_or_missing_profiles_fail_the_start() {
    let folder = private_folder();
    let socket = folder.path().join("broker.sock");
    for check in [true, false] {
        let mut command = server_on(&socket);
        command.env("CRYPTO_BROKER_PROFILES_DIR", folder.path());
        if check {
            command.arg("--check");
        }
        let _ = fs::remove_file(folder.path().join("Profiles.yaml"));
        let missing = run(&mut command, 2);
        assert!(text(&missing.stderr).contains("Profiles.yaml"), "{}", text(&missing.stderr));
        fs::write(folder.path().join("Profiles.yaml"), "Profiles:\n  - Nmae: A\n").unwrap();
        let wrong = run(&mut command, 2);
        assert!(text(&wrong.stderr).contains("Nmae"), "{}", text(&wrong.stderr));
        assert!(!socket.exists());
    }
    let good = "Profiles:\n  - Name: Mine\n    API:\n      HashData: { HashAlg: sha-256 }\n";
    fs::write(folder.path().join("Profiles.yaml"), good).unwrap();
    let output = run(server_on(&socket).arg("--check").arg("--profiles-dir").arg(folder.path()), 0);
    assert!(text(&output.stdout).contains("Mine"));
}

#[test]
fn unusable_group_audit_or_log_exits_2() {
    let folder = private_folder();
    let socket = folder.path().join("broker.sock");
    run(server_on(&socket).args(["--socket-group", "no-such-group-here"]), 2);
    run(server_on(&socket).args(["--audit-log", "/nonexistent/audit"]), 2);
    let log = run(server_on(&socket).args(["--log-output", "/nonexistent/log"]), 2);
    assert!(text(&log.stderr).contains("/nonexistent/log"));
}

#[test]
fn takes_over_stale_sockets_and_removes_its_own() {
    let folder = private_folder();
    let socket = folder.path().join("broker.sock");
    // A killed server leaves a stale socket file behind.
    drop(UnixListener::bind(&socket).unwrap());
    let (first, log) = Running::start(server_on(&socket).args(["--log-format", "json"]));
    assert!(log.lines().all(|line| line.starts_with('{')), "{log}");
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let second = run(&mut server_on(&socket), 3);
    assert!(text(&second.stderr).contains(socket.to_str().unwrap()), "{}", text(&second.stderr));
    first.signal(Signal::TERM);
    assert_eq!(first.code(), Some(0));
    assert!(!socket.exists(), "the socket was not removed");
    let (third, _) = Running::start(&mut server_on(&socket));
    third.signal(Signal::INT);
    assert_eq!(third.code(), Some(0));
}

#[test]
fn failed_start_is_reported_on_standard_error_and_in_the_log() {
    let folder = private_folder();
    let socket = folder.path().join("broker.sock");
    fs::write(&socket, "not a socket").unwrap();
    let log = folder.path().join("log");
    let output = run(server_on(&socket).arg("--log-output").arg(&log), 1);
    assert!(text(&output.stderr).contains(socket.to_str().unwrap()));
    assert!(fs::read_to_string(&log).unwrap().contains(socket.to_str().unwrap()));
    assert_eq!(fs::read(&socket).unwrap(), b"not a socket");
}

#[test]
fn process_is_not_dumpable_without_dev() {
    let folder = private_folder();
    for (dev, core) in [(false, true), (true, false)] {
        let mut command = server_on(&folder.path().join("broker.sock"));
        if dev {
            command.arg("--dev");
        }
        let (running, _) = Running::start(&mut command);
        let limits = fs::read_to_string(format!("/proc/{}/limits", running.0.id()));
        // The files in /proc of a process that is not dumpable belong to root.
        if let Ok(limits) = limits {
            let line = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
            assert!(!core || line.split_whitespace().nth(4) == Some("0"), "{line}");
            let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
            let mut numbers = files.split_whitespace().skip(3);
            assert_eq!(numbers.next(), numbers.next(), "{files}");
        }
        running.signal(Signal::TERM);
        assert_eq!(running.code(), Some(0));
    }
}
