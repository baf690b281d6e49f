//! Compiles the `.proto` files with `protox`, so that no `protoc` is needed, and generates code for secrets and repeated
//! fields from the descriptors (`describe`).

mod describe;
mod public;
mod secrecy;
mod shape;

use std::{env, error::Error, fs, path::PathBuf};

use protox::Compiler;

const FILES: [&str; 10] = [
    "cryptobroker/v1/crypto.proto",
    "cryptobroker/v1/dev.proto",
    "cryptobroker/v1/groth16.proto",
    "cryptobroker/v1/info.proto",
    "cryptobroker/v1/keys.proto",
    "cryptobroker/v1/kem.proto",
    "cryptobroker/v1/pipeline.proto",
    "cryptobroker/v1/stream.proto",
    "legacy/crypto_broker.proto",
    "legacy/g0.proto",
];

/// Fields with data that may be large. They are decoded as `Bytes`, without a copy.
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
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=cryptobroker");
    println!("cargo::rerun-if-changed=google");
    println!("cargo::rerun-if-changed=legacy");
    let mut compiler = Compiler::new(["."])?;
    compiler.include_source_info(true).include_imports(true).open_files(FILES)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // `compile_fds` generates code only; reflection serves the descriptors themselves, with all options.
    fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;
    let described = describe::describe(&compiler.descriptor_pool(), &SHARED)?;
    fs::write(out.join("described.rs"), described.code)?;
    SHARED
        .into_iter()
        .fold(tonic_prost_build::configure(), |builder, field| builder.bytes(field))
        .codec_path("crate::codec::Fitting")
        .extern_path(".google.rpc", "::tonic_types::pb")
        .skip_debug(described.redacted)
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
