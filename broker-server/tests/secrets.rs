//! After signing, the CA key is nowhere in the server's memory.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom},
};

use broker_proto::v1;
use support::{Broker, pki};

#[tokio::test]
async fn the_key_leaves_no_copy() {
    // `--dev` leaves the process readable for its own user; nothing else about secrets changes.
    let broker = Broker::start(&["--dev"]);
    let mut client = broker.crypto().await;
    for kind in ["p-384", "rsa-3072"] {
        let ca = pki::Ca::new(kind);
        let csr = pki::csr(ca.folder.path(), if kind == "p-384" { "p-256" } else { "rsa-3072" });
        let profile = if kind == "p-384" { "Default" } else { "FIPS-140-3-128bit" };
        for _ in 0..20 {
            client.sign_certificate(ca.request(profile, &csr)).await.unwrap();
        }
        // The connection stays open, which keeps its buffers alive. This call comes after what the last one left behind
        // was wiped, since both are the same thread's work.
        let request = v1::HashDataRequest {
            profile: "Default".into(),
            input: "x".into(),
            metadata: None,
            output_format: 0,
        };
        client.hash_data(request).await.unwrap();
        let der = pem::parse(&ca.key).unwrap().into_contents();
        let text: String = ca.key.lines().filter(|line| !line.starts_with('-')).collect();
        // The scan itself works: the profiles' text is there.
        assert!(copies(broker.pid(), b"KSA-ADVANCED-2020") > 0);
        // The private value: the scalar of SEC1, or a prime's part of PKCS#1.
        let secret = if kind == "p-384" { &der[35..35 + 48] } else { &der[800..900] };
        assert_eq!(copies(broker.pid(), secret), 0, "{kind}: DER");
        let line = ca.key.lines().nth(2).unwrap();
        assert_eq!(copies(broker.pid(), line.as_bytes()), 0, "{kind}: PEM");
        assert_eq!(copies(broker.pid(), &text.as_bytes()[64..128]), 0, "{kind}: base64");
        let mut reversed = secret.to_vec();
        reversed.reverse();
        assert_eq!(copies(broker.pid(), &reversed[..32]), 0, "{kind}: little-endian words");
    }
}

/// How often `needle` stands in the writable memory of a process.
fn copies(pid: u32, needle: &[u8]) -> usize {
    let maps = BufReader::new(File::open(format!("/proc/{pid}/maps")).unwrap());
    let mut memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let mut found = 0;
    for line in maps.lines() {
        let line = line.unwrap();
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next().unwrap(), words.next().unwrap());
        if !rights.starts_with("rw") || line.contains("[vvar") {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let [start, end] = [start, end].map(|number| u64::from_str_radix(number, 16).unwrap());
        let mut contents = vec![0; (end - start) as usize];
        memory.seek(SeekFrom::Start(start)).unwrap();
        // A mapping can go between the listing and the reading.
        if memory.read_exact(&mut contents).is_ok() {
            found += memchr::memmem::find_iter(&contents, needle).count();
        }
    }
    found
}
