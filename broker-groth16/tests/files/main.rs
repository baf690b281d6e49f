//! circom's files, snarkjs' JSON and arkworks' bytes.
#![allow(missing_docs, unreachable_pub)] // a test's modules
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod bytes;
mod inputs;
mod json;
mod pieces;
mod points;
mod proofs;
mod r1cs;
mod wtns;
mod zkey;
