//! Sockets on volumes as Kubernetes mounts them, and in folders that several users share. Each test runs real users in a
//! mount namespace of its own, which needs root; without it, a test prints that it was skipped.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use broker_client::{Client, HashDataRequest};

/// The environment variable that makes a test play a role inside the namespace of another run of itself.
const ROLE: &str = "BROKER_VOLUMES_ROLE";

/// The setup of every namespace: a folder that all users can read, with the broker and this program.
const STAGE: &str = r#"
set -e
mount -t tmpfs -o mode=0755 stage /mnt
touch /mnt/broker /mnt/test
mount --bind "$BROKER" /mnt/broker
mount --bind "$TEST" /mnt/test
"#;

/// The volume of the Open Crypto Broker's operator: an emptyDir at a folder of the image.
const OPERATOR: &str = r#"
mount -t tmpfs -o mode=0755 tmp /tmp
mkdir /tmp/open-crypto-broker
mount -t tmpfs -o "$VOLUME" volume /tmp/open-crypto-broker
mount -o remount,ro /tmp
"#;

/// A volume that two containers share.
const SHARED: &str = "mkdir /mnt/vol; mount -t tmpfs -o mode=0777 volume /mnt/vol";

const USER: &str = "--reuid=1000 --regid=1000 --clear-groups";

#[test]
fn serves_in_layout_of_operator() {
    if play_role(&[("client", client)]) || skipped("serves_in_layout_of_operator") {
        return;
    }
    for volume in ["mode=0777", "mode=2777,gid=3000"] {
        let pod = Pod { setup: OPERATOR, volume, user: USER };
        let check = pod.exits(&["--check"], 0);
        let report = text(&check.stdout);
        assert!(report.contains("others can write to the folder /tmp/open-crypto-broker"), "{report}");
        assert!(report.contains("uid 1000 cannot create files in the folder /tmp:"), "{report}");

        let running = pod.serves(&[]);
        let warnings: Vec<&str> = running.log.lines().filter(|line| line.contains("WARN")).collect();
        assert_eq!(warnings.len(), 2, "{}", running.log);
        assert!(warnings[0].contains("/tmp/cryptobroker.sock"), "{}", running.log);
        assert!(
            warnings[1].contains("others can write to the folder /tmp/open-crypto-broker"),
            "{}",
            running.log
        );
        assert!(warnings[1].contains("do not check the server's uid"), "{}", running.log);

        let client = |environment| running.client("serves_in_layout_of_operator", USER, environment);
        assert_eq!(client(&[]), "answered");
        let strict = client(&[("CRYPTO_BROKER_SOCKET_FOLDER_CHECK", "strict")]);
        assert!(strict.contains("the folder /tmp/open-crypto-broker of the socket"), "{strict}");
    }
}

#[test]
fn strict_folder_check_refuses_default_sockets() {
    if skipped("strict_folder_check_refuses_default_sockets") {
        return;
    }
    let pod = Pod { setup: OPERATOR, volume: "mode=0777", user: USER };
    for arguments in
        [&["--socket-folder-check", "strict"][..], &["--socket-folder-check", "strict", "--check"]]
    {
        let output = pod.exits(arguments, 1);
        assert!(text(&output.stderr).contains("sticky"), "{}", text(&output.stderr));
    }
}

#[test]
fn refuses_volume_of_other_user() {
    if skipped("refuses_volume_of_other_user") {
        return;
    }
    for volume in ["mode=0777,uid=2000", "mode=0755,uid=2000"] {
        let pod = Pod { setup: OPERATOR, volume, user: USER };
        for arguments in [&["--check"][..], &[]] {
            let output = pod.exits(arguments, 1);
            assert!(text(&output.stderr).contains("belongs to uid 2000"), "{}", text(&output.stderr));
        }
    }
}

