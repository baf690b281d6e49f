//! How often a call asks the allocator, and for how many bytes.

use std::ops::{Div, Sub};

use serde::{Deserialize, Serialize};

/// A count. Growing a buffer counts as a new one, as the server's allocator does it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Allocations {
    /// Calls of the allocator.
    pub count: f64,
    /// Bytes that were asked for.
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

/// What one call of a scenario costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// The scenario.
    pub id: String,
    /// The lane, such as `unary`.
    pub lane: String,
    /// In the server, per call.
    pub server: Allocations,
    /// In the client, per call.
    pub client: Allocations,
}
