//! After a call with a secret in it, the secret is nowhere in the server's memory.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom},
};

use broker_proto::v1::{self, info_service_client::InfoServiceClient, kem_service_client::KemServiceClient};
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

#[tokio::test]
async fn decapsulation_keys_and_shared_secrets_leave_no_copy() {
    // ML-KEM-1024 has the largest arrays; X-Wing has all the others'.
    let cases: Vec<(String, &str, &str)> = ["native", "aws-lc"]
        .iter()
        .flat_map(|library| {
            ["ml-kem-1024", "x-wing"].map(|name| (format!("{name}-{library}"), *library, name))
        })
        .collect();
    let mut text = String::from("Profiles:\n");
    for (profile, library, name) in &cases {
        text += &format!(
            "  - {{ Name: {profile}, CryptoLibrary: {library}, API: {{ KEM: {{ KemAlg: {name}, AllowSeed: true }} }} }}\n"
        );
    }
    let folder = support::private_folder();
    std::fs::write(folder.path().join("Profiles.yaml"), text).unwrap();
    let broker = Broker::start(&["--dev", "--profiles-dir", folder.path().to_str().unwrap()]);
    let channel = broker.channel().await;
    let (mut client, mut info) = (KemServiceClient::new(channel.clone()), InfoServiceClient::new(channel));
    let source = |key: &[u8]| {
        let mut source = v1::KeySource::default();
        source.source = Some(v1::key_source::Source::RawKey(key.to_vec()));
        Some(source)
    };
    for (index, (profile, _, name)) in cases.iter().enumerate() {
        let mut leaks: Vec<(&'static str, Vec<u8>)> = Vec::new();
        let length = if *name == "x-wing" { 32 } else { 64 };
        let seed: Vec<u8> = (0..length).map(|at| (at * at * 37 + at * 11 + index * 50 + 5) as u8).collect();
        let mut generate = v1::GenerateKeyPairRequest::default();
        generate.profile.clone_from(profile);
        generate.seed = Some(seed.clone());
        let (mut public, mut forms) = (Vec::new(), Vec::new());
        for encoding in [3, 2, 1] {
            generate.key_encoding = encoding;
            let pair = client.generate_key_pair(generate.clone()).await.unwrap().into_inner();
            public.clone_from(&pair.public_key);
            forms.push(pair.private_key.clone());
        }
        leaks.push(("PEM", forms[0][64..88].to_vec()));
        if *name == "ml-kem-1024" {
            let expanded = expanded(&seed);
            leaks.push(("expanded key, as numbers", numbers(&expanded[..12])));
            forms.push(expanded);
        }
        let encapsulate =
            v1::EncapsulateRequest { profile: profile.clone(), key_source: source(&public), metadata: None };
        for (round, form) in forms.iter().cycle().take(16).enumerate() {
            let closed = client.encapsulate(encapsulate.clone()).await.unwrap().into_inner();
            let request = v1::DecapsulateRequest {
                profile: profile.clone(),
                key_source: source(form),
                ciphertext: closed.ciphertext.clone(),
                metadata: None,
            };
            let opened = client.decapsulate(request).await.unwrap().into_inner();
            assert_eq!(opened.shared_secret, closed.shared_secret);
            if round == 15 {
                leaks.push(("the last shared secret", opened.shared_secret[..16].to_vec()));
            }
        }
        leaks.push(("seed, first half", seed[..16].to_vec()));
        leaks.push(("seed, second half", seed[length - 16..].to_vec()));
        // The connection stays open, which keeps its buffers alive. This call comes after what the last one left there was
        // wiped, and its work is not on the threads of the compute pool: their stacks are as the last one left them.
        info.get_info(v1::GetInfoRequest::default()).await.unwrap();
        let leaks = Leaks(leaks.iter().map(|(what, bytes)| (*what, &bytes[..])).collect());
        assert_eq!(leaks.found_in(broker.pid(), b"ml-kem-1024-native"), NONE, "{profile}");
    }
}

/// The numbers of 12 bits in `packed`, 16 bits each.
fn numbers(packed: &[u8]) -> Vec<u8> {
    let pair = |triple: &[u8]| {
        let [a, b, c] = [0, 1, 2].map(|index| u16::from(triple[index]));
        [a | (b & 0xf) << 8, b >> 4 | c << 4].map(u16::to_le_bytes).concat()
    };
    packed.chunks(3).flat_map(pair).collect()
}

/// The expanded form of a decapsulation key.
#[allow(deprecated)] // the form, which the crate advises against
fn expanded(seed: &[u8]) -> Vec<u8> {
    use ml_kem::{ExpandedKeyEncoding as _, ml_kem_1024::DecapsulationKey};
    DecapsulationKey::from_seed(seed.try_into().unwrap()).to_expanded_bytes().to_vec()
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
