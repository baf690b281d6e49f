//! Hashes the arguments with the profile `Default` of a running broker.
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
    // The socket comes from CRYPTO_BROKER_SOCKET, or is one of the default ones.
    let client = Client::builder().connect().await?;
    let words: Vec<String> = env::args().skip(1).collect();
    let answer = client.hash_data(HashDataRequest::new(words.join(" ")).profile("Default")).await?;
    println!("{}  {}", answer.value.to_hex(), answer.algorithm());
    if let Some(warning) = answer.deprecation {
        eprintln!("profile {} is deprecated; use {:?}", warning.profile, warning.replaced_by);
    }
    Ok(())
}
