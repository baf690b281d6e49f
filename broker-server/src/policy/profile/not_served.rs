//! The rules of sections that are parsed and validated, but not served yet.

/// `API.Groth16`: proofs over the curve [`Groth16Rule::CURVE`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groth16Rule {
    /// The names in `Circuits`, in the order of the document.
    pub circuits: Vec<String>,
    /// The line of the section, from 1.
    pub line: u32,
}

impl Groth16Rule {
    /// The only value of `Curve`.
    pub const CURVE: &'static str = "bn254";
}

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
