//! What a caller wrote, as errors show it.

/// The longest part of a caller's name that is shown, in characters.
const LONGEST_NAME: usize = 64;

/// A name that a caller gave: at most 64 of its characters, escaped so that it can be shown anywhere.
pub(crate) fn name(name: &str) -> String {
    name.chars().take(LONGEST_NAME).flat_map(char::escape_debug).collect()
}
