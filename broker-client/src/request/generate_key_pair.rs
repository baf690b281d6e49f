//! GenerateKeyPair, of KemService and of SignatureKeyService.

use broker_proto::v1;

use super::{Ask, KeyEncoding, Options, Secret};

/// Asks for a new key pair of the profile's algorithm, for key encapsulation or for signatures.
///
/// A seed is wiped from this value when it is dropped, which sending it does, and never printed.
/// [Secrets](crate#secrets) says what becomes of the transport's copies.
#[derive(Debug, Clone, Default)]
#[must_use = "a request does nothing until it is sent"]
pub struct GenerateKeyPairRequest {
    seed: Option<Secret>,
    encoding: Option<KeyEncoding>,
    options: Options,
}

impl GenerateKeyPairRequest {
    /// A pair from the randomness of the broker's system, unless [`seed`](Self::seed) is said.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the same pair each time, where the profile says `AllowSeed: true`. As long as the standard has it: ML-KEM
    /// 64 bytes, d and z (FIPS 203 6.1); X-Wing, Ed25519 and ML-DSA 32 bytes.
    pub fn seed(mut self, seed: impl Into<Secret>) -> Self {
        self.seed = Some(seed.into());
        self
    }

    /// How the keys are to be written. Default: [`KeyEncoding::Raw`] of a key encapsulation mechanism,
    /// [`KeyEncoding::Der`] of signatures: what the operations with the key take.
    pub fn encoding(mut self, encoding: KeyEncoding) -> Self {
        self.encoding = Some(encoding);
        self
    }

    options!();
}

impl Ask for GenerateKeyPairRequest {
    type Message = v1::GenerateKeyPairRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn message(self, profile: String, metadata: v1::Metadata) -> v1::GenerateKeyPairRequest {
        v1::GenerateKeyPairRequest {
            profile,
            seed: self.seed.map(Secret::into_vec),
            key_encoding: KeyEncoding::wire(self.encoding),
            metadata: Some(metadata),
        }
    }
}
