//! What a program asks for, one file per operation.
//!
//! A request becomes the one message of its call, which is kept until the call is over.

#[macro_use]
mod options;
#[macro_use]
mod format;
mod decapsulate;
mod decrypt_data;
mod encapsulate;
mod encrypt_data;
mod generate_key_pair;
mod hash_data;
mod id;
mod material;
mod sign_certificate;
mod sign_data;
mod stream;
mod verify_data;

pub(crate) use self::options::{Ask, Options};
pub use self::{
    decapsulate::DecapsulateRequest,
    decrypt_data::DecryptDataRequest,
    encapsulate::EncapsulateRequest,
    encrypt_data::EncryptDataRequest,
    format::{KeyEncoding, SignatureFormat},
    generate_key_pair::GenerateKeyPairRequest,
    hash_data::HashDataRequest,
    material::{Key, Secret},
    sign_certificate::{Encoding, SignCertificateRequest},
    sign_data::SignDataRequest,
    stream::{HashStreamRequest, SignStreamRequest, VerifyStreamRequest},
    verify_data::VerifyDataRequest,
};
