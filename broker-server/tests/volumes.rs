//! Sockets on volumes as Kubernetes mounts them, and in folders that several users share: real users, in a mount namespace
//! of their own. That needs root; elsewhere each test says that it was skipped.

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

/// Tells a test that it is running once more, inside a namespace, and which part it has there.
const PART: &str = "BROKER_VOLUMES_PART";

/// What every namespace has: a folder that all users can read, with the broker and this program in it.
const STAGE: &str = r#"
set -e
mount -t tmpfs -o mode=0755 stage /mnt
touch /mnt/broker /mnt/test
mount --bind "$BROKER" /mnt/broker
mount --bind "$TEST" /mnt/test
"#;

/// The volume of the Open Crypto Broker's operator: an emptyDir in a folder that the image has.
const OPERATOR: &str = r#"
mount -t tmpfs -o mode=0755 tmp /tmp
mkdir /tmp/open-crypto-broker
mount -t tmpfs -o "$VOLUME" volume /tmp/open-crypto-broker
mount -o remount,ro /tmp
"#;

/// A volume for two containers.
const SHARED: &str = "mkdir /mnt/vol; mount -t tmpfs -o mode=0777 volume /mnt/vol";

const USER: &str = "--reuid=1000 --regid=1000 --clear-groups";

#[test]
fn serves_in_the_layout_of_the_operator() {
    if part(&[("client", client)]) || skipped("serves_in_the_layout_of_the_operator") {
        return;
    }
    for volume in ["mode=0777", "mode=2777,gid=3000"] {
        let pod = Pod { setup: OPERATOR, volume, user: USER };
        let check = pod.ends(&["--check"], 0);
        let report = text(&check.stdout);
        assert!(report.contains("others can write to the folder /tmp/open-crypto-broker"), "{report}");
        assert!(report.contains("uid 1000 cannot make anything in the folder /tmp:"), "{report}");

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

        let client = |environment| running.client("serves_in_the_layout_of_the_operator", USER, environment);
        assert_eq!(client(&[]), "answered");
        let strict = client(&[("CRYPTO_BROKER_SOCKET_FOLDER_CHECK", "strict")]);
        assert!(strict.contains("the folder /tmp/open-crypto-broker of the socket"), "{strict}");
    }
}

#[test]
fn refuses_the_default_sockets_where_asked_to_be_strict() {
    if skipped("refuses_the_default_sockets_where_asked_to_be_strict") {
        return;
    }
    let pod = Pod { setup: OPERATOR, volume: "mode=0777", user: USER };
    for arguments in
        [&["--socket-folder-check", "strict"][..], &["--socket-folder-check", "strict", "--check"]]
    {
        let output = pod.ends(arguments, 1);
        assert!(text(&output.stderr).contains("sticky"), "{}", text(&output.stderr));
    }
}

#[test]
fn refuses_a_volume_of_another_user() {
    if skipped("refuses_a_volume_of_another_user") {
        return;
    }
    for volume in ["mode=0777,uid=2000", "mode=0755,uid=2000"] {
        let pod = Pod { setup: OPERATOR, volume, user: USER };
        for arguments in [&["--check"][..], &[]] {
            let output = pod.ends(arguments, 1);
            assert!(text(&output.stderr).contains("belongs to uid 2000"), "{}", text(&output.stderr));
        }
    }
}

