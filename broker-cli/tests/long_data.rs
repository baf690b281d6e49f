//! Data that does not fit in a message: hashed, signed and verified in parts, from files and pipes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, missing_docs)]

mod support;

use std::{
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    process::Stdio,
};

use support::{Broker, entries, on_terminal, on_terminal_of, stderr, stdout};

const PROFILES: &str = "\
Profiles:
  - Name: Ecdsa
    API:
      HashData: { HashAlg: sha-256 }
      SignData:
        SigningMode: legacy
        SignAlg: ecdsa
        HashAlg: sha-256
        SignatureFormat: DER
        KeyConstraints: { ECDSA: { MinKeySize: 256, MaxKeySize: 521 } }
  - Name: MlDsa
    API:
      SignData:
        SigningMode: post-quantum
        SignAlg: ml-dsa-44
        SignatureFormat: RAW
        KeyConstraints: { ML-DSA-44: {} }
  - Name: Ed25519
    API:
      SignData:
        SigningMode: legacy
        SignAlg: ed25519
        SignatureFormat: RAW
        KeyConstraints: { Ed25519: {} }
";

const MIB: usize = 1 << 20;

/// Returns bytes that differ by position, so that parts in the wrong order are detected.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place ^ (place >> 8) ^ (place >> 16)) as u8).collect()
}

fn broker(length: usize) -> Broker {
    let broker = Broker::with(PROFILES);
    broker.write("data", bytes(length));
    broker
}

fn sha256(broker: &Broker) -> String {
    let text = stdout(&broker.openssl("dgst -sha256 -r data"));
    text.split(' ').next().unwrap().to_owned()
}

#[test]
fn long_files_and_pipes_have_the_hash_of_openssl() {
    // The lengths are one message, one byte more, and one that is not a multiple of a part.
    for length in [MIB, MIB + 1, 5 * MIB + 4321] {
        let broker = broker(length);
        let wanted = sha256(&broker);
        let hashed = broker.json(&["hash", "--profile", "Ecdsa", "--in", "data"]);
        assert_eq!(hashed["hashValueHex"], wanted, "{length}");
        assert_eq!(hashed["descriptor"]["algorithm"], "sha-256");
        for standard in [&["-"][..], &["--in", "-"], &["--file", "-"], &[]] {
            let standard = &[&["hash", "--profile", "Ecdsa"], standard].concat();
            let piped = broker.run_with(standard, &broker.read("data"));
            assert_eq!(stdout(&piped), format!("{wanted}\n"), "{}", stderr(&piped));
            assert!(piped.stderr.is_empty(), "{}", stderr(&piped));
        }
        let raw = broker.run(&["hash", "--profile", "Ecdsa", "--in", "data", "--format", "raw"]);
        assert_eq!(hex::encode(raw.stdout), wanted);
    }
}

#[test]
fn signs_and_verifies_long_files() {
    let broker = broker(3 * MIB + 7);
    let keygen = |profile: &str| {
        let files = ["--public-out", "pub", "--private-out", "key", "--force"];
        broker.text(&[&["keygen", "--profile", profile], &files[..]].concat());
    };
    let sign = ["--key", "key", "--in", "data", "--out", "sig"];
    let verify = ["--public-key", "pub", "--signature", "sig"];
    for (profile, format) in
        [("Ecdsa", "raw"), ("MlDsa", "raw"), ("MlDsa", "cms"), ("Ed25519", "cms"), ("Ecdsa", "der")]
    {
        keygen(profile);
        let options = ["--profile", profile, "--format", format];
        broker.text(&[&["sign-data"], &sign[..], &options].concat());
        assert_eq!(
            broker.text(&[&["verify-data", "--in", "data"], &verify[..], &options].concat()),
            "valid\n"
        );
        let mut other = broker.read("data");
        other[2 * MIB] ^= 1;
        let arguments = [&["verify-data"], &verify[..], &options].concat();
        let wrong = broker.run_with(&arguments, &other);
        assert_eq!(
            (wrong.status.code(), stdout(&wrong)),
            (Some(4), "invalid\n".into()),
            "{}",
            stderr(&wrong)
        );
        let right = broker.run_with(&arguments, &broker.read("data"));
        assert_eq!((right.status.code(), stdout(&right)), (Some(0), "valid\n".into()), "{}", stderr(&right));
    }
    let verified = broker.openssl("dgst -sha256 -verify pub -signature sig data");
    assert_eq!(stdout(&verified), "Verified OK\n", "{}", stderr(&verified));
    // Ed25519 reads its message twice, which is impossible with a stream.
    keygen("Ed25519");
    std::fs::remove_file(broker.path("sig")).unwrap();
    let error = broker.error(1, &[&["sign-data", "--profile", "Ed25519"], &sign[..]].concat());
    assert_eq!(error["code"], "FAILED_PRECONDITION", "{error}");
    assert!(error["message"].as_str().unwrap().contains("CMS"), "{error}");
    let told = broker.run(&[&["sign-data", "--profile", "Ed25519"], &sign[..]].concat());
    assert!(stderr(&told).contains("data of more than 1 MiB needs --format cms"), "{}", stderr(&told));
    assert!(!broker.path("sig").exists());
}

