//! Profiles that are on their way out, as `validate` and `list` tell of them.

use broker_server::policy::{Catalogue, profile::Deprecation};
use serde_json::{Value, json};

/// Each profile that is, in the document's order.
pub(super) fn all(catalogue: &Catalogue) -> impl Iterator<Item = (&str, &Deprecation)> {
    catalogue.profiles().iter().filter_map(|it| Some((&*it.name, it.deprecation.as_ref()?)))
}

/// Returns it in one phrase: `deprecated since 2026-01-01, refused after 2027-01-01, use Default: reason`.
pub(super) fn text(fate: &Deprecation) -> String {
    // Only an enforced sunset makes a broker refuse anything.
    let end = if fate.enforce_sunset { ", refused after " } else { ", to be removed after " };
    let mut text = "deprecated".to_owned();
    for (words, value) in [
        (" since ", &fate.deprecated_since),
        (end, &fate.remove_after),
        (", use ", &fate.replaced_by),
        (": ", &fate.reason),
    ] {
        if let Some(value) = value {
            text.push_str(words);
            text.push_str(value);
        }
    }
    text
}

/// Returns all of them as a list of objects.
pub(super) fn json(catalogue: &Catalogue) -> Vec<Value> {
    all(catalogue)
        .map(|(profile, fate)| {
            json!({
                "profile": profile,
                "line": fate.line,
                "replacedBy": fate.replaced_by,
                "deprecatedSince": fate.deprecated_since,
                "removeAfter": fate.remove_after,
                "reason": fate.reason,
                "enforced": fate.enforce_sunset,
            })
        })
        .collect()
}
