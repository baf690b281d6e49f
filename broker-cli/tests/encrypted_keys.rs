//! Encrypted private keys, whose password comes from a file or from the terminal, and `random`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, missing_docs)]

mod support;

use std::{
    fs::File,
    io::{Read as _, Write as _},
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal};
use support::{Broker, cryptobroker, json, stderr, stdout, terminal};

/// Starts a broker with a key in its folder: plain in `plain.key` and encrypted with the password `secret` in `enc.key`.
fn prepared() -> Broker {
    let broker = Broker::start();
    broker.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out plain.key");
    broker.openssl("pkcs8 -topk8 -in plain.key -out enc.key -passout pass:secret");
    broker.openssl("pkey -in plain.key -pubout -out key.pub");
    broker.write("password", "secret\nanother line\n");
    broker.write("data", "some data");
    broker
}

#[test]
fn every_command_takes_an_encrypted_key() {
    let broker = prepared();
    let password = ["--key-password-file", "password"];
    let run = |arguments: &[&str]| broker.text(&[arguments, &password].concat());
    run(&["sign-data", "--key", "enc.key", "--in", "data", "--out", "sig"]);
    broker.text(&["verify-data", "--public-key", "key.pub", "--in", "data", "--signature", "sig"]);

    broker.openssl("pkcs8 -topk8 -scrypt -in plain.key -outform DER -out enc.der -passout pass:secret");
    run(&["sign-data", "--key", "enc.der", "--in", "data", "--out", "sig"]);
    broker.text(&["verify-data", "--public-key", "key.pub", "--in", "data", "--signature", "sig"]);
    run(&["profiles", "explain", "--key", "enc.key"]);

    broker.openssl("req -x509 -new -key plain.key -out ca.pem -subj /CN=CA -days 30");
    broker.openssl("req -new -key plain.key -out app.csr -subj /CN=app");
    let sign =
        ["sign-certificate", "--csr", "app.csr", "--ca-cert", "ca.pem", "--out", "app.pem", "--ca-key"];
    run(&[&sign[..], &["enc.key"]].concat());
    run(&[&sign[..], &["enc.der"]].concat());
    assert_eq!(stdout(&broker.openssl("verify -CAfile ca.pem app.pem")), "app.pem: OK\n");

    run(&["csr", "create", "--key", "enc.key", "--subject", "CN=a", "--out", "new.csr"]);
    // A password for a key that is not encrypted is not needed.
    run(&["sign-data", "--key", "plain.key", "--in", "data", "--out", "sig"]);
}

#[test]
fn no_output_replaces_the_password_file() {
    let broker = prepared();
    for command in [
        &["csr", "create", "--key", "enc.key", "--subject", "CN=a"][..],
        &["sign-data", "--key", "enc.key", "--in", "data"],
    ] {
        let output =
            broker.run(&[command, &["--key-password-file", "password", "--out", "password"]].concat());
        assert!(!output.status.success(), "{command:?}");
        assert!(stderr(&output).contains("password"), "{}", stderr(&output));
        assert_eq!(broker.read("password"), b"secret\nanother line\n", "{command:?}");
    }
}

#[test]
fn decapsulation_takes_an_encrypted_key() {
    let broker = Broker::start();
    let keygen = [
        "kem",
        "keygen",
        "-p",
        "PQC-ML-DSA-65",
        "--format",
        "der",
        "--public-out",
        "kem.pub",
        "--private-out",
        "kem.der",
    ];
    broker.text(&keygen);
    // OpenSSL before 3.5 has no ML-KEM, but its cipher can be used with a key that it derives itself.
    let encrypted = pbes2(&broker.read("kem.der"), b"secret");
    broker.write("kem.enc", encrypted);
    broker.write("password", "secret");
    let profile = ["-p", "PQC-ML-DSA-65"];
    let run = |arguments: &[&str]| broker.text(&[arguments, &profile].concat());
    run(&["kem", "encapsulate", "--public-key", "kem.pub", "--ciphertext-out", "ct", "--secret-out", "ours"]);
    let theirs =
        ["kem", "decapsulate", "--ciphertext", "ct", "--secret-out", "theirs", "--private-key", "kem.enc"];
    run(&[&theirs[..], &["--key-password-file", "password"]].concat());
    assert_eq!(broker.read("ours"), broker.read("theirs"));
}

