//! The certificate with which a path to a CA begins.

use broker_server::operation::certificate::structure::{Signed, TbsCertificate, time};
use der::{
    Encode as _,
    asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef},
};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};
use spki::AlgorithmIdentifierRef;
use x509_cert::time::Validity;

use super::algorithms;
use crate::x509::{certificate::Certificate, der::tag};

/// A certificate without names that a CA has issued, whose signature is not one. webpki verifies paths that begin with an end
/// entity, so a path to a CA begins with this, and everything above it is verified as usual.
#[derive(Debug)]
pub(super) struct EmptyCertificate {
    pub(super) der: Vec<u8>,
    tbs: Vec<u8>,
    key: AlgorithmIdentifier,
}

/// The identifier of its signature, which no certificate has: RFC 5612 reserves this arc for documentation.
const NO_SIGNATURE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1");
const NO_SIGNATURE_CONTENTS: &[u8] = &[6, 9, 0x2b, 6, 1, 4, 1, 0x81, 0xfd, 0x59, 1];

impl Default for EmptyCertificate {
    fn default() -> Self {
        Self { der: Vec::new(), tbs: Vec::new(), key: AlgorithmIdentifier::from_slice(&[]) }
    }
}

impl EmptyCertificate {
    /// Returns one that `ca` has issued.
    pub(super) fn of(ca: &Certificate<'_>) -> Option<Self> {
        let algorithm = AlgorithmIdentifierRef { oid: NO_SIGNATURE, parameters: None };
        let key = ca.public_key.inside(tag::SEQUENCE).ok()?.any().ok()?;
        let assemble = || {
            let empty = AnyRef::new(der::Tag::Sequence, &[])?;
            let tbs = TbsCertificate {
                version: 2,
                serial_number: UintRef::new(&[1])?,
                signature: algorithm,
                issuer: AnyRef::try_from(ca.subject.raw)?,
                validity: Validity::new(time(0)?, time(253_402_300_799)?),
                subject: empty,
                public_key: AnyRef::try_from(ca.public_key.raw)?,
                extensions: None,
            }
            .to_der()?;
            let signed = Signed {
                content: AnyRef::try_from(tbs.as_slice())?,
                algorithm,
                signature: BitStringRef::from_bytes(&[0])?,
            };
            Ok::<_, der::Error>((signed.to_der()?, tbs))
        };
        let (der, tbs) = assemble().ok()?;
        Some(Self { der, tbs, key: algorithms::identifier(key.value) })
    }
}

impl SignatureVerificationAlgorithm for EmptyCertificate {
    fn verify_signature(&self, _: &[u8], message: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
        if message == self.tbs { Ok(()) } else { Err(InvalidSignature) }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        AlgorithmIdentifier::from_slice(NO_SIGNATURE_CONTENTS)
    }
}
