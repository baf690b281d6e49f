//! Groth16 over BN254 and BLS12-381: keys made by a single party, provers, and verification.
//!
//! The crate knows no circuits and no files, and does no input or output: it takes constraints, a key and the values of
//! all signals, and makes and verifies proofs. Whoever needs circom's files finds them in `broker-groth16`.
//!
//! | module | contents |
//! |---|---|
//! | [`bytes`] | arkworks' canonical bytes of verifying keys and proofs |
//! | [`curve`] | the two curves, and what snarkjs' files and JSON need to know about each |
//! | [`field`] | field elements as text and bytes |
//! | [`interrupt`] | how a caller stops work that takes long |
//! | [`kernel`] | the instructions that provers use |
//! | [`key`], [`proof`] | proving keys, verifying keys, proofs |
//! | [`matrix`], [`constraint_system`], [`assignment`] | a circuit's constraints and the values that satisfy them |
//! | [`point`] | points by their coordinates, and the checks that every point from outside passes |
//! | [`prove`] | provers, and the verification of every proof before it is released |
//! | [`qap`] | the reduction of constraints to a quadratic arithmetic program |
//! | [`setup`] | keys made by a single party |
//! | [`verify`] | verification of one proof or of many |
#![deny(unsafe_code)]
#![doc = include_str!("../README.md")]

pub mod assignment;
pub mod bytes;
pub mod constraint_system;
pub mod curve;
pub mod field;
pub mod interrupt;
pub mod kernel;
pub mod key;
pub mod matrix;
pub mod point;
pub mod proof;
pub mod prove;
pub mod qap;
mod scalar_mul;
pub mod setup;
pub mod verify;
