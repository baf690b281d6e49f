//! Setup, provers and verification, compared with ark-groth16.
#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

mod circuits;
mod prove;
mod reference;
mod setup;
mod verify;