/// Encrypts a PrivateKeyInfo with PBKDF2 (one iteration, HMAC-SHA-256) and AES-128-CBC.
fn pbes2(key: &[u8], password: &[u8]) -> Vec<u8> {
    use aws_lc_rs::{cipher, iv::FixedLength, pbkdf2};
    let mut derived = [0; 16];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, 1.try_into().unwrap(), b"saltsalt", password, &mut derived);
    let mut ciphertext = key.to_vec();
    let cipher_key = cipher::UnboundCipherKey::new(&cipher::AES_128, &derived).unwrap();
    cipher::PaddedBlockEncryptingKey::cbc_pkcs7(cipher_key)
        .unwrap()
        .less_safe_encrypt(&mut ciphertext, cipher::EncryptionContext::Iv128(FixedLength::from([7; 16])))
        .unwrap();
    let tlv = |tag: u8, contents: &[&[u8]]| {
        let contents = contents.concat();
        let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
        let length = match contents.len() {
            short @ ..128 => vec![short as u8],
            128..256 => vec![0x81, length[1]],
            _ => vec![0x82, length[0], length[1]],
        };
        [&[tag][..], &length, &contents].concat()
    };
    let oid = |hex: &str| tlv(6, &[&hex::decode(hex).unwrap()]);
    let prf = tlv(0x30, &[&oid("2a864886f70d0209"), &[5, 0]]);
    let parameters = tlv(0x30, &[&tlv(4, &[b"saltsalt"]), &[2, 1, 1], &prf]);
    let derivation = tlv(0x30, &[&oid("2a864886f70d01050c"), &parameters]);
    let encryption = tlv(0x30, &[&oid("608648016503040102"), &tlv(4, &[&[7; 16]])]);
    let algorithm = tlv(0x30, &[&oid("2a864886f70d01050d"), &tlv(0x30, &[&derivation, &encryption])]);
    tlv(0x30, &[&algorithm, &tlv(4, &[&ciphertext])])
}

#[test]
fn wrong_passwords_and_unsupported_keys_have_the_reason() {
    let broker = prepared();
    broker.write("wrong", "Secret");
    broker.openssl("pkcs8 -topk8 -v2 des3 -in plain.key -out des.key -passout pass:secret");
    broker.openssl("ec -in plain.key -aes256 -out old.key -passout pass:secret");
    let both = [broker.read("enc.key"), broker.read("plain.key")].concat();
    broker.write("both.key", both);
    for (key, password, text) in [
        ("enc.key", "wrong", "the password is wrong"),
        ("des.key", "password", "Triple-DES"),
        ("old.key", "password", "traditional form"),
        ("both.key", "password", "more than one private key"),
    ] {
        let arguments =
            ["sign-data", "--key", key, "--key-password-file", password, "--in", "data", "--out", "sig"];
        let error = broker.error(1, &arguments);
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with(key) && message.contains(text), "{error}");
        assert_eq!(error["code"], "INVALID_ARGUMENT");
        assert!(!broker.path("sig").exists());
    }
    let arguments = ["sign-data", "--key", "enc.key", "--in", "data", "--out", "sig", "--key-password-file"];
    assert!(
        broker.error(1, &[&arguments[..], &["missing"]].concat())["message"]
            .as_str()
            .unwrap()
            .contains("missing")
    );
    assert_eq!(broker.error(2, &[&arguments[..], &["-"]].concat())["code"], "USAGE");
}

/// The program has no terminal in a session of its own.
#[test]
fn without_a_terminal_the_option_is_named() {
    let broker = prepared();
    let output = Command::new("setsid")
        .arg("-w")
        .arg(env!("CARGO_BIN_EXE_cryptobroker"))
        .args(["sign-data", "--key", "enc.key", "--in", "data", "--out", "sig", "--socket", "s"])
        .current_dir(broker.folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("--key-password-file"), "{}", stderr(&output));
}

/// `sign-data` under a shell whose controlling terminal is this one.
struct Session {
    screen: File,
    shell: Child,
    shown: Vec<u8>,
}

