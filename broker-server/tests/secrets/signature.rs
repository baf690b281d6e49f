//! Keys that sign messages and streams, and generated keys.

use broker_proto::v1::{
    self, sign_stream_request::Part, signature_key_service_client::SignatureKeyServiceClient,
    stream_service_client::StreamServiceClient,
};
use sha2::{Digest as _, Sha512};
use shake::digest::{ExtendableOutput as _, Update as _, XofReader as _};
use tempfile::TempDir;
use tokio_stream::wrappers::ReceiverStream;

use crate::{
    Leaks, secret,
    support::{bare_streams, reason, signing},
};

const WITNESS: &str = "native ecdsa sha-384";

/// Returns a key of each kind as text and DER, with the name of its profile without the library, and whether it can stream.
fn keys(folder: &TempDir, leaks: &mut Leaks) -> Vec<(&'static str, String, Vec<u8>, bool)> {
    let mut keys = Vec::new();
    for (kind, profile) in [
        ("p-224", "ecdsa sha-256"),
        ("p-256", "ecdsa sha-256"),
        ("p-384", "ecdsa sha-384"),
        ("p-521", "ecdsa sha-512"),
        ("rsa-2048", "rsa sha-256"),
        ("rsa-3072", "rsa-pss sha-384"),
        ("ed25519", "ed25519"),
    ] {
        signing::key(folder.path(), kind);
        let text = std::fs::read_to_string(folder.path().join(format!("{kind}.key"))).unwrap();
        let der = pem::parse(&text).unwrap().into_contents();
        if kind == "ed25519" {
            leaks.bytes(kind, &der[16..]);
            let expanded = Sha512::digest(&der[16..]);
            leaks.bytes("ed25519, scalar", &expanded[1..31]);
            leaks.bytes("ed25519, prefix", &expanded[32..]);
        } else {
            leaks.numbers(kind, &der);
        }
        // The text also contains the public key, after the private one.
        let private = if kind.starts_with("rsa") {
            text.clone()
        } else {
            text.lines().take(2).collect::<Vec<_>>().join("\n")
        };
        leaks.pem(kind, &private);
        keys.push((profile, text, der, kind != "ed25519"));
    }
    keys
}

#[tokio::test]
async fn keys_that_sign_data_leave_no_copy() {
    let (broker, folder) = signing::broker("", &["--dev"]);
    let (mut leaks, mut clients) = (Leaks::default(), Vec::new());
    let keys = keys(&folder, &mut leaks);
    for library in signing::LIBRARIES {
        for (profile, text, der, _) in &keys {
            let profile = format!("{library} {profile}");
            let other = if profile.contains("rsa") { "native ecdsa sha-256" } else { "native rsa sha-256" };
            for key in [text.as_bytes(), &der[..]] {
                let mut client = broker.crypto().await;
                for format in [signing::DER, signing::CMS, signing::RAW, signing::PEM] {
                    signing::sign(&mut client, &profile, key, b"x", format).await.unwrap();
                }
                signing::sign(&mut client, &profile, key, &[7; 100_000], signing::CMS).await.unwrap();
                clients.push(client);
                // Requests that policy denies, with an unknown profile, or malformed.
                let mut client = broker.crypto().await;
                signing::sign(&mut client, other, key, b"x", 0).await.unwrap_err();
                signing::sign(&mut client, "none", key, b"x", 0).await.unwrap_err();
                signing::sign(&mut client, &profile, key, b"x", 77).await.unwrap_err();
                signing::sign(&mut client, &profile, &key[..key.len() - 1], b"x", 0).await.err();
                signing::sign(&mut client, &profile, &[key, key].concat(), b"x", 0).await.err();
                clients.push(client);
            }
        }
    }
    leaks.assert_gone(&broker, WITNESS);
}

