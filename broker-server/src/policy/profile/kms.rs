//! The rule of `KMS`, which is parsed and validated, but not used yet.

/// `KMS`: the key management system for keys that callers name by their id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KmsRule {
    /// `Config`: the path of the configuration file of the client.
    pub config: String,
    /// `Cache`: whether keys of the key management system are kept in memory.
    pub cache: bool,
    /// The line of the section, from 1.
    pub line: u32,
}

impl KmsRule {
    /// The only value of `Client`.
    pub const CLIENT: &'static str = "openbao";
}