const PROMPT: &str = "Password of enc.key: ";

/// Reads what a terminal shows until it is enough.
fn read_until(screen: &mut File, shown: &mut Vec<u8>, is_enough: impl Fn(&str) -> bool) {
    let mut byte = [0];
    while !is_enough(&String::from_utf8_lossy(shown)) {
        screen.read_exact(&mut byte).unwrap();
        shown.extend(byte);
    }
}

impl Session {
    /// Starts the program, with standard streams that are no terminal, and waits for its question.
    fn start(broker: &Broker) -> Self {
        let (screen, program) = terminal(100);
        let script = "\"$@\" </dev/null 2>errors & echo pid $!.; wait $!; echo code $?.; read line";
        let mut command = Command::new("setsid");
        // The tests may run under `nohup`, whose programs ignore SIGHUP.
        command.args(["-c", "-w", "env", "--default-signal=HUP"]);
        command.args(["sh", "-c", script, "sh", env!("CARGO_BIN_EXE_cryptobroker")]);
        command.args([
            "sign-data",
            "--key",
            "enc.key",
            "--in",
            "data",
            "--out",
            "sig",
            "--quiet",
            "--socket",
            "s",
        ]);
        command.current_dir(broker.folder.path());
        command.stdin(program.try_clone().unwrap()).stdout(program.try_clone().unwrap()).stderr(program);
        let shell = command.spawn().unwrap();
        let mut session = Self { screen, shell, shown: Vec::new() };
        session.wait_for(PROMPT);
        session
    }

    /// Reads what is shown until it contains a text.
    fn wait_for(&mut self, text: &str) {
        self.wait_for_all(text, 1);
    }

    /// Reads what is shown until it contains a text that many times.
    fn wait_for_all(&mut self, text: &str, times: usize) {
        read_until(&mut self.screen, &mut self.shown, |shown| shown.matches(text).count() >= times);
    }

    fn text(&self) -> String {
        String::from_utf8(self.shown.clone()).unwrap()
    }

    fn type_in(&mut self, keys: &[u8]) {
        self.screen.write_all(keys).unwrap();
    }

    /// Reports whether the terminal shows what is typed.
    fn has_echo(&self) -> bool {
        let modes = rustix::termios::tcgetattr(&self.screen).unwrap().local_modes;
        modes.contains(rustix::termios::LocalModes::ECHO | rustix::termios::LocalModes::ICANON)
    }

