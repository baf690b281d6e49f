//! What `Fips: required` lets through is what the module's service indicator counts.

use super::{
    super::indicator::watch,
    made::{KINDS, schemes},
    *,
};
use crate::{algorithm::HashAlgorithm, backend};

#[test]
fn every_hash_of_the_module_and_none_of_rustcrypto_is_approved() {
    for algorithm in HashAlgorithm::ALL {
        let mut output = vec![0; algorithm.default_output_length()];
        assert!(watch(|| backend::AWS_LC.hash.digest(algorithm, MESSAGE, &mut output)).1, "{algorithm:?}");
        assert!(!watch(|| backend::NATIVE.hash.digest(algorithm, MESSAGE, &mut output)).1, "{algorithm:?}");
    }
}

#[test]
fn every_key_that_is_made_and_every_signature_is_approved() {
    for kind in KINDS {
        let (key, made) = watch(|| PrivateKey::generate(kind).unwrap());
        assert!(made, "{kind}");
        let public = key.public().unwrap();
        for scheme in schemes(kind) {
            let (signature, signed) = watch(|| key.sign(scheme, MESSAGE).unwrap());
            let ((), verified) = watch(|| public.verify(scheme, MESSAGE, &signature).unwrap());
            assert!(signed && verified, "{kind} {scheme:?}");
            if scheme == SignatureScheme::Ed25519 {
                continue; // has no signature in parts
            }
            let (signature, signed) = watch(|| {
                let mut signer = Signer::new(&key, scheme).unwrap();
                signer.update(MESSAGE).unwrap();
                signer.finish().unwrap()
            });
            let ((), verified) = watch(|| {
                let mut verifier = Verifier::new(&public, scheme).unwrap();
                verifier.update(MESSAGE).unwrap();
                verifier.finish(&signature).unwrap();
            });
            assert!(signed && verified, "in parts: {kind} {scheme:?}");
        }
    }
}
