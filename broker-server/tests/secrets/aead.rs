//! Symmetric keys and plaintexts.

use std::{
    fs::OpenOptions,
    io::{Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
};

use broker_proto::v1;
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};

use crate::{
    Leaks, secret,
    support::{
        Broker,
        aead::{decrypt_request, encrypt_request, profiles, shapes},
        private_folder,
    },
};

/// Lengths around those at which a response is split into frames, so that the last frame is short, and the maximum.
const LENGTHS: [usize; 6] = [16, 255, 300, 16_500, 70_000, 1 << 20];

#[tokio::test]
async fn keys_and_plaintexts_leave_no_copy() {
    let profiles = profiles();
    let broker = Broker::start(&["--dev", "--profiles-dir", profiles.path().to_str().unwrap()]);
    let mut leaks = Leaks::default();
    let mut clients = Vec::new();
    let key = secret(1, 32);
    leaks.bytes("the key", &key);
    // Each length has its own connection, so that no later message overwrites its buffers.
    for length in LENGTHS {
        let mut client = broker.crypto().await;
        let text = secret(length as u64, length);
        leaks.bytes(&format!("{length} bytes"), &text);
        for shape in shapes().iter().filter(|shape| shape.tag_bits == 128) {
            let (profile, key) = (shape.profile(), &key[..shape.key_bits / 8]);
            let nonce: &[u8] = if shape.nonce == "random" { &[] } else { &[9; 12] };
            let request = encrypt_request(&profile, key, nonce, Some(b"data"), &text);
            let mut sealed = client.encrypt_data(request).await.unwrap().into_inner();
            let opened = client.decrypt_data(decrypt_request(&profile, key, &sealed)).await.unwrap();
            assert!(opened.get_ref().plaintext == text);
            sealed.ciphertext[0] ^= 1;
            client.decrypt_data(decrypt_request(&profile, key, &sealed)).await.unwrap_err();
        }
        clients.push(client);
    }
    leaks.assert_gone(&broker, "chacha20-poly1305 256 128 random");
}

/// The last message on each connection is a response with a secret.
#[tokio::test]
async fn last_plaintext_leaves_no_copy() {
    let profiles = profiles();
    let broker = Broker::start(&["--dev", "--profiles-dir", profiles.path().to_str().unwrap()]);
    let shape = shapes().remove(14);
    let (profile, mut leaks, mut clients) = (shape.profile(), Leaks::default(), Vec::new());
    // With these lengths of the text, the last frame of the response has many different lengths.
    for length in (16_100..16_400).step_by(29).chain([16, 64, 200, 256, 1000, 65_535, 131_072, 500_000]) {
        let mut client = broker.crypto().await;
        let text = secret(length as u64 + 7, length);
        leaks.bytes(&format!("{length} bytes"), &text);
        let request = encrypt_request(&profile, &shape.key(), &[1; 12], None, &text);
        let sealed = client.encrypt_data(request).await.unwrap().into_inner();
        client.decrypt_data(decrypt_request(&profile, &shape.key(), &sealed)).await.unwrap();
        clients.push(client);
    }
    leaks.assert_gone(&broker, "chacha20-poly1305 256 128 random");
}

#[tokio::test]
async fn rejected_requests_leave_no_copy() {
    let profiles = profiles();
    let broker = Broker::start(&["--dev", "--profiles-dir", profiles.path().to_str().unwrap()]);
    let shape = shapes().remove(14);
    let (profile, mut leaks, mut clients) = (shape.profile(), Leaks::default(), Vec::new());
    let key = secret(2, 64);
    leaks.bytes("the key", &key[..32]);
    // The last two lengths exceed the limit of the field and of the message.
    for length in [100, 70_000, (1 << 20) + 1, 3 << 20] {
        let text = secret(length as u64 + 3, length);
        leaks.bytes(&format!("{length} bytes"), &text);
        for (profile, key, nonce) in [
            ("no profile", &key[..32], &[9; 12][..]),
            ("None", &key[..32], &[9; 12]),
            (&profile, &key[..31], &[9; 12]),
            (&profile, &key[..], &[9; 12]),
            (&profile, &key[..32], &[9; 11]),
            (&profile, &key[..32], &[]),
            (&"x".repeat(70_000), &key[..32], &[9; 12]),
        ] {
            let mut client = broker.crypto().await;
            let request = encrypt_request(profile, key, nonce, Some(b"data"), &text);
            client.encrypt_data(request).await.unwrap_err();
            clients.push(client);
        }
    }
    leaks.assert_gone(&broker, "chacha20-poly1305 256 128 random");
}

/// The call waits only for its audit record, which cannot be written.
#[tokio::test]
async fn call_waiting_for_its_record_keeps_no_copy_of_its_request() {
    let folder = private_folder();
    let audit = folder.path().join("audit.fifo");
    mknodat(CWD, &audit, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let nonblocking = OFlags::NONBLOCK.bits() as i32;
    let mut reader =
        OpenOptions::new().read(true).write(true).custom_flags(nonblocking).open(&audit).unwrap();
    while reader.write(&[b'.'; 4096]).is_ok() {}
    let profiles = profiles();
    let broker = Broker::start(&[
        "--dev",
        "--profiles-dir",
        profiles.path().to_str().unwrap(),
        "--audit-wait",
        "10m",
        "--audit-log",
        audit.to_str().unwrap(),
    ]);
    let (shape, name) = (shapes().remove(14), "the name of the only call here");
    let (mut leaks, mut named, text) = (Leaks::default(), Leaks::default(), secret(3, 4000));
    leaks.bytes("the key", &shape.key());
    leaks.bytes("the text", &text);
    named.bytes("the name", name.as_bytes());
    let mut request = encrypt_request(&shape.profile(), &shape.key(), &[1; 12], None, &text);
    request.metadata = Some(v1::Metadata { id: name.to_owned(), ..v1::Metadata::default() });
    let mut client = broker.crypto().await;
    let call = tokio::spawn(async move { client.encrypt_data(request).await });
    // The scan must not block the only thread of the test, which drives the call.
    let (broker, leaks) = tokio::task::spawn_blocking(move || {
        // The name is in the record and in the waiting call.
        named.assert_present(&broker, "chacha20-poly1305 256 128 random", 2);
        leaks.assert_gone(&broker, name);
        (broker, leaks)
    })
    .await
    .unwrap();
    assert!(!call.is_finished());
    let mut sent = [0; 4096];
    while reader.read(&mut sent).is_ok() {}
    call.await.unwrap().unwrap();
    leaks.assert_gone(&broker, "chacha20-poly1305 256 128 random");
}
