//! Compiles the `.proto` files with `protox`: no `protoc` on the machine is needed.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;

const FILES: [&str; 9] = [
    "cryptobroker/v1/crypto.proto",
    "cryptobroker/v1/dev.proto",
    "cryptobroker/v1/info.proto",
    "cryptobroker/v1/keys.proto",
    "cryptobroker/v1/kem.proto",
    "cryptobroker/v1/pipeline.proto",
    "cryptobroker/v1/stream.proto",
    "legacy/crypto_broker.proto",
    "legacy/g0.proto",
];

/// Messages that carry a secret of their own: wiped when dropped, and printed without their contents (`src/secret.rs`).
/// The messages around them need nothing.
const SECRET: [&str; 12] = [
    "cryptobroker.v1.SignCertificateRequest",
    "cryptobroker.v1.KeySource",
    "cryptobroker.v1.KeySource.source",
    "cryptobroker.v1.EncryptDataRequest",
    "cryptobroker.v1.DecryptDataResponse",
    "cryptobroker.v1.GenerateKeyPairRequest",
    "cryptobroker.v1.GenerateKeyPairResponse",
    "cryptobroker.v1.EncapsulateResponse",
    "cryptobroker.v1.DecapsulateResponse",
    "CryptoBroker.SignRequest",
    "CryptoBroker.SignCertificateRequest",
    "protobuf.SignRequest",
];

/// Data that may be large: handed on without a copy.
const SHARED: [&str; 13] = [
    ".cryptobroker.v1.HashDataRequest.input",
    ".cryptobroker.v1.HashDataResponse.hash_value_raw",
    ".cryptobroker.v1.SignDataRequest.input",
    ".cryptobroker.v1.VerifyDataRequest.input",
    ".cryptobroker.v1.VerifyDataRequest.signature",
    ".cryptobroker.v1.HashStreamRequest.data",
    ".cryptobroker.v1.SignStreamRequest.data",
    ".cryptobroker.v1.VerifyStreamRequest.data",
    ".cryptobroker.v1.VerifyStreamHeader.signature",
    ".CryptoBroker.HashRequest.input",
    ".CryptoBroker.HashDataRequest.input",
    ".CryptoBroker.HashDataResponse.hashValueRaw",
    ".protobuf.HashRequest.input",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=cryptobroker");
    println!("cargo::rerun-if-changed=google");
    println!("cargo::rerun-if-changed=legacy");
    let descriptors = protox::compile(FILES, ["."])?;
    // `compile_fds` generates code only; reflection wants the descriptors themselves.
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    SHARED
        .into_iter()
        .fold(tonic_prost_build::configure(), |builder, field| builder.bytes(field))
        .codec_path("crate::codec::Fitting")
        .extern_path(".google.rpc", "::tonic_types::pb")
        .skip_debug(SECRET)
        .compile_fds(descriptors)?;
    Ok(())
}
