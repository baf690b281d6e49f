//! Rules of what is parsed and validated but not served yet.

/// `API.Groth16`: proofs over BN254, the only `Curve` there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groth16Rule {
    /// `Circuits` by name, in the document's order.
    pub circuits: Vec<String>,
    /// Line of the section, from 1.
    pub line: u32,
}

/// `KMS`: where keys that callers name by id live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KmsRule {
    /// `Config`: the client's configuration file. The client is OpenBao, the only one there is.
    pub config: String,
    /// `Cache`.
    pub cache: bool,
    /// Line of the section, from 1.
    pub line: u32,
}
