//! Compiles the `.proto` files with `protox`: no `protoc` on the machine is needed.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;

const FILES: [&str; 2] = ["cryptobroker/v1/crypto.proto", "cryptobroker/v1/info.proto"];

/// Messages that carry a private key: wiped when dropped, and printed without their contents.
const SECRET: &str = "cryptobroker.v1.SignCertificateRequest";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=cryptobroker");
    let descriptors = protox::compile(FILES, ["."])?;
    // `compile_fds` generates code only; reflection wants the descriptors themselves.
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .bytes(".cryptobroker.v1.HashDataRequest.input")
        .bytes(".cryptobroker.v1.HashDataResponse.hash_value_raw")
        .skip_debug([SECRET])
        .compile_fds(descriptors)?;
    Ok(())
}
