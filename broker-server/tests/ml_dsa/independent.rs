//! Signatures in both directions between the broker and RustCrypto's `ml-dsa`, with digests by the `openssl` command. The broker
//! signs with AWS-LC.

use ml_dsa::{B32, EncodedSignature, ExpandedSigningKey, MlDsa44, MlDsa65, MlDsa87, Signature};

use super::{
    LIBRARIES, PRE_HASHES, broker,
    calls::{Case, Clients, public_key},
    profile,
    support::{Broker, pki::openssl, private_folder, signing::key_pair},
};

const MESSAGE: &[u8] = b"a message that both sign";
const SEED: [u8; 32] = [7; 32];

/// Returns M' (FIPS 204 algorithms 2 and 4).
fn framed(pre_hash: &str, context: &[u8]) -> Vec<u8> {
    let mut framed = vec![u8::from(!pre_hash.is_empty()), context.len() as u8];
    framed.extend(context);
    if pre_hash.is_empty() {
        framed.extend(MESSAGE);
        return framed;
    }
    // The arcs below 2.16.840.1.101.3.4.2, and the arguments of `openssl dgst`.
    let (arc, digest) = match pre_hash {
        "sha-256" => (1, "-sha256"),
        "sha-384" => (2, "-sha384"),
        "sha-512" => (3, "-sha512"),
        "sha-512/256" => (6, "-sha512-256"),
        "sha3-256" => (8, "-sha3-256"),
        "sha3-384" => (9, "-sha3-384"),
        "sha3-512" => (10, "-sha3-512"),
        "shake-128" => (11, "-shake128 -xoflen 32"),
        "shake-256" => (12, "-shake256 -xoflen 64"),
        other => panic!("{other}"),
    };
    framed.extend([0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, arc]);
    let folder = private_folder();
    std::fs::write(folder.path().join("message"), MESSAGE).unwrap();
    openssl(folder.path(), &format!("dgst {digest} -binary -out digest message"));
    framed.extend(std::fs::read(folder.path().join("digest")).unwrap());
    framed
}

macro_rules! both_directions {
    ($parameters:ty, $set:literal, $broker:expr) => {
        let broker: &Broker = $broker;
        let mut clients = Clients::new(broker).await;
        let theirs = ExpandedSigningKey::<$parameters>::from_seed(&SEED.into());
        let verifying = theirs.verifying_key();
        let public = public_key($set, &verifying.encode());
        let (_, pre_hashes) = PRE_HASHES.iter().find(|(set, _)| *set == $set).unwrap();
        for pre_hash in [""].iter().chain(*pre_hashes) {
            for context in [&b""[..], b"context", &[0; 255]] {
                let framed = framed(pre_hash, context);
                for library in LIBRARIES {
                    let name = profile(library, $set, pre_hash);
                    let pair = key_pair(broker, &name, Some(&SEED), 0).await.unwrap();
                    assert_eq!(pair.public_key, public, "{name}");
                    let case = Case::new(&name, context, MESSAGE);
                    let signature = clients.sign(&pair.private_key, case).await.unwrap().signature;
                    let encoded = EncodedSignature::<$parameters>::try_from(&signature[..]).unwrap();
                    let decoded = Signature::<$parameters>::decode(&encoded).unwrap();
                    assert!(verifying.verify_internal(&framed, &decoded), "{name}");
                    let signature = theirs.sign_internal(&[&framed], &B32::default()).encode();
                    assert!(clients.verify(&public, case, &signature).await.unwrap(), "{name}");
                }
            }
        }
    };
}

#[tokio::test]
async fn other_implementation_verifies_and_makes_the_signatures() {
    let broker = broker("");
    both_directions!(MlDsa44, "44", &broker);
    both_directions!(MlDsa65, "65", &broker);
    both_directions!(MlDsa87, "87", &broker);
}
