//! The signature algorithms of paths, with the broker's own verification: all that the broker issues with, which are more
//! than those of webpki's own table (P-384 with SHA-512, ML-DSA, RSA above 8192 bits).

use broker_server::{
    algorithm::{MlDsa, SignatureHash, SignatureScheme},
    backend::evp::PublicKey,
    operation::algorithm_identifier,
};
use der::{
    Encode as _, Sequence,
    asn1::{AnyRef, BitStringRef},
};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

use super::presented::Originals;
use crate::x509::der::Tlv;

/// A scheme with the AlgorithmIdentifiers of key and signature.
#[derive(Debug)]
pub(super) struct Algorithm {
    scheme: SignatureScheme,
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    originals: Originals,
}

/// The contents of the AlgorithmIdentifier of keys: rsaEncryption with NULL (RFC 3279 2.3.1), id-ecPublicKey with each curve
/// (RFC 5480 2.1.1), Ed25519 (RFC 8410 3).
const RSA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
const P224: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x21];
const P256: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const P384: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x22];
const P521: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x23];
const CURVES: [&[u8]; 4] = [P224, P256, P384, P521];

/// Returns every algorithm. Signatures are verified over `originals`.
pub(super) fn all(originals: &Originals) -> Vec<Algorithm> {
    let algorithm = |scheme, key| algorithm(scheme, key, originals);
    let mut all = Vec::new();
    for hash in SignatureHash::ALL {
        for scheme in [SignatureScheme::RsaPkcs1(hash), SignatureScheme::rsa_pss(hash)] {
            all.extend(algorithm(scheme, Some(RSA)));
        }
        for curve in CURVES {
            all.extend(algorithm(SignatureScheme::Ecdsa(hash), Some(curve)));
        }
    }
    // The identifiers of these keys are those of their signatures.
    all.extend(algorithm(SignatureScheme::Ed25519, None));
    for set in [MlDsa::MlDsa44, MlDsa::MlDsa65, MlDsa::MlDsa87] {
        all.extend(algorithm(SignatureScheme::MlDsa(set), None));
    }
    all
}

fn algorithm(
    scheme: SignatureScheme,
    key: Option<&'static [u8]>,
    originals: &Originals,
) -> Option<Algorithm> {
    let der = algorithm_identifier(scheme).and_then(|algorithm| algorithm.to_der()).ok()?;
    let signature = identifier(Tlv::only(&der).ok()?.value);
    let key = key.map_or(signature, AlgorithmIdentifier::from_slice);
    Some(Algorithm { scheme, key, signature, originals: originals.clone() })
}

/// Returns an identifier with these contents. It lives as long as the program, as webpki wants it.
pub(super) fn identifier(contents: &[u8]) -> AlgorithmIdentifier {
    AlgorithmIdentifier::from_slice(Box::leak(contents.into()))
}

impl SignatureVerificationAlgorithm for Algorithm {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let spki = public_key_info(&self.key, public_key).map_err(|_| InvalidSignature)?;
        let key = PublicKey::from_spki(&spki).map_err(|_| InvalidSignature)?;
        key.verify(self.scheme, self.originals.get(message), signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

#[derive(Sequence)]
struct PublicKeyInfo<'a> {
    algorithm: AnyRef<'a>,
    public_key: BitStringRef<'a>,
}

fn public_key_info(algorithm: &AlgorithmIdentifier, public_key: &[u8]) -> der::Result<Vec<u8>> {
    let algorithm = der::asn1::Any::new(der::Tag::Sequence, algorithm.as_ref())?;
    PublicKeyInfo { algorithm: AnyRef::from(&algorithm), public_key: BitStringRef::from_bytes(public_key)? }
        .to_der()
}
