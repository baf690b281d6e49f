//! Responses, and the check whether one is right.

use aws_lc_rs::digest;
use broker_client::{Client, DecapsulateRequest, DecryptDataRequest, HashValue, VerifyDataRequest};
use zeroize::Zeroizing;

use crate::{
    error::LoadError,
    figures::Figures,
    prepare::{PreparedCall, Task},
    statement::Proven,
};

/// The content of a response, moved out of its message. Only the first one of each operation is verified.
#[derive(Debug)]
pub(crate) enum Response {
    Healthy(bool),
    Hash {
        algorithm: String,
        value: HashValue,
    },
    /// DER.
    Certificate(Vec<u8>),
    /// DER in standard base64.
    CertificateText(String),
    Signature(Vec<u8>),
    Verified(bool),
    Sealed {
        ciphertext: Vec<u8>,
        nonce: Vec<u8>,
        tag: Vec<u8>,
    },
    Opened(Zeroizing<Vec<u8>>),
    Pair {
        public: Vec<u8>,
        private: Zeroizing<Vec<u8>>,
    },
    Encapsulated {
        ciphertext: Vec<u8>,
        secret: Zeroizing<Vec<u8>>,
    },
    Decapsulated(Zeroizing<Vec<u8>>),
    Proven(Box<Proven>, Figures),
}

impl Response {
    /// Reports whether the response is negative, which in a run is always wrong. This is checked for every response.
    pub(crate) fn is_negative(&self) -> bool {
        matches!(self, Self::Healthy(false) | Self::Verified(false))
    }

    /// Returns the figures of a proof.
    pub(crate) fn figures(&self) -> Option<Figures> {
        match self {
            Self::Proven(_, figures) => Some(*figures),
            _ => None,
        }
    }

    /// Verifies the response to `call`. A signature, proof, ciphertext or shared secret is given back to the broker for that.
    ///
    /// # Errors
    /// Fails where the response is wrong.
    pub(crate) async fn verify(self, call: &PreparedCall, client: &Client) -> Result<(), LoadError> {
        let profile = call.profile.as_str();
        let is_right = match (&call.task, self) {
            (Task::Health, Self::Healthy(yes)) => yes,
            (Task::HashData { input }, Self::Hash { algorithm, value }) => {
                is_hash(&algorithm, input, &value.to_hex())
            }
            (Task::SignCertificate { ca }, Self::Certificate(der)) => {
                return Ok(ca.verify(&der)?);
            }
            (Task::SignCertificate { ca }, Self::CertificateText(text)) => {
                use base64::{Engine as _, engine::general_purpose::STANDARD};
                let der = STANDARD
                    .decode(text)
                    .map_err(|source| LoadError::local("the certificate is not base64", source))?;
                return Ok(ca.verify(&der)?);
            }
            (Task::SignData { public_key, input, .. }, Self::Signature(signature)) => {
                let request =
                    VerifyDataRequest::new(public_key.as_slice(), input.clone(), signature).profile(profile);
                client.verify_data(request).await?.valid
            }
            (Task::VerifyData { .. } | Task::Verify { .. }, Self::Verified(yes)) => yes,
            (Task::Prove { .. }, Self::Proven(proven, _)) => {
                client.verify_proof(proven.request(profile)).await?.valid
            }
            (Task::EncryptData { key, plaintext, .. }, Self::Sealed { ciphertext, nonce, tag }) => {
                let request =
                    DecryptDataRequest::new(key.as_slice(), ciphertext, nonce, tag).profile(profile);
                *client.decrypt_data(request).await?.plaintext == *plaintext
            }
            (Task::DecryptData { plaintext, .. }, Self::Opened(text)) => *text == *plaintext,
            (Task::Keygen | Task::KemKeygen, Self::Pair { public, private }) => {
                !public.is_empty() && !private.is_empty()
            }
            (Task::KemEncapsulate { key, .. }, Self::Encapsulated { ciphertext, secret }) => {
                let request = DecapsulateRequest::new(key.as_slice(), ciphertext).profile(profile);
                client.decapsulate(request).await?.shared_secret == secret
            }
            (Task::KemDecapsulate { secret, .. }, Self::Decapsulated(found)) => found == *secret,
            _ => false,
        };
        if is_right {
            Ok(())
        } else {
            Err(LoadError::local("nothing was measured", "the broker's first response is wrong"))
        }
    }
}

/// Reports whether `hex` is the hash of `input`. For an algorithm that the crypto library does not have, only the form of
/// `hex` is checked.
fn is_hash(algorithm: &str, input: &[u8], hex: &str) -> bool {
    let digest_algorithm = match algorithm.to_ascii_lowercase().as_str() {
        "sha-256" => &digest::SHA256,
        "sha-384" => &digest::SHA384,
        "sha-512" => &digest::SHA512,
        "sha3-256" => &digest::SHA3_256,
        "sha3-384" => &digest::SHA3_384,
        "sha3-512" => &digest::SHA3_512,
        _ => return hex.len() >= 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
    };
    hex.eq_ignore_ascii_case(&hex::encode(digest::digest(digest_algorithm, input)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verifies_hashes_of_known_algorithms() {
        // The example of FIPS 180-4 for one block.
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(is_hash("SHA-256", b"abc", hash));
        assert!(!is_hash("sha-256", b"abd", hash));
        assert!(is_hash("shake-128", b"abc", hash));
        assert!(!is_hash("shake-128", b"abc", "not hexadecimal, whatever the algorithm"));
    }
}
