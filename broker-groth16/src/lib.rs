//! Groth16 proofs over BN254 and BLS12-381: built-in circuits, circom's files, setup, provers, verification.
//!
//! The crate knows nothing of profiles, callers or gRPC. The broker decides who may prove what; this crate checks that
//! the mathematics is right and that no input, however made, is taken for something that it is not.
//!
//! | module | contents |
//! |---|---|
//! | [`curve`] | the two curves, and what snarkjs' files and JSON need to know about each |
//! | [`field`] | field elements as text and bytes |
//! | [`interrupt`] | how a caller stops work that takes long |
//! | [`matrix`], [`constraint_system`], [`assignment`] | a circuit's constraints and the values that satisfy them |
//! | [`linear_combination`] | sums of signals, as values and as terms |
//! | [`key`], [`proof`] | proving keys, verifying keys, proofs |
//! | [`circuit`] | the built-in circuits, their inputs, and what is verified of them |
//! | [`poseidon`], [`text`] | the hash of circom's library, and what it makes of text and bytes |
#![forbid(unsafe_code)]

pub mod assignment;
pub mod circuit;
pub mod constraint_system;
pub mod curve;
pub mod field;
pub mod interrupt;
pub mod key;
pub mod linear_combination;
pub mod matrix;
pub mod poseidon;
pub mod proof;
pub mod text;
