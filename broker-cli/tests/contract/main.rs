//! The contract of `cryptobroker` that needs no broker: exit codes, help, output, profiles.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, missing_docs)]

#[path = "../support/mod.rs"]
mod support;

mod documents;
mod exit_codes;
mod explain;
mod help;
mod output;

use std::{path::Path, process::Output};

use support::cryptobroker;

/// A valid document with one profile.
const GOOD: &str = "\
Profiles:
  - Name: Plain
    API:
      HashData:
        HashAlg: sha3-384
";

fn run(arguments: &[&str]) -> Output {
    cryptobroker().args(arguments).output().unwrap()
}

/// Writes a file and returns its path.
fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}
