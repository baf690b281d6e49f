//! The number of allocations of a call, and their bytes.

use std::ops::{Div, Sub};

use serde::{Deserialize, Serialize};

/// A number of allocations. Growing a buffer counts as one, because the server's allocator makes a new one for it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Allocations {
    /// The number of allocations.
    pub count: f64,
    /// The allocated bytes.
    pub bytes: f64,
}

impl Sub for Allocations {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self { count: self.count - earlier.count, bytes: self.bytes - earlier.bytes }
    }
}

impl Div<f64> for Allocations {
    type Output = Self;

    fn div(self, calls: f64) -> Self {
        Self { count: self.count / calls, bytes: self.bytes / calls }
    }
}

/// The allocations of one call of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// The scenario.
    pub id: String,
    /// The lane, such as `unary`.
    pub lane: String,
    /// Allocations in the server for each call.
    pub server: Allocations,
    /// Allocations in the client for each call.
    pub client: Allocations,
}
