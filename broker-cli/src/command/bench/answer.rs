//! What comes back, and whether it is right.

use aws_lc_rs::digest;
use broker_client::{Client, DecapsulateRequest, DecryptDataRequest, HashValue, VerifyDataRequest};
use zeroize::Zeroizing;

use super::work::{Task, Work};
use crate::error::Failure;

/// An answer, moved out of its message and not yet looked at: most of them never are.
pub(super) enum Answer {
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
}

impl Answer {
    /// What can be told of every answer at no cost: those that say no are wrong.
    pub(super) fn says_no(&self) -> bool {
        matches!(self, Self::Healthy(false) | Self::Verified(false))
    }

    /// Looks at the first answer of each operation thoroughly; what only a broker can judge is asked of it.
    pub(super) async fn check(self, work: &Work, client: &Client) -> Result<(), Failure> {
        let profile = work.profile.as_str();
        let right = match (&work.task, self) {
            (Task::Health, Self::Healthy(yes)) => yes,
            (Task::HashData { input }, Self::Hash { algorithm, value }) => {
                is_hash(&algorithm, input, &value.to_hex())
            }
            (Task::SignCertificate { material }, Self::Certificate(der)) => {
                return material.verify(&der).map(drop);
            }
            (Task::SignCertificate { material }, Self::CertificateText(text)) => {
                use base64::{Engine as _, engine::general_purpose::STANDARD};
                let der = STANDARD
                    .decode(text)
                    .map_err(|source| Failure::local("the certificate is not base64", source))?;
                return material.verify(&der).map(drop);
            }
            (Task::SignData { public_key, input, .. }, Self::Signature(signature)) => {
                let request =
                    VerifyDataRequest::new(public_key.as_slice(), input.clone(), signature).profile(profile);
                client.verify_data(request).await?.valid
            }
            (Task::VerifyData { .. }, Self::Verified(yes)) => yes,
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
        if right {
            Ok(())
        } else {
            Err(Failure::local("nothing was measured", "the broker's first answer is wrong"))
        }
    }
}

/// Whether this is the hash; of an algorithm that this program does not have, whether it can be one.
fn is_hash(algorithm: &str, input: &[u8], hex: &str) -> bool {
    let own = match algorithm.to_ascii_lowercase().as_str() {
        "sha-256" => &digest::SHA256,
        "sha-384" => &digest::SHA384,
        "sha-512" => &digest::SHA512,
        "sha3-256" => &digest::SHA3_256,
        "sha3-384" => &digest::SHA3_384,
        "sha3-512" => &digest::SHA3_512,
        _ => return hex.len() >= 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
    };
    hex.eq_ignore_ascii_case(&hex::encode(digest::digest(own, input)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_computed_again() {
        // FIPS 180-4 example.
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(is_hash("SHA-256", b"abc", hash));
        assert!(!is_hash("sha-256", b"abd", hash));
        assert!(is_hash("shake-128", b"abc", hash));
        assert!(!is_hash("shake-128", b"abc", "no hash at all, whatever the algorithm"));
    }
}
