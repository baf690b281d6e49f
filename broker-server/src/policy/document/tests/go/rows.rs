//! The documents, by the row of the table to which they belong.

mod loads;
mod refused;
mod warned;

/// A document in the style of the Go broker's own examples, which the cases edit.
pub(super) const BASE: &str = "\
- Name: One
  Settings:
    CryptoLibrary: native
  API:
    HashData:
      HashAlg: sha3-512
    EncryptData:
      EncryptAlg: aes-gcm
      KeySize: 256
      NonceStrategy: user-provided
      TagLength: 128
    SignCertificate:
      SignAlg: ecdsa
      HashAlg: sha-384
      SKIHashAlg: sha-256
      Validity:
        ValidNotBeforeOffset: -1h
        ValidNotAfterOffset: 8760h
      KeyConstraints:
        Subject:
          RSA:
            MinKeySize: 2048
            MaxKeySize: 4096
        Issuer:
          ECDSA:
            MinKeySize: 384
            MaxKeySize: 521
      KeyUsage: [digitalSignature, keyEncipherment]
      ExtendedKeyUsage: [clientAuth]
      BasicConstraints:
        CA: false
";

pub(super) const SUBJECT: &str = "
        Subject:
          RSA:
            MinKeySize: 2048
            MaxKeySize: 4096
";
pub(super) const ISSUER: &str = "
        Issuer:
          ECDSA:
            MinKeySize: 384
            MaxKeySize: 521
";
pub(super) const USAGES: &str = "KeyUsage: [digitalSignature, keyEncipherment]";
pub(super) const ENCRYPT: &str = "
      EncryptAlg: aes-gcm
      KeySize: 256
      NonceStrategy: user-provided
      TagLength: 128
";
pub(super) const HASH: &str = "
      HashAlg: sha3-512
";
pub(super) const BASIC: &str = "
      BasicConstraints:
        CA: false
";

pub(super) const USAGES_AND_BASIC: &str = "KeyUsage: [digitalSignature, keyEncipherment]
      ExtendedKeyUsage: [clientAuth]
      BasicConstraints:
        CA: false
";

/// A row of the table, and documents that belong to it.
pub(super) struct Row {
    /// The first cell.
    pub(super) what: &'static str,
    /// Each edit replaces a part of [`BASE`] by another text. An empty part stands for the whole document.
    pub(super) edits: &'static [(&'static str, &'static str)],
}

/// Returns all rows, in the order of the table.
pub(super) fn rows() -> impl Iterator<Item = &'static Row> {
    [loads::ROWS, warned::ROWS, refused::ROWS].into_iter().flatten()
}