#[test]
fn makes_its_folder_in_a_volume_that_is_mounted_at_tmp() {
    if part(&[("client", client)]) || skipped("makes_its_folder_in_a_volume_that_is_mounted_at_tmp") {
        return;
    }
    let pod = Pod { setup: r#"mount -t tmpfs -o "$VOLUME" volume /tmp"#, volume: "mode=0777", user: USER };
    let running = pod.serves(&[]);
    let warnings = running.log.lines().filter(|line| line.contains("WARN")).count();
    assert_eq!(warnings, 1, "{}", running.log);
    assert!(running.log.contains("others can write to the folder /tmp "), "{}", running.log);
    let folder = fs::metadata(running.inside("/tmp/open-crypto-broker")).unwrap();
    assert_eq!((folder.uid(), folder.permissions().mode() & 0o7777), (1000, 0o700));
    let test = "makes_its_folder_in_a_volume_that_is_mounted_at_tmp";
    for socket in ["/tmp/cryptobroker.sock", "/tmp/open-crypto-broker/crypto-broker-server.sock"] {
        assert_eq!(running.client(test, USER, &[("CRYPTO_BROKER_SOCKET", socket)]), "answered", "{socket}");
    }
}

#[test]
fn serves_a_named_socket_on_a_writable_volume_only_where_asked_to() {
    if skipped("serves_a_named_socket_on_a_writable_volume_only_where_asked_to") {
        return;
    }
    let pod = Pod { setup: SHARED, volume: "", user: USER };
    let socket = ["--socket", "/mnt/vol/s"];
    let refused = text(&pod.ends(&socket, 1).stderr);
    assert!(
        refused.contains("/mnt/vol (mode 0777)") && refused.contains("--socket-folder-check"),
        "{refused}"
    );
    let warn = [&socket[..], &["--socket-folder-check", "warn"]].concat();
    for check in [&["--check"][..], &[]] {
        let output = pod.ends(&[&warn[..], &["--socket-group", "4242"], check].concat(), 1);
        assert!(text(&output.stderr).contains("not in the group 4242"), "{}", text(&output.stderr));
    }
    let running = pod.serves(&warn);
    assert_eq!(running.log.lines().filter(|line| line.contains("WARN")).count(), 1, "{}", running.log);
}

#[test]
fn looks_up_to_the_mount_point_of_a_volume_that_is_let_through() {
    if skipped("looks_up_to_the_mount_point_of_a_volume_that_is_let_through") {
        return;
    }
    let folders = "mkdir -p /mnt/theirs/vol; chown 2000 /mnt/theirs; chmod 0777 /mnt/theirs/vol";
    let arguments = ["--socket=/mnt/theirs/vol/own/s", "--socket-folder-check=warn"];
    let no_volume = Pod { setup: folders, volume: "", user: USER };
    let refused = text(&no_volume.ends(&arguments, 1).stderr);
    assert!(refused.contains("/mnt/theirs belongs to uid 2000"), "{refused}");
    let setup = format!("{folders}; mount -t tmpfs -o mode=0777 volume /mnt/theirs/vol");
    let running = Pod { setup: &setup, volume: "", user: USER }.serves(&arguments);
    assert!(running.log.contains("others can write to the folder /mnt/theirs/vol "), "{}", running.log);
    // A link that leads to the volume is judged all the same.
    let setup = format!("{setup}; ln -s vol /mnt/theirs/link; chown -h 2000 /mnt/theirs/link");
    let linked = Pod { setup: &setup, volume: "", user: USER };
    let refused =
        text(&linked.ends(&["--socket=/mnt/theirs/link/s", "--socket-folder-check=warn"], 1).stderr);
    assert!(refused.contains("the symbolic link /mnt/theirs/link belongs to uid 2000"), "{refused}");
}

#[test]
fn two_containers_of_different_users_share_a_volume() {
    let test = "two_containers_of_different_users_share_a_volume";
    if part(&[("client", client), ("impostor", impostor)]) || skipped(test) {
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
    let kept =
        |path| fs::metadata(running.inside(path)).map(|it| (it.uid(), it.gid(), it.mode() & 0o7777)).unwrap();
    assert_eq!(kept("/mnt/vol/broker"), (10001, 10000, 0o710));
    assert_eq!(kept("/mnt/vol/broker/broker.sock"), (10001, 10000, 0o660));

    let socket = ("CRYPTO_BROKER_SOCKET", "unix:///mnt/vol/broker/broker.sock");
    let uid = ("CRYPTO_BROKER_SERVER_UID", "10001");
    let warn = ("CRYPTO_BROKER_SOCKET_FOLDER_CHECK", "warn");
    assert_eq!(running.client(test, application, &[socket, uid, warn]), "answered");
    let unnamed = running.client(test, application, &[socket, warn]);
    assert!(
        unnamed.contains("runs as uid 10001") && unnamed.contains("CRYPTO_BROKER_SERVER_UID"),
        "{unnamed}"
    );
    let strict = running.client(test, application, &[socket, uid]);
    assert!(strict.contains("the folder /mnt/vol of the socket"), "{strict}");

    // Whoever can write to the volume can put a folder of its own in the place of the broker's. The folder above is let
    // through, and the uid alone tells the client.
    let other = "--reuid=10003 --regid=10003 --groups=10000";
    let impostor = running.enter(test, other, "impostor", &[]).stdin(Stdio::piped()).spawn().unwrap();
    let mut impostor = Guard(impostor);
    let mut lines = BufReader::new(impostor.0.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("listening")), "the impostor has ended");
    let caught = running.client(test, application, &[socket, uid, warn]);
    assert!(caught.contains("runs as uid 10003"), "{caught}");
}

#[test]
fn serves_the_other_default_socket_where_a_stranger_has_left_something() {
    let test = "serves_the_other_default_socket_where_a_stranger_has_left_something";
    if part(&[("stale", stale)]) || skipped(test) {
        return;
    }
    let left = |what: &str| {
        format!(
            "mount -t tmpfs -o mode=1777 tmp /tmp; setpriv --reuid=2000 --regid=2000 --clear-groups -- {what}"
        )
    };
    let socket = format!("env {PART}=stale /mnt/test --exact {test} --nocapture >/dev/null");
    for (what, said, served) in [
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
        let setup = left(what);
        let pod = Pod { setup: &setup, volume: "", user: USER };
        let report = text(&pod.ends(&["--check"], 0).stdout);
        assert!(report.contains(said), "{report}");
        let running = pod.serves(&[]);
        let warnings: Vec<&str> = running.log.lines().filter(|line| line.contains("WARN")).collect();
        assert!(warnings.len() == 1 && warnings[0].contains(said), "{}", running.log);
        assert!(running.inside(served).exists(), "{served}");
    }
    let setup = left("touch /tmp/cryptobroker.sock.lock");
    let named = Pod { setup: &setup, volume: "", user: USER };
    let refused = text(&named.ends(&["--socket", "/tmp/cryptobroker.sock"], 1).stderr);
    assert!(refused.contains("uid 2000") && refused.contains("remove it"), "{refused}");
}

/// A mount namespace, and the user that the broker has in it.
struct Pod<'a> {
    /// Commands of a shell that mount what is to be mounted.
    setup: &'a str,
    /// The mount options that `setup` knows as `$VOLUME`.
    volume: &'a str,
    /// Options of setpriv(1).
    user: &'a str,
}

