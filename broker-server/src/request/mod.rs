//! Parses requests: turns the text and bytes of a message into typed values without using a key. One file per operation.

mod aead;
mod asn1;
mod ber;
mod context;
mod decrypt_data;
mod encrypt_data;
mod error;
mod generate_key;
mod groth16;
mod hash_data;
mod kem;
mod key_pair;
mod key_source;
mod keys;
mod limits;
mod metadata;
mod oid;
mod pem;
mod public_key;
mod sign_certificate;
mod sign_data;
mod signature;
mod signature_algorithm;
mod signed_data;
mod signing_key;
mod verification_key;
mod verify_data;

pub use context::not_in_format as context_not_in_format;
pub use decrypt_data::DecryptData;
pub use encrypt_data::EncryptData;
pub use error::{FieldError, FieldErrorKind};
pub use generate_key::GenerateKey;
pub use groth16::{
    BatchVerify, CheckWitness, GetVerifyingKey, InputValue, KeyFormat, ListCircuits, NamedInput, ProofItem,
    Prove, ProveMany, ProveStream, SetupCircuit, VerifyProof, Witness,
};
pub use hash_data::{HashData, HashFormat, HashStream};
pub use kem::{Decapsulate, DecapsulationKey, Encapsulate, EncapsulationKey, KemKeyKind};
pub use key_pair::{GenerateKeyPair, KeyEncoding};
pub use key_source::{COMPONENT_KEYS, KEY_SOURCE};
pub use keys::Keys;
pub use limits::Limits;
pub use metadata::Metadata;
pub use oid::Oid;
#[cfg(test)]
pub(crate) use sign_certificate::material;
pub use sign_certificate::{
    AlternativeName, AttributeId, CaCertificate, CanonicalName, CertificateFormat, Csr, Name, NameAttribute,
    NameConstraints, NameForm, SignCertificate, Subtree, SubtreeBase, check_dns_name, check_http_url,
    check_uri, crl_distribution_points, email_addresses,
};
pub use sign_data::{SignData, SignStream};
pub use signature::{Signature, check as check_signature, read_composite};
pub use signed_data::{SignedAttributes, SignedData, SignerId, looks_like_attributes};
pub use signing_key::SigningKey;
pub use verification_key::VerificationKey;
pub use verify_data::{VerifyData, VerifyStream};
