//! The operations of the broker, one file each: the request with its builder, the response, and a declaration from
//! which the async method, the blocking method, the pipeline item and the retry behaviour follow.
//!
//! To add an operation, add its file, its `mod` line and its re-export here.

#[macro_use]
mod declare;

mod batch_verify;
mod check_witness;
mod decapsulate;
mod decrypt_data;
mod encapsulate;
mod encrypt_data;
mod generate_key;
mod generate_key_pair;
mod get_verifying_key;
mod hash_data;
mod hash_stream;
pub(crate) mod hasher;
mod list_circuits;
mod prove;
pub(crate) mod prove_many;
mod prove_stream;
mod setup_circuit;
mod sign_certificate;
mod sign_data;
mod sign_stream;
mod verify_data;
mod verify_proof;
mod verify_stream;

pub use self::{
    batch_verify::{BatchVerifyRequest, BatchVerifyResponse},
    check_witness::{CheckWitnessRequest, CheckWitnessResponse},
    decapsulate::{DecapsulateRequest, DecapsulateResponse},
    decrypt_data::{DecryptDataRequest, DecryptDataResponse},
    encapsulate::{EncapsulateRequest, EncapsulateResponse},
    encrypt_data::{EncryptDataRequest, EncryptDataResponse},
    generate_key::{GenerateKeyRequest, GenerateKeyResponse},
    generate_key_pair::{GenerateKeyPairRequest, GenerateKeyPairResponse},
    get_verifying_key::{GetVerifyingKeyRequest, GetVerifyingKeyResponse, VerifyingKeyFormat},
    hash_data::{HashDataRequest, HashDataResponse, HashValue},
    hash_stream::HashStreamRequest,
    hasher::Hasher,
    list_circuits::{Circuit, CircuitSignal, ListCircuitsRequest, ListCircuitsResponse},
    prove::{ProofFigures, ProveRequest, ProveResponse},
    prove_many::{Proofs, ProveManyItem, ProveManyRequest, ProveManyResponse},
    prove_stream::ProveStreamRequest,
    setup_circuit::{SetupRequest, SetupResponse},
    sign_certificate::{Certificate, Encoding, SignCertificateRequest, SignCertificateResponse},
    sign_data::{SignDataRequest, SignDataResponse},
    sign_stream::SignStreamRequest,
    verify_data::{VerifyDataRequest, VerifyDataResponse},
    verify_proof::{ProofItem, VerifyProofRequest, VerifyProofResponse},
    verify_stream::VerifyStreamRequest,
};