    fn signal(&mut self, signal: Signal) {
        self.wait_for(".\r\n");
        let text = self.text();
        let pid = text.split_once("pid ").unwrap().1.split_once('.').unwrap().0.parse().unwrap();
        rustix::process::kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Waits until the program ends. Returns its code as the shell has it, and all that was shown before.
    fn end(mut self) -> (i32, String) {
        self.wait_for("code ");
        let before = self.text();
        self.shown.clear();
        self.wait_for(".\r\n");
        let code = self.text().split_once('.').unwrap().0.parse().unwrap();
        assert!(self.has_echo());
        self.type_in(b"\n");
        self.shell.wait().unwrap();
        (code, before.split_once("code ").unwrap().0.to_owned())
    }
}

/// Returns the exit code of a program to which `keys` are typed after its question, what the terminal shows, and standard error.
fn typed(broker: &Broker, keys: &[u8]) -> (i32, String, String) {
    let mut session = Session::start(broker);
    assert!(!session.has_echo());
    session.type_in(keys);
    let (code, shown) = session.end();
    let shown = shown.lines().filter(|line| !line.starts_with("pid ")).collect::<Vec<_>>().join("|");
    (code, shown, String::from_utf8(broker.read("errors")).unwrap())
}

#[test]
fn the_terminal_is_asked_without_an_echo() {
    let broker = prepared();
    let (code, shown, _) = typed(&broker, b"secrex\x7ft\n");
    assert_eq!(code, 0);
    assert!(shown.contains(PROMPT) && !shown.contains("secre"), "{shown}");
    broker.text(&["verify-data", "--public-key", "key.pub", "--in", "data", "--signature", "sig"]);
    let (code, shown, error) = typed(&broker, b"wrong\n");
    assert!(
        code == 1 && error.contains("the password is wrong") && !shown.contains("wrong"),
        "{shown} {error}"
    );
    let (code, _, error) = typed(&broker, b"sec\x03");
    assert!(code == 1 && error.contains("interrupted"), "{error}");
}

/// A signal takes effect when the terminal is as it was before.
#[test]
fn a_signal_restores_the_echo() {
    let broker = prepared();
    for signal in [Signal::TERM, Signal::HUP] {
        let mut session = Session::start(&broker);
        session.type_in(b"sec");
        assert!(!session.has_echo());
        session.signal(signal);
        let (code, shown) = session.end();
        assert_eq!(code, 128 + signal.as_raw(), "{shown}");
        assert!(!shown.contains("sec"), "{shown}");
    }
    // The shell ignores SIGINT for programs in the background, and a group without a shell's job control does not stop: after
    // both the question is asked again.
    for signal in [Signal::INT, Signal::TSTP] {
        let mut session = Session::start(&broker);
        session.type_in(b"wrong");
        session.signal(signal);
        session.wait_for_all(PROMPT, 2);
        assert!(!session.has_echo());
        session.type_in(b"secret\n");
        assert_eq!(session.end().0, 0, "{signal:?}");
    }
}

/// Without a terminal that controls the process, standard input is asked, and the question is on standard error.
#[test]
fn a_terminal_on_standard_input_is_asked() {
    let broker = prepared();
    let (mut screen, program) = terminal(100);
    // A session of its own, without a controlling terminal.
    let mut command = Command::new("setsid");
    command.arg("-w").arg(env!("CARGO_BIN_EXE_cryptobroker")).current_dir(broker.folder.path());
    command.args([
        "sign-data",
        "--key",
        "enc.key",
        "--in",
        "data",
        "--out",
        "sig",
        "--quiet",
        "--socket",
        "s",
    ]);
    command.stdin(program.try_clone().unwrap()).stdout(Stdio::null()).stderr(program);
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut shown = Vec::new();
    read_until(&mut screen, &mut shown, |shown| shown.ends_with(PROMPT));
    screen.write_all(b"secret\n").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    drop(screen.read_to_end(&mut shown));
    assert_eq!(String::from_utf8(shown).unwrap(), format!("{PROMPT}\r\n"));
}

#[test]
fn random_bytes_in_each_format() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let output =
            cryptobroker().arg("random").args(arguments).current_dir(folder.path()).output().unwrap();
        (output.status.code(), output)
    };
    let (code, output) = run(&[]);
    assert_eq!((code, hex::decode(stdout(&output).trim_end()).unwrap().len()), (Some(0), 32));
    let (_, other) = run(&[]);
    assert_ne!(output.stdout, other.stdout);
    assert_eq!(run(&["--length", "7", "--format", "raw"]).1.stdout.len(), 7);
    assert_eq!(stdout(&run(&["--length", "3", "--format", "base64"]).1).len(), 5);
    let value = json(&run(&["--length", "5", "--json"]).1.stdout);
    assert_eq!(value["hex"].as_str().unwrap().len(), 10);
    let value = json(&run(&["--length", "3", "--format", "raw", "--json"]).1.stdout);
    assert_eq!(value["base64"].as_str().unwrap().len(), 4);

    let value = json(&run(&["--format", "raw", "--out", "key", "--json"]).1.stdout);
    assert_eq!(value, serde_json::json!({ "random": { "file": "key", "bytes": 32 } }));
    let metadata = std::fs::metadata(folder.path().join("key")).unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!((metadata.len(), metadata.permissions().mode() & 0o777), (32, 0o600));
    assert_eq!(run(&["--out", "key"]).0, Some(2));
    assert_eq!(run(&["--out", "key", "--force"]).0, Some(0));
    for wrong in [&["--length", "0"][..], &["--length", "16777217"], &["--format", "octal"]] {
        assert_eq!(run(wrong).0, Some(2), "{wrong:?}");
    }
    let mut command = cryptobroker();
    command.args(["random", "--format", "raw"]);
    let (shown, output) = support::on_terminal(command, true, b"");
    assert!(output.status.code() == Some(2) && shown.contains("is a terminal"), "{shown}");
}
