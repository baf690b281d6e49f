//! The audit: the contents of its records, one record for each key use, and the broker's behaviour where records cannot be
//! written.
#![allow(missing_docs, unreachable_pub)] // a test's modules
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod limits;
mod records;
mod rotation;
mod stalled;
#[path = "../support/mod.rs"]
mod support;
mod uses;

use std::path::Path;

use serde_json::Value;
use support::Broker;

/// Stops the broker by SIGTERM and returns its exit code.
fn stop(broker: &mut Broker) -> Option<i32> {
    broker.signal("TERM");
    broker.wait().code()
}

/// Returns the records in a file.
fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
