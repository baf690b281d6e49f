//! With an allocator that wipes freed memory, as the documentation recommends, calls leave no copy of a secret.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use broker_client::{
    CheckWitnessRequest, DecapsulateRequest, DecryptDataRequest, EncapsulateRequest, EncryptDataRequest,
    GenerateKeyPairRequest, HashDataRequest, HashStreamRequest, InputValue, ProveRequest, SignDataRequest,
    SignStreamRequest, blocking::Client,
};
use common::{
    Fake,
    memory::{Child, bytes, digits},
    start,
};

#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

const KEPT: u8 = 1;
const SECRET: std::ops::Range<u8> = 2..15;
/// The numbers of secret digits.
const DIGITS: std::ops::Range<u8> = 15..18;

#[test]
fn calls_leave_no_copy() {
    leaves_no_copy("calls_leave_no_copy", |client| client);
}

#[test]
fn pipeline_leaves_no_copy() {
    leaves_no_copy("pipeline_leaves_no_copy", |client| client.pipeline());
}

fn leaves_no_copy(test: &str, lane: fn(Client) -> Client) {
    if let Some(socket) = Child::socket() {
        return child(lane(Client::connect(socket).unwrap()));
    }
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let child = Child::start(test, &socket);
    assert!(child.copies(&bytes(KEPT, 500)) > 0, "the scan itself works");
    for number in SECRET {
        assert_eq!(0, child.copies(&bytes(number, 500)[100..132]), "{number}");
    }
    for number in DIGITS {
        assert_eq!(0, child.copies(&digits(number, 500).as_bytes()[100..132]), "{number}");
    }
    let mut backwards = bytes(8, 500);
    backwards.reverse();
    assert_eq!(0, child.copies(&backwards[100..132]), "the ciphertext's plaintext");
}

fn child(client: Client) {
    let kept = bytes(KEPT, 500);
    let mut numbers = SECRET;
    let mut secret = || bytes(numbers.next().unwrap(), 500);
    drop(client.generate_kem_key_pair(GenerateKeyPairRequest::new().profile("P").seed(secret())).unwrap());
    drop(
        client
            .generate_signature_key_pair(GenerateKeyPairRequest::new().profile("P").seed(secret()))
            .unwrap(),
    );
    drop(client.encapsulate(EncapsulateRequest::new(secret()).profile("P")).unwrap());
    drop(client.decapsulate(DecapsulateRequest::new(secret(), "shared secret").profile("P")).unwrap());
    drop(client.sign_data(SignDataRequest::new(secret(), "x").profile("P")).unwrap());
    drop(client.decrypt_data(DecryptDataRequest::new(secret(), secret(), "n", "t").profile("P")).unwrap());
    drop(client.encrypt_data(EncryptDataRequest::new(secret(), secret()).profile("P")).unwrap());
    drop(client.sign_reader(SignStreamRequest::new(secret()).profile("P"), &b"text"[..]).unwrap());
    drop(client.hash_reader(HashStreamRequest::new().profile("P"), std::io::Cursor::new(secret())).unwrap());
    drop(client.prove(ProveRequest::new("c").profile("P").witness(secret())).unwrap());
    drop(
        client
            .check_witness(CheckWitnessRequest::new("c").profile("P").input("a", InputValue::bytes(secret())))
            .unwrap(),
    );
    assert_eq!(None, numbers.next());
    let [number, array, text] =
        DIGITS.map(|number| digits(number, 500)).collect::<Vec<_>>().try_into().unwrap();
    let request = ProveRequest::new("c").profile("P").input("a", number);
    let request = request.input("b", InputValue::numbers([array])).input("c", InputValue::text(text));
    drop(client.prove(request).unwrap());
    // The connection keeps its read buffer, whose content only a later response overwrites.
    client.hash_data(HashDataRequest::new(vec![0; 100_000]).profile("P").raw()).unwrap();
    Child::ready();
    drop(kept);
}
