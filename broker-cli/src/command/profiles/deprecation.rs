//! Deprecated profiles, as `validate` and `list` print them.

use broker_server::policy::{Catalogue, profile::Deprecation};
use serde_json::{Value, json};

/// Returns each deprecated profile in the document's order.
pub(super) fn all(catalogue: &Catalogue) -> impl Iterator<Item = (&str, &Deprecation)> {
    catalogue.profiles().iter().filter_map(|profile| Some((&*profile.name, profile.deprecation.as_ref()?)))
}

/// Returns a deprecation in one phrase: `deprecated since 2026-01-01, refused after 2027-01-01, use Default: reason`.
pub(super) fn text(deprecation: &Deprecation) -> String {
    // A broker refuses requests only where the sunset is enforced.
    let end = if deprecation.enforce_sunset { ", refused after " } else { ", to be removed after " };
    let mut text = "deprecated".to_owned();
    for (words, value) in [
        (" since ", &deprecation.deprecated_since),
        (end, &deprecation.remove_after),
        (", use ", &deprecation.replaced_by),
        (": ", &deprecation.reason),
    ] {
        if let Some(value) = value {
            text.push_str(words);
            text.push_str(value);
        }
    }
    text
}

/// Returns the deprecated profiles as a list of objects.
pub(super) fn json(catalogue: &Catalogue) -> Vec<Value> {
    all(catalogue)
        .map(|(profile, deprecation)| {
            json!({
                "profile": profile,
                "line": deprecation.line,
                "replacedBy": deprecation.replaced_by,
                "deprecatedSince": deprecation.deprecated_since,
                "removeAfter": deprecation.remove_after,
                "reason": deprecation.reason,
                "enforced": deprecation.enforce_sunset,
            })
        })
        .collect()
}