#[test]
fn creates_folder_in_volume_at_tmp() {
    if play_role(&[("client", client)]) || skipped("creates_folder_in_volume_at_tmp") {
        return;
    }
    let pod = Pod { setup: r#"mount -t tmpfs -o "$VOLUME" volume /tmp"#, volume: "mode=0777", user: USER };
    let running = pod.serves(&[]);
    let warnings = running.log.lines().filter(|line| line.contains("WARN")).count();
    assert_eq!(warnings, 1, "{}", running.log);
    assert!(running.log.contains("others can write to the folder /tmp "), "{}", running.log);
    let folder = fs::metadata(running.inside("/tmp/open-crypto-broker")).unwrap();
    assert_eq!((folder.uid(), folder.permissions().mode() & 0o7777), (1000, 0o700));
    let test = "creates_folder_in_volume_at_tmp";
    for socket in ["/tmp/cryptobroker.sock", "/tmp/open-crypto-broker/crypto-broker-server.sock"] {
        assert_eq!(running.client(test, USER, &[("CRYPTO_BROKER_SOCKET", socket)]), "answered", "{socket}");
    }
}

#[test]
fn named_socket_on_writable_volume_needs_folder_check_warn() {
    if skipped("named_socket_on_writable_volume_needs_folder_check_warn") {
        return;
    }
    let pod = Pod { setup: SHARED, volume: "", user: USER };
    let socket = ["--socket", "/mnt/vol/s"];
    let refused = text(&pod.exits(&socket, 1).stderr);
    assert!(
        refused.contains("/mnt/vol (mode 0777)") && refused.contains("--socket-folder-check"),
        "{refused}"
    );
    let warn = [&socket[..], &["--socket-folder-check", "warn"]].concat();
    for check in [&["--check"][..], &[]] {
        let output = pod.exits(&[&warn[..], &["--socket-group", "4242"], check].concat(), 1);
        assert!(text(&output.stderr).contains("not in the group 4242"), "{}", text(&output.stderr));
    }
    let running = pod.serves(&warn);
    assert_eq!(running.log.lines().filter(|line| line.contains("WARN")).count(), 1, "{}", running.log);
}

#[test]
fn accepted_volume_is_checked_up_to_mount_point() {
    if skipped("accepted_volume_is_checked_up_to_mount_point") {
        return;
    }
    let folders = "mkdir -p /mnt/theirs/vol; chown 2000 /mnt/theirs; chmod 0777 /mnt/theirs/vol";
    let arguments = ["--socket=/mnt/theirs/vol/own/s", "--socket-folder-check=warn"];
    let no_volume = Pod { setup: folders, volume: "", user: USER };
    let refused = text(&no_volume.exits(&arguments, 1).stderr);
    assert!(refused.contains("/mnt/theirs belongs to uid 2000"), "{refused}");
    let setup = format!("{folders}; mount -t tmpfs -o mode=0777 volume /mnt/theirs/vol");
    let running = Pod { setup: &setup, volume: "", user: USER }.serves(&arguments);
    assert!(running.log.contains("others can write to the folder /mnt/theirs/vol "), "{}", running.log);
    // A link that leads to the volume is still checked.
    let setup = format!("{setup}; ln -s vol /mnt/theirs/link; chown -h 2000 /mnt/theirs/link");
    let linked = Pod { setup: &setup, volume: "", user: USER };
    let refused =
        text(&linked.exits(&["--socket=/mnt/theirs/link/s", "--socket-folder-check=warn"], 1).stderr);
    assert!(refused.contains("the symbolic link /mnt/theirs/link belongs to uid 2000"), "{refused}");
}

#[test]
fn two_containers_of_different_users_share_volume() {
    let test = "two_containers_of_different_users_share_volume";
    if play_role(&[("client", client), ("impostor", impostor)]) || skipped(test) {
        return;
    }
    let broker = "--reuid=10001 --regid=10001 --groups=10000";
    let application = "--reuid=10002 --regid=10002 --groups=10000";
    let running = Pod { setup: SHARED, volume: "", user: broker }.serves(&[
        "--socket=unix:///mnt/vol/broker/broker.sock",
        "--socket-folder-check=warn",
        "--socket-dir-mode=0710",
        "--socket-group=10000",
        "--socket-mode=0660",
    ]);
    let ownership = |path| {
        let metadata = fs::metadata(running.inside(path)).unwrap();
        (metadata.uid(), metadata.gid(), metadata.mode() & 0o7777)
    };
    assert_eq!(ownership("/mnt/vol/broker"), (10001, 10000, 0o710));
    assert_eq!(ownership("/mnt/vol/broker/broker.sock"), (10001, 10000, 0o660));

    let socket = ("CRYPTO_BROKER_SOCKET", "unix:///mnt/vol/broker/broker.sock");
    let uid = ("CRYPTO_BROKER_SERVER_UID", "10001");
    let warn = ("CRYPTO_BROKER_SOCKET_FOLDER_CHECK", "warn");
    assert_eq!(running.client(test, application, &[socket, uid, warn]), "answered");
    let without_uid = running.client(test, application, &[socket, warn]);
    assert!(
        without_uid.contains("runs as uid 10001") && without_uid.contains("CRYPTO_BROKER_SERVER_UID"),
        "{without_uid}"
    );
    let strict = running.client(test, application, &[socket, uid]);
    assert!(strict.contains("the folder /mnt/vol of the socket"), "{strict}");

    // A user who can write to the volume can replace the broker's folder. The volume is accepted, so the client notices that
    // by the server's uid alone.
    let other = "--reuid=10003 --regid=10003 --groups=10000";
    let impostor = running.enter(test, other, "impostor", &[]).stdin(Stdio::piped()).spawn().unwrap();
    let mut impostor = Guard(impostor);
    let mut lines = BufReader::new(impostor.0.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("listening")), "the impostor has exited");
    let refused = running.client(test, application, &[socket, uid, warn]);
    assert!(refused.contains("runs as uid 10003"), "{refused}");
}