#[test]
fn refusal_arrives_before_the_pipe_ends() {
    let broker = broker(0);
    let mut command = broker.command(&["hash", "--profile", "Nope", "-", "--output", "json"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    // The pipe stays open, and its reader waits for more data.
    pipe.write_all(&bytes(MIB + 1)).unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(support::json(line.as_bytes())["error"]["code"], "NOT_FOUND");
    assert_eq!(child.wait().unwrap().code(), Some(1));
    drop(pipe);
}

/// A proxy of the broker's socket, by which a test knows that a file was opened: no call is made before.
fn when_asked(broker: &Broker, then: impl FnOnce() + Send + 'static) {
    let listener = UnixListener::bind(broker.path("before")).unwrap();
    let behind = broker.path("s");
    std::thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        then();
        let server = UnixStream::connect(behind).unwrap();
        let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        std::thread::spawn(move || drop(std::io::copy(&mut from, &mut to)));
        drop(std::io::copy(&mut &client, &mut &server));
    });
}

#[test]
fn fails_when_a_file_changes_while_it_is_read() {
    let grow = |path: &Path| OpenOptions::new().append(true).open(path).unwrap().write_all(b"more").unwrap();
    let shrink = |path: &Path| File::options().write(true).open(path).unwrap().set_len(40 << 20).unwrap();
    for (how, change) in [("grown", &grow as &(dyn Fn(&Path) + Sync)), ("shrunk", &shrink)] {
        for command in
            [&["hash", "--in", "data"][..], &["sign-data", "--key", "key", "--out", "sig", "--in", "data"]]
        {
            let broker = broker(0);
            broker.text(&["keygen", "--profile", "Ecdsa", "--public-out", "pub", "--private-out", "key"]);
            // The file is much longer than what is read ahead.
            File::create(broker.path("data")).unwrap().set_len(64 << 20).unwrap();
            let (asked, wait) = std::sync::mpsc::channel();
            let (done, go_on) = std::sync::mpsc::channel();
            when_asked(&broker, move || {
                asked.send(()).unwrap();
                go_on.recv().unwrap();
            });
            let mut child = support::cryptobroker()
                .current_dir(broker.folder.path())
                .args(command)
                .args(["--profile", "Ecdsa", "--output", "json", "--socket"])
                .arg(broker.path("before"))
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            wait.recv().unwrap();
            change(&broker.path("data"));
            done.send(()).unwrap();
            let mut line = String::new();
            BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
            assert_eq!(child.wait().unwrap().code(), Some(1), "{line}");
            let error = &support::json(line.as_bytes())["error"];
            assert_eq!(error["code"], "IO");
            let why = format!(
                "cannot read data: has {how} while it was read: it had 67108864 bytes when it was opened"
            );
            assert_eq!(error["message"], why);
            assert!(!broker.path("sig").exists());
        }
    }
}

#[test]
fn loop_over_a_long_file_has_constant_memory() {
    let broker = broker(0);
    File::create(broker.path("data")).unwrap().set_len(192 << 20).unwrap();
    let wanted = sha256(&broker);
    let arguments = ["hash", "--profile", "Ecdsa", "--in", "data", "--loop", "1"];
    let mut child = broker.command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        assert_eq!(lines.next().unwrap().unwrap(), wanted);
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let most: u64 = most.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(most < 64 << 10, "{most} kB");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn progress_bar_fits_its_terminal() {
    let broker = broker(24 * MIB);
    let file = ["hash", "--profile", "Ecdsa", "--in", "data"];
    for columns in [20, 71, 72, 80, 200] {
        let (shown, _) = on_terminal_of(columns, broker.command(&file), false, b"");
        let lines = shown.split(['\r', '\n']).map(|line| line.trim_start_matches("\u{1b}[2K"));
        let widest = lines.map(|line| line.chars().count()).max().unwrap();
        assert!(shown.contains('%') && widest <= usize::from(columns), "{columns}: {shown:?}");
        assert_eq!(shown.contains('━'), columns >= 72, "{columns}: {shown:?}");
    }
}

#[test]
fn progress_is_shown_only_on_a_terminal() {
    let broker = broker(24 * MIB);
    let wanted = sha256(&broker);
    let file = ["hash", "--profile", "Ecdsa", "--in", "data"];
    // Standard output may be redirected.
    let (shown, output) = on_terminal(broker.command(&file), false, b"");
    assert!(shown.contains(" of 24.00 MiB") && shown.contains("left"), "{shown:?}");
    assert_eq!(stdout(&output), format!("{wanted}\n"));
    // The length of a pipe is not known.
    let (shown, output) =
        on_terminal(broker.command(&["hash", "--profile", "Ecdsa", "-"]), false, &broker.read("data"));
    assert!(shown.contains("MiB/s") && !shown.contains("left"), "{shown:?}");
    assert_eq!(stdout(&output), format!("{wanted}\n"));
    let (shown, _) = on_terminal(broker.command(&[&file[..], &["--output", "json"]].concat()), false, b"");
    assert_eq!(shown, "");
    // Data that fits in a message gets no bar.
    broker.write("data", "short");
    let (shown, _) = on_terminal(broker.command(&file), false, b"");
    assert_eq!(shown, "");
    assert!(broker.run(&file).stderr.is_empty());
    assert_eq!(entries(broker.folder.path()), 4);
}
