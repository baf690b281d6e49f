//! Groth16 proofs over BN254 and BLS12-381: built-in circuits, circom's files, setup, provers, verification.
//!
//! The crate knows nothing of profiles, callers or gRPC. The broker decides who may prove what; this crate checks that
//! the mathematics is right and that no input, however made, is taken for something that it is not.
//!
//! | module | contents |
//! |---|---|
//! | [`bytes`] | arkworks' canonical bytes of verifying keys and proofs |
//! | [`ceremony`] | the verification of a setup by several parties |
//! | [`circuit`] | the built-in circuits, their inputs, and what is verified of them |
//! | [`curve`] | the two curves, and what snarkjs' files and JSON need to know about each |
//! | [`field`] | field elements as text and bytes |
//! | [`mod@file`] | circom's files: `.zkey`, `.r1cs`, `.ptau`, `.wtns`, `.sym` |
//! | [`interrupt`] | how a caller stops work that takes long |
//! | [`json`] | snarkjs' JSON: verifying keys, proofs, public signals, inputs |
//! | [`key`], [`proof`] | proving keys, verifying keys, proofs |
//! | [`linear_combination`] | sums of signals, as values and as terms |
//! | [`loaded`] | circuits with their keys, for callers who do not know the curve |
//! | [`matrix`], [`constraint_system`], [`assignment`] | a circuit's constraints and the values that satisfy them |
//! | [`point`] | points by their coordinates, and the checks that every point from outside passes |
//! | [`poseidon`], [`text`] | the hash of circom's library, and what it makes of text and bytes |
//! | [`prove`] | provers, and the verification of every proof before it is released |
//! | [`qap`] | the reduction of constraints to a quadratic arithmetic program |
//! | [`setup`] | keys made by a single party |
//! | [`solidity`] | verifying keys as contracts for the Ethereum Virtual Machine |
//! | [`verify`] | verification of one proof or of many |
//! | [`witness_calculator`] | circom's WebAssembly, which calculates all signals from named inputs (feature `wasm`) |
#![forbid(unsafe_code)]

pub use broker_prover::{
    assignment, bytes, constraint_system, curve, field, interrupt, kernel, key, matrix, point, proof, prove,
    qap, setup, verify,
};

pub mod ceremony;
pub mod circuit;
pub mod file;
pub mod json;
pub mod linear_combination;
pub mod loaded;
pub mod poseidon;
mod shown;
pub mod solidity;
pub mod text;
#[cfg(feature = "wasm")]
pub mod witness_calculator;