/// Generates keys in each encoding, some of them from seeds.
#[tokio::test]
async fn generated_keys_leave_no_copy() {
    let (broker, _folder) = signing::broker("", &["--dev"]);
    let (mut leaks, mut clients) = (Leaks::default(), Vec::new());
    for (index, (profile, seeded)) in [
        ("native ecdsa sha-256", false),
        ("aws-lc rsa sha-256", false),
        ("native ed25519", true),
        ("native ml-dsa-44", true),
        ("aws-lc ml-dsa-65", true),
        ("aws-lc ml-dsa-87", true),
    ]
    .into_iter()
    .enumerate()
    {
        for encoding in [1, 2, 3] {
            if encoding == 1 && !seeded {
                continue;
            }
            for seed in [None, Some(secret(300 + index as u64, 32))].into_iter().take(1 + usize::from(seeded))
            {
                let what = format!("{profile} {encoding} {}", seed.is_some());
                let mut client = SignatureKeyServiceClient::new(broker.channel().await);
                let mut request = v1::GenerateKeyPairRequest::default();
                request.profile = profile.to_owned();
                request.seed = seed;
                request.key_encoding = encoding;
                let pair = client.generate_key_pair(request).await.unwrap().into_inner();
                clients.push(client);
                let der = match encoding {
                    3 => {
                        let text = std::str::from_utf8(&pair.private_key).unwrap();
                        let private = if profile.contains("ecdsa") {
                            text.lines().take(2).collect::<Vec<_>>().join("\n")
                        } else {
                            text.to_owned()
                        };
                        leaks.pem(&what, &private);
                        pem::parse(text).unwrap().into_contents()
                    }
                    _ => pair.private_key.clone(),
                };
                if !seeded {
                    leaks.numbers(&what, &der);
                    continue;
                }
                let seed = &der[der.len() - 32..];
                leaks.bytes(&what, seed);
                if let Some(set) = profile.split("ml-dsa-").nth(1) {
                    // The seeds of FIPS 204 algorithm 6 without the public one.
                    let [k, l] = match set {
                        "44" => [4, 4],
                        "65" => [6, 5],
                        _ => [8, 7],
                    };
                    let mut expanded = [0; 128];
                    shake::Shake256::default().chain(seed).chain([k, l]).finalize_xof().read(&mut expanded);
                    leaks.bytes(&format!("{what}, expanded"), &expanded[32..]);
                }
                // The key also signs, on a connection of its own.
                let mut client = broker.crypto().await;
                let key = if encoding == 1 { &[][..] } else { &pair.private_key };
                if encoding != 1 {
                    signing::sign(&mut client, profile, key, b"x", 0).await.unwrap();
                    signing::sign(&mut client, profile, key, b"x", signing::CMS).await.unwrap();
                }
                clients.push(SignatureKeyServiceClient::new(broker.channel().await));
                std::mem::forget(client);
            }
        }
    }
    leaks.assert_gone(&broker, WITNESS);
}

fn header(profile: &str, key: &[u8]) -> v1::SignStreamRequest {
    let header = v1::SignStreamHeader {
        profile: profile.into(),
        key_source: signing::source(key),
        signature_format: 0,
        metadata: None,
        context: None,
    };
    v1::SignStreamRequest { part: Some(Part::Header(header)) }
}

#[tokio::test]
async fn streams_leave_no_copy_of_their_key() {
    let (broker, folder) = signing::broker("", &["--dev"]);
    let (mut leaks, mut clients) = (Leaks::default(), Vec::new());
    for library in signing::LIBRARIES {
        for (profile, text, der, streams) in keys(&folder, &mut leaks) {
            for key in [text.as_bytes(), &der[..]] {
                for parts in [0, 1, 40] {
                    let mut client = StreamServiceClient::new(broker.channel().await);
                    let part = || v1::SignStreamRequest { part: Some(Part::Data(vec![7; 30_000].into())) };
                    let header = header(&format!("{library} {profile}"), key);
                    let messages =
                        std::iter::once(header).chain((0..parts).map(|_| part())).collect::<Vec<_>>();
                    let answer = client.sign_stream(tokio_stream::iter(messages)).await;
                    assert_eq!(answer.is_ok(), streams, "{profile}");
                    clients.push(client);
                }
            }
        }
    }
    leaks.assert_gone(&broker, WITNESS);
}

/// The numbers of a key in use are in memory, but the message that contained the key is not.
#[tokio::test]
async fn open_stream_keeps_no_copy_of_its_header() {
    let (broker, folder) = signing::broker("", &["--dev"]);
    let (mut leaks, mut in_use, mut open) = (Leaks::default(), Leaks::default(), Vec::new());
    for (kind, profile) in [
        ("p-384", "native ecdsa sha-384"),
        ("rsa-3072", "aws-lc rsa sha-256"),
        ("p-521", "aws-lc ecdsa sha-512"),
    ] {
        signing::key(folder.path(), kind);
        let text = std::fs::read_to_string(folder.path().join(format!("{kind}.key"))).unwrap();
        let private = if kind.starts_with("rsa") {
            text.clone()
        } else {
            text.lines().take(2).collect::<Vec<_>>().join("\n")
        };
        leaks.pem(kind, &private);
        in_use.words(kind, &pem::parse(&text).unwrap().into_contents());
        for parts in [0, 1] {
            let mut client = bare_streams(&broker.socket).await;
            let (sender, messages) = tokio::sync::mpsc::channel(4);
            sender.send(header(profile, text.as_bytes())).await.unwrap();
            for _ in 0..parts {
                sender
                    .send(v1::SignStreamRequest { part: Some(Part::Data(vec![7; 10].into())) })
                    .await
                    .unwrap();
            }
            let call = tokio::spawn(async move { client.sign_stream(ReceiverStream::new(messages)).await });
            open.push((sender, call));
        }
    }
    // Once the key's numbers are in memory, its header has been read.
    in_use.assert_present(&broker, WITNESS, 1);
    leaks.assert_gone(&broker, WITNESS);
    for (sender, call) in open {
        drop(sender);
        let answer = call.await.unwrap();
        assert!(answer.is_ok(), "{:?}", answer.map_err(|status| reason(&status)));
    }
    leaks.assert_gone(&broker, WITNESS);
}
