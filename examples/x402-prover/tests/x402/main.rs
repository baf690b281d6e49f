//! The service over HTTP: with a broker, with a fake one that refuses, and as a program.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod connections;
mod payments;
mod program;
mod refusals;
mod support;
