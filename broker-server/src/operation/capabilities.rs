//! What this build can serve, for `policy`, which knows no crypto library.

use crate::policy::{
    Capabilities, Need, Objection,
    profile::{Section, SigningMode},
};

/// What the libraries of this build can do.
pub const CAPABILITIES: Capabilities = Capabilities { objection };

/// Every algorithm of the profile language is in both libraries; the composite signatures of the mode `hybrid` are in
/// none.
fn objection(need: &Need<'_>) -> Option<Objection> {
    match need.section {
        Section::SignData(rule) if rule.mode == SigningMode::Hybrid => Some(Objection {
            key: "SigningMode",
            message: "composite signatures are not served by this build; set `legacy` or `post-quantum`"
                .into(),
        }),
        _ => None,
    }
}