#[test]
fn serves_other_default_socket_if_stranger_blocks_one() {
    let test = "serves_other_default_socket_if_stranger_blocks_one";
    if play_role(&[("stale", stale)]) || skipped(test) {
        return;
    }
    let setup_of_stranger = |command: &str| {
        format!(
            "mount -t tmpfs -o mode=1777 tmp /tmp; setpriv --reuid=2000 --regid=2000 --clear-groups -- {command}"
        )
    };
    let socket = format!("env {ROLE}=stale /mnt/test --exact {test} --nocapture >/dev/null");
    for (command, warning, served) in [
        (
            socket.as_str(),
            "the socket file belongs to uid 2000",
            "/tmp/open-crypto-broker/crypto-broker-server.sock",
        ),
        (
            "touch /tmp/cryptobroker.sock.lock",
            "the lock file /tmp/cryptobroker.sock.lock belongs to uid 2000",
            "/tmp/open-crypto-broker/crypto-broker-server.sock",
        ),
        (
            "mkdir /tmp/open-crypto-broker",
            "/tmp/open-crypto-broker belongs to uid 2000",
            "/tmp/cryptobroker.sock",
        ),
    ] {
        let setup = setup_of_stranger(command);
        let pod = Pod { setup: &setup, volume: "", user: USER };
        let report = text(&pod.exits(&["--check"], 0).stdout);
        assert!(report.contains(warning), "{report}");
        let running = pod.serves(&[]);
        let warnings: Vec<&str> = running.log.lines().filter(|line| line.contains("WARN")).collect();
        assert!(warnings.len() == 1 && warnings[0].contains(warning), "{}", running.log);
        assert!(running.inside(served).exists(), "{served}");
    }
    let setup = setup_of_stranger("touch /tmp/cryptobroker.sock.lock");
    let named = Pod { setup: &setup, volume: "", user: USER };
    let refused = text(&named.exits(&["--socket", "/tmp/cryptobroker.sock"], 1).stderr);
    assert!(refused.contains("uid 2000") && refused.contains("remove it"), "{refused}");
}

/// A mount namespace, and the user of the broker in it.
struct Pod<'a> {
    /// The shell commands that mount the volumes.
    setup: &'a str,
    /// The mount options in the variable `$VOLUME`.
    volume: &'a str,
    /// The options of setpriv(1) for the user.
    user: &'a str,
}

