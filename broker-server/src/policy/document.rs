//! The profile document as written.

/// Everything that is wrong with a document, all at once.
#[derive(Debug, thiserror::Error)]
#[error("")]
pub struct DocumentError {}
