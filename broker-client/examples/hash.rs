//! Hashes its arguments with the profile `Default` of a running broker.
//!
//! `cargo run -p broker-client --example hash -- some words`

use std::{env, process::ExitCode};

use broker_client::{Client, Error, HashDataRequest};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Error> {
    // The socket is that of CRYPTO_BROKER_SOCKET, or else one of the default sockets.
    let client = Client::builder().connect().await?;
    let words: Vec<String> = env::args().skip(1).collect();
    let response = client.hash_data(HashDataRequest::new(words.join(" ")).profile("Default")).await?;
    println!("{}  {}", response.value.to_hex(), response.algorithm());
    if let Some(warning) = response.deprecation {
        eprintln!("profile {} is deprecated; use {:?}", warning.profile, warning.replaced_by);
    }
    Ok(())
}
