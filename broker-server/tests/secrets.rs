//! After a call with a secret in it, the secret is nowhere in the server's memory.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom},
};

use broker_proto::v1;
use support::{
    Broker,
    aead::{decrypt_request, encrypt_request, profiles, shapes},
    pki,
};

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
        // The private value: the scalar of SEC1, or a prime's part of PKCS#1.
        let secret = if kind == "p-384" { &der[35..35 + 48] } else { &der[800..900] };
        let line = ca.key.lines().nth(2).unwrap();
        let mut reversed = secret.to_vec();
        reversed.reverse();
        let leaks = Leaks::of([
            ("DER", secret),
            ("PEM", line.as_bytes()),
            ("base64", &text.as_bytes()[64..128]),
            ("little-endian words", &reversed[..32]),
        ]);
        assert_eq!(leaks.found_in(broker.pid(), b"KSA-ADVANCED-2020"), NONE, "{kind}");
    }
}

#[tokio::test]
async fn a_symmetric_key_and_its_plaintext_leave_no_copy() {
    let profiles = profiles();
    let broker = Broker::start(&["--dev", "--profiles-dir", profiles.path().to_str().unwrap()]);
    let mut client = broker.crypto().await;
    // Nobody else's memory has these bytes, whatever part of them is looked for.
    let secret = |seed: u8, length: usize| -> Vec<u8> {
        (0..length)
            .map(|index| ((index * index * 31 + index * 7) as u8) ^ seed ^ ((index >> 8) as u8))
            .collect()
    };
    let (short, long) = (secret(0x3c, 100), secret(0xa5, 70_000));
    let whole = secret(0x77, 32);
    for shape in shapes().iter().filter(|shape| shape.tag_bits == 128) {
        let (profile, key) = (shape.profile(), &whole[..shape.key_bits / 8]);
        let nonce: &[u8] = if shape.nonce == "random" { &[] } else { &[9; 12] };
        for text in [&short, &long] {
            for _ in 0..5 {
                let request = encrypt_request(&profile, key, nonce, Some(b"data"), text);
                let mut sealed = client.encrypt_data(request).await.unwrap().into_inner();
                let opened = client.decrypt_data(decrypt_request(&profile, key, &sealed)).await.unwrap();
                assert_eq!(&opened.get_ref().plaintext, text);
                sealed.ciphertext[0] ^= 1;
                client.decrypt_data(decrypt_request(&profile, key, &sealed)).await.unwrap_err();
            }
        }
    }
    let request =
        v1::HashDataRequest { profile: "None".into(), input: "x".into(), metadata: None, output_format: 0 };
    client.hash_data(request).await.unwrap();
    // A block of the cipher is enough to be a leak.
    let leaks = Leaks::of([
        ("first half of the key", &whole[..16]),
        ("second half of the key", &whole[16..]),
        ("short plaintext, start", &short[..16]),
        ("short plaintext, middle", &short[48..64]),
        ("short plaintext, end", &short[84..]),
        ("long plaintext, start", &long[..16]),
        ("long plaintext, middle", &long[20_000..20_016]),
        ("long plaintext, end", &long[69_984..]),
    ]);
    assert_eq!(leaks.found_in(broker.pid(), b"chacha20-poly1305 256 128 random"), NONE);
}

const NONE: [(&str, usize); 0] = [];

/// Bytes that must not be in a process's memory, each with what they are.
struct Leaks<'a>(Vec<(&'static str, &'a [u8])>);

impl<'a> Leaks<'a> {
    fn of<const N: usize>(needles: [(&'static str, &'a [u8]); N]) -> Self {
        Self(needles.to_vec())
    }

    /// Those that stand in the writable memory of a process, and how often. That `witness` is found shows that the scan
    /// itself works.
    fn found_in(mut self, pid: u32, witness: &'a [u8]) -> Vec<(&'static str, usize)> {
        self.0.push(("witness", witness));
        let mut found = vec![0; self.0.len()];
        let maps = BufReader::new(File::open(format!("/proc/{pid}/maps")).unwrap());
        let mut memory = File::open(format!("/proc/{pid}/mem")).unwrap();
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
                for ((_, needle), found) in self.0.iter().zip(&mut found) {
                    *found += memchr::memmem::find_iter(&contents, needle).count();
                }
            }
        }
        assert!(found.pop() > Some(0), "the scan finds nothing at all");
        self.0.iter().map(|(what, _)| *what).zip(found).filter(|(_, found)| *found > 0).collect()
    }
}
