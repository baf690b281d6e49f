//! The purpose that a path is verified for (RFC 5280 4.2.1.12).

use clap::ValueEnum;
use webpki::{
    Error, ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter, KeyUsage, RequiredEkuNotFoundContext,
};

/// `--purpose`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Purpose {
    /// serverAuth.
    Server,
    /// clientAuth.
    Client,
    /// No purpose is required.
    Any,
}

impl Purpose {
    /// Returns the contents of the purpose's OBJECT IDENTIFIER.
    const fn oid(self) -> Option<&'static [u8]> {
        match self {
            Self::Server => Some(&[0x2b, 6, 1, 5, 5, 7, 3, 1]),
            Self::Client => Some(&[0x2b, 6, 1, 5, 5, 7, 3, 2]),
            Self::Any => None,
        }
    }
}

impl Purpose {
    /// Reports whether an extKeyUsage with these purposes allows this one.
    pub(super) fn is_among(self, purposes: &[String]) -> bool {
        let wanted = match self {
            Self::Server => "1.3.6.1.5.5.7.3.1",
            Self::Client => "1.3.6.1.5.5.7.3.2",
            Self::Any => return !purposes.is_empty(),
        };
        purposes.iter().any(|purpose| purpose == wanted || purpose == "2.5.29.37.0")
    }
}

/// Returns webpki's error of a purpose that is not listed. Its details are not used.
fn missing() -> Error {
    let context = RequiredEkuNotFoundContext { required: KeyUsage::server_auth(), present: Vec::new() };
    Error::RequiredEkuNotFoundContext(context)
}

/// anyExtendedKeyUsage.
const ANY: &[u8] = &[0x55, 0x1d, 0x25, 0];

impl ExtendedKeyUsageValidator for Purpose {
    /// Accepts a certificate without extKeyUsage, and one that lists the purpose or anyExtendedKeyUsage.
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        let mut is_empty = true;
        let mut is_found = false;
        for purpose in purposes {
            let purpose = purpose?;
            is_empty = false;
            is_found |= purpose == KeyPurposeId::new(ANY);
            is_found |= self.oid().is_none_or(|oid| purpose == KeyPurposeId::new(oid));
        }
        if is_empty || is_found { Ok(()) } else { Err(missing()) }
    }
}