impl Pod<'_> {
    /// The broker with these arguments, in a namespace of its own.
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

    fn ends(&self, arguments: &[&str], code: i32) -> Output {
        let output = self.command(arguments).output().unwrap();
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        output
    }

    fn serves(&self, arguments: &[&str]) -> Running {
        let mut child = Guard(self.command(arguments).spawn().unwrap());
        let mut lines = BufReader::new(child.0.stderr.take().unwrap());
        let mut log = String::new();
        while !log.contains("serving") {
            assert_ne!(lines.read_line(&mut log).unwrap(), 0, "{arguments:?} ended: {log}");
        }
        // The pipe stays open: a broker whose log nobody can take is another test's matter.
        child.0.stderr = Some(lines.into_inner());
        Running { child, log }
    }
}

/// A broker that serves, and what it has logged until then.
struct Running {
    child: Guard,
    log: String,
}

impl Running {
    /// The path as it is seen from outside of the namespace.
    fn inside(&self, path: &str) -> PathBuf {
        Path::new("/proc").join(self.child.0.id().to_string()).join("root").join(path.trim_start_matches('/'))
    }

    /// This program once more, in the broker's namespace: one test and one of its parts.
    fn enter(&self, test: &str, user: &str, part: &str, environment: &[(&str, &str)]) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-m", "-t", &self.child.0.id().to_string(), "setpriv"]).args(user.split(' '));
        command.args(["--", "/mnt/test", "--exact", test, "--nocapture"]);
        command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default()).env(PART, part);
        command.envs(environment.iter().copied()).stdout(Stdio::piped());
        command
    }

    /// What a client in the namespace is answered, or its error.
    fn client(&self, test: &str, user: &str, environment: &[(&str, &str)]) -> String {
        let output = self.enter(test, user, "client", environment).stderr(Stdio::piped()).output().unwrap();
        let said = text(&output.stdout);
        let answer =
            said.lines().find_map(|line| line.split_once("RESULT ").map(|(_, answer)| answer.to_owned()));
        answer.unwrap_or_else(|| panic!("{said}{}", text(&output.stderr)))
    }
}

/// A process that ends with the test.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ended_already = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Plays a part inside a namespace where one is given, and returns whether there was one.
fn part(parts: &[(&str, fn())]) -> bool {
    let Ok(name) = env::var(PART) else { return false };
    let (_, play) = parts.iter().find(|(known, _)| *known == name).unwrap();
    play();
    true
}

/// Connects as the environment says, and makes one call.
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

/// Puts a folder and a socket of its own in the broker's place, and listens until its standard input ends.
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

/// Leaves a socket that everybody may connect to and on which nobody listens.
fn stale() {
    drop(UnixListener::bind("/tmp/cryptobroker.sock").unwrap());
    fs::set_permissions("/tmp/cryptobroker.sock", fs::Permissions::from_mode(0o666)).unwrap();
}

/// Whether this machine cannot run the test, which is then said where the test harness does not swallow it.
fn skipped(test: &str) -> bool {
    let makes_namespaces = || {
        let tried =
            Command::new("unshare").args(["-m", "setpriv", "--version"]).stdout(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    let missing = match () {
        () if !rustix::process::geteuid().is_root() => "root",
        () if !makes_namespaces() => "unshare(1), setpriv(1) and the right to make a mount namespace",
        () => return false,
    };
    let said = format!("\n!!! SKIPPED: {test} needs {missing}\n");
    std::io::stderr().write_all(said.as_bytes()).unwrap();
    true
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
