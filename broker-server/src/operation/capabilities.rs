//! What this build can serve, for `policy`, which knows no crypto library.

use crate::policy::{Capabilities, Need, Objection};

/// What the libraries of this build can do.
pub const CAPABILITIES: Capabilities = Capabilities { objection };

/// Every algorithm of the profile language is in both libraries.
fn objection(_need: &Need<'_>) -> Option<Objection> {
    None
}
