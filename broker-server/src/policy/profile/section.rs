//! The sections of a profile as a list.

use super::{
    EncryptDataRule, Groth16Rule, HashDataRule, KemRule, Profile, SignCertificateRule, SignDataRule,
};

/// A section of `API` that a profile has.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
#[allow(missing_docs)] // the names are the document's
pub enum Section<'a> {
    HashData(&'a HashDataRule),
    SignCertificate(&'a SignCertificateRule),
    SignData(&'a SignDataRule),
    EncryptData(&'a EncryptDataRule),
    Kem(&'a KemRule),
    Groth16(&'a Groth16Rule),
}

impl Section<'_> {
    /// The name in the document, such as `KEM`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::HashData(_) => "HashData",
            Self::SignCertificate(_) => "SignCertificate",
            Self::SignData(_) => "SignData",
            Self::EncryptData(_) => "EncryptData",
            Self::Kem(_) => "KEM",
            Self::Groth16(_) => "Groth16",
        }
    }
}

impl Profile {
    /// Returns the sections of the profile, in the order of the documentation.
    pub fn sections(&self) -> impl Iterator<Item = Section<'_>> {
        [
            self.hash_data.as_deref().map(Section::HashData),
            self.sign_certificate.as_deref().map(Section::SignCertificate),
            self.sign_data.as_deref().map(Section::SignData),
            self.encrypt_data.as_deref().map(Section::EncryptData),
            self.kem.as_deref().map(Section::Kem),
            self.groth16.as_deref().map(Section::Groth16),
        ]
        .into_iter()
        .flatten()
    }

    /// Returns the names of the profile's sections, in the order of the documentation.
    pub fn section_names(&self) -> Vec<&'static str> {
        self.sections().map(|section| section.name()).collect()
    }
}
