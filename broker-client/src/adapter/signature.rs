//! The implementation of the traits of the crate `signature`.

use signature::{SignatureEncoding, Signer, Verifier};

use super::{SigningKey, VerifyingKey};
use crate::error::Error;

/// A signature of any algorithm, for programs that have no type for a specific one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature(Vec<u8>);

impl From<&[u8]> for Signature {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<Signature> for Vec<u8> {
    fn from(signature: Signature) -> Self {
        signature.0
    }
}

impl SignatureEncoding for Signature {
    type Repr = Vec<u8>;
}

impl<S: SignatureEncoding> Signer<S> for SigningKey {
    fn try_sign(&self, message: &[u8]) -> Result<S, signature::Error> {
        let bytes = self.sign(message).map_err(signature::Error::from_source)?;
        S::try_from(&bytes).map_err(|_| {
            let detail = "a signature that is not of the algorithm and format of the requested type";
            signature::Error::from_source(Error::protocol(detail))
        })
    }
}

impl<S: SignatureEncoding> Verifier<S> for VerifyingKey {
    fn verify(&self, message: &[u8], signature: &S) -> Result<(), signature::Error> {
        self.verify(message, &signature.to_vec()).map_err(signature::Error::from_source)
    }
}
