//! Witnesses of streams of proofs.

use std::{fs, path::Path};

use ark_bn254::Fr;
use broker_proto::v1::{
    self, ProveManyHeader, ProveManyItem, ProveManyRequest, ProveStreamHeader, ProveStreamRequest,
    groth16_service_client::Groth16ServiceClient, prove_many_request, prove_many_response,
    prove_stream_request,
};
use sha2::{Digest as _, Sha256};

use crate::{
    Leaks, secret,
    support::{Broker, private_folder},
};

/// The name of the profile, which is in the broker's memory.
const WITNESS: &str = "proofs of secrets";
/// The number of bytes in front of the values of a `.wtns` file.
const HEAD: usize = 76;

fn data(name: &str) -> Vec<u8> {
    fs::read(Path::new("../broker-groth16/tests/data").join(name)).unwrap()
}

fn broker() -> (Broker, tempfile::TempDir) {
    let folder = private_folder();
    let path = fs::canonicalize("../broker-groth16/tests/data/multiply.zkey").unwrap();
    let hash = hex::encode(Sha256::digest(data("multiply.zkey")));
    let profiles = format!(
        "Profiles:\n  - {{ Name: {WITNESS}, API: {{ Groth16: {{ Curve: bn254, Circuits: [\
         {{ Name: file, Zkey: {{ Path: {path:?}, Sha256: \"{hash}\" }} }}] }} }} }}\n"
    );
    fs::write(folder.path().join("Profiles.yaml"), profiles).unwrap();
    let broker = Broker::start(&["--dev", "--profiles-dir", folder.path().to_str().unwrap()]);
    (broker, folder)
}

/// Returns a number below the modulus: 30 bytes, little-endian, and zeros.
fn number(seed: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..30].copy_from_slice(&secret(seed, 30));
    bytes
}

fn element(bytes: &[u8; 32]) -> Fr {
    bytes.iter().rev().fold(Fr::from(0), |value, byte| value * Fr::from(256) + Fr::from(*byte))
}

/// Returns the witness of c = a · b, whose a and b are added to the secrets.
fn witness(seed: u64, leaks: &mut Leaks) -> Vec<u8> {
    let [a, b] = [number(seed), number(seed + 1)];
    for (name, secret) in [("a", &a), ("b", &b)] {
        leaks.bytes(&format!("{name} of {seed}"), &secret[..30]);
    }
    let product = little_endian(element(&a) * element(&b));
    let mut one = [0; 32];
    one[0] = 1;
    let mut file = data("multiply.wtns")[..HEAD].to_vec();
    for value in [one, product, a, b] {
        file.extend(value);
    }
    file
}

/// Returns the number in little-endian bytes, from its decimal text.
fn little_endian(value: Fr) -> [u8; 32] {
    let mut digits: Vec<u8> = value.to_string().bytes().map(|digit| digit - b'0').collect();
    let mut bytes = [0; 32];
    for byte in &mut bytes {
        let mut rest = 0_u16;
        for digit in &mut digits {
            let value = rest * 10 + u16::from(*digit);
            *digit = (value / 256) as u8;
            rest = value % 256;
        }
        *byte = rest as u8;
    }
    bytes
}

#[tokio::test]
async fn a_witness_in_parts_leaves_no_copy() {
    let (broker, _folder) = broker();
    let (mut leaks, mut clients) = (Leaks::default(), Vec::new());
    for (seed, length) in [(900, 1 << 20), (910, 50), (920, 7)] {
        let witness = witness(seed, &mut leaks);
        let header = ProveStreamHeader {
            profile: WITNESS.into(),
            circuit: "file".into(),
            witness_length: witness.len() as u64,
            witness_sha256: Sha256::digest(&witness).to_vec(),
            ..Default::default()
        };
        let message = |part| {
            let mut message = ProveStreamRequest::default();
            message.part = Some(part);
            message
        };
        let mut messages = vec![message(prove_stream_request::Part::Header(header))];
        messages.extend(
            witness.chunks(length).map(|part| message(prove_stream_request::Part::Data(part.to_vec()))),
        );
        let mut client = Groth16ServiceClient::new(broker.channel().await);
        client.prove_stream(tokio_stream::iter(messages)).await.unwrap();
        clients.push(client);
    }
    leaks.assert_gone(&broker, WITNESS);
}

#[tokio::test]
async fn items_of_a_stream_leave_no_copy() {
    let (broker, _folder) = broker();
    let mut leaks = Leaks::default();
    let header = ProveManyHeader { profile: WITNESS.into(), circuit: "file".into(), ..Default::default() };
    let mut messages =
        vec![ProveManyRequest { sequence: 0, part: Some(prove_many_request::Part::Header(header)) }];
    for sequence in 1..10 {
        let mut item = ProveManyItem::default();
        item.witness = witness(1000 + 10 * sequence, &mut leaks);
        messages.push(ProveManyRequest { sequence, part: Some(prove_many_request::Part::Item(item)) });
    }
    let mut client = Groth16ServiceClient::new(broker.channel().await);
    let mut responses = client.prove_many(tokio_stream::iter(messages)).await.unwrap().into_inner();
    for _ in 1..10 {
        let response: v1::ProveManyResponse = responses.message().await.unwrap().unwrap();
        assert!(matches!(response.result, Some(prove_many_response::Result::Proof(_))), "{response:?}");
    }
    leaks.assert_gone(&broker, WITNESS);
}