impl Pod<'_> {
    /// Returns the command that runs the broker in a namespace of its own.
    fn command(&self, arguments: &[&str]) -> Command {
        let script = format!("{STAGE}\n{}\nexec setpriv {} -- /mnt/broker \"$@\"", self.setup, self.user);
        let mut command = Command::new("unshare");
        command.args(["-m", "bash", "-c", &script, "bash"]).args(arguments);
        command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
        command.env("BROKER", env!("CARGO_BIN_EXE_cryptobroker-server")).env("VOLUME", self.volume);
        command.env("TEST", env::current_exe().unwrap());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the broker until it exits with this code.
    fn exits(&self, arguments: &[&str], code: i32) -> Output {
        let output = self.command(arguments).output().unwrap();
        let printed = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {printed}");
        output
    }

    /// Starts the broker and waits until it serves.
    fn serves(&self, arguments: &[&str]) -> Running {
        let mut child = Guard(self.command(arguments).spawn().unwrap());
        let mut lines = BufReader::new(child.0.stderr.take().unwrap());
        let mut log = String::new();
        while !log.contains("serving") {
            assert_ne!(lines.read_line(&mut log).unwrap(), 0, "{arguments:?} ended: {log}");
        }
        // The pipe stays open, so that the broker can write its log.
        child.0.stderr = Some(lines.into_inner());
        Running { child, log }
    }
}

/// A broker that serves, and its log until then.
struct Running {
    child: Guard,
    log: String,
}

impl Running {
    /// Returns the path outside the namespace of a path inside it.
    fn inside(&self, path: &str) -> PathBuf {
        Path::new("/proc").join(self.child.0.id().to_string()).join("root").join(path.trim_start_matches('/'))
    }

    /// Returns the command that plays a role of a test in the broker's namespace.
    fn enter(&self, test: &str, user: &str, role: &str, environment: &[(&str, &str)]) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-m", "-t", &self.child.0.id().to_string(), "setpriv"]).args(user.split(' '));
        command.args(["--", "/mnt/test", "--exact", test, "--nocapture"]);
        command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default()).env(ROLE, role);
        command.envs(environment.iter().copied()).stdout(Stdio::piped());
        command
    }

    /// Makes a call in the namespace, and returns "answered" or the error.
    fn client(&self, test: &str, user: &str, environment: &[(&str, &str)]) -> String {
        let output = self.enter(test, user, "client", environment).stderr(Stdio::piped()).output().unwrap();
        let printed = text(&output.stdout);
        let result =
            printed.lines().find_map(|line| line.split_once("RESULT ")).map(|(_, result)| result.to_owned());
        result.unwrap_or_else(|| panic!("{printed}{}", text(&output.stderr)))
    }
}

/// A process that is killed at the end of the test.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ended_already = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Plays the role that the environment names, and reports whether it names one.
fn play_role(roles: &[(&str, fn())]) -> bool {
    let Ok(name) = env::var(ROLE) else { return false };
    let (_, role) = roles.iter().find(|(known, _)| *known == name).unwrap();
    role();
    true
}

/// Connects to the socket that the environment names, and makes one call.
fn client() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let result = runtime.block_on(async {
        let client = Client::builder().connect().await?;
        client.hash_data(HashDataRequest::new("x").profile("Default")).await
    });
    match result {
        Ok(_) => println!("RESULT answered"),
        Err(error) => println!("RESULT {error}"),
    }
}

/// Replaces the broker's folder and socket, and listens until standard input ends.
fn impostor() {
    fs::rename("/mnt/vol/broker", "/mnt/vol/away").unwrap();
    fs::create_dir("/mnt/vol/broker").unwrap();
    fs::set_permissions("/mnt/vol/broker", fs::Permissions::from_mode(0o755)).unwrap();
    let socket = "/mnt/vol/broker/broker.sock";
    let _listener = UnixListener::bind(socket).unwrap();
    fs::set_permissions(socket, fs::Permissions::from_mode(0o666)).unwrap();
    println!("listening");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// Leaves a stale socket file that every user may connect to.
fn stale() {
    drop(UnixListener::bind("/tmp/cryptobroker.sock").unwrap());
    fs::set_permissions("/tmp/cryptobroker.sock", fs::Permissions::from_mode(0o666)).unwrap();
}

/// Reports whether this machine cannot run the test, and prints that without going through the test harness.
fn skipped(test: &str) -> bool {
    let can_unshare = || {
        let status =
            Command::new("unshare").args(["-m", "setpriv", "--version"]).stdout(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    let missing = match () {
        () if !rustix::process::geteuid().is_root() => "root",
        () if !can_unshare() => "unshare(1), setpriv(1) and the right to create a mount namespace",
        () => return false,
    };
    let message = format!("\n!!! SKIPPED: {test} needs {missing}\n");
    std::io::stderr().write_all(message.as_bytes()).unwrap();
    true
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
