//! The client for programs without an async runtime.
//!
//! ```no_run
//! use broker_client::{HashDataRequest, blocking::Client};
//!
//! # fn run() -> Result<(), broker_client::Error> {
//! let client = Client::connect("/tmp/cryptobroker.sock")?;
//! let response = client.hash_data(HashDataRequest::new("Hello, broker").profile("Default"))?;
//! println!("{}", response.value.to_hex());
//! # Ok(())
//! # }
//! ```

pub use crate::{
    builder::blocking::Builder,
    client::blocking::{Client, HealthWatch},
    operation::{hasher::blocking::Hasher, prove_many::blocking::Proofs},
};
