//! The form in which webpki gets a certificate: without the extensions that are processed here.
//!
//! webpki refuses every critical extension that it does not know, certificatePolicies among them (RFC 5280 6.1 processes it),
//! and every name under constraints of the forms rfc822Name, uniformResourceIdentifier and directoryName. Such an extension
//! gets an identifier that webpki does not know, and is not critical; lengths remain. The signature is verified over the
//! original bytes.

use std::{collections::BTreeSet, sync::Arc};

use crate::x509::{
    certificate::{Certificate, Extension, oid},
    extension_value,
};

/// The last octet of the identifier of an extension that is hidden, 2.5.29.127, which is not assigned.
const HIDDEN: u8 = 127;

/// The length of the largest certificate that webpki reads: it has a header of four octets, of which two are the length.
const MAX_LENGTH: usize = 4 + 0xffff;

/// A certificate in both forms.
#[derive(Clone, Debug)]
pub(super) struct Presented {
    /// The certificate itself.
    pub(super) original: Vec<u8>,
    /// What webpki gets.
    pub(super) der: Vec<u8>,
    /// tbsCertificate in both forms, where they differ.
    tbs: Option<Pair>,
}

#[derive(Clone, Debug)]
struct Pair {
    original: Vec<u8>,
    presented: Vec<u8>,
}

impl Presented {
    /// Reads a certificate.
    ///
    /// # Errors
    /// Fails with a text that continues a sentence that names the certificate.
    pub(super) fn new(original: Vec<u8>) -> Result<Self, String> {
        let certificate = Certificate::read(&original).map_err(|error| error.to_string())?;
        if original.len() > MAX_LENGTH {
            return Err(format!("has {} bytes; at most {MAX_LENGTH} are supported", original.len()));
        }
        let extensions = certificate.extensions();
        let mut seen = BTreeSet::new();
        for extension in extensions {
            let name = extension_value::name(extension);
            if !seen.insert(extension.id) {
                return Err(format!("has the extension {name} twice (RFC 5280 4.2)"));
            }
            if extension.id == [0x55, 0x1d, HIDDEN] {
                return Err(format!("has the extension {name}, which is not assigned"));
            }
        }
        let mut der = original.clone();
        let start = original.as_ptr().addr();
        let mut set = |octets: &[u8], index: usize, octet: u8| {
            let place = octets.as_ptr().addr() - start + index;
            der.get_mut(place).map(|found| *found = octet)
        };
        let mut is_changed = false;
        for extension in extensions.iter().filter(|extension| is_processed_here(extension)) {
            set(extension.id, 2, HIDDEN);
            // Another octet than FF is not DER, which webpki says.
            if let Some(octets @ [0xff]) = extension.critical_octets {
                set(octets, 0, 0);
            }
            is_changed = true;
        }
        let tbs = match is_changed {
            true => {
                let presented = Certificate::read(&der).map_err(|error| error.to_string())?.tbs.to_vec();
                Some(Pair { original: certificate.tbs.to_vec(), presented })
            }
            false => None,
        };
        Ok(Self { original, der, tbs })
    }
}

/// Reports whether the paths are checked here for what the extension says.
fn is_processed_here(extension: &Extension<'_>) -> bool {
    match extension.oid.as_str() {
        oid::NAME_CONSTRAINTS => true,
        // webpki ignores these where they are not critical.
        oid::CERTIFICATE_POLICIES
        | oid::POLICY_MAPPINGS
        | oid::POLICY_CONSTRAINTS
        | oid::INHIBIT_ANY_POLICY => extension.critical,
        _ => false,
    }
}

/// Removes each certificate that webpki could not tell from an earlier one, although their bytes differ: both would be
/// verified with the bytes of either.
pub(super) fn remove_ambiguous(first: &Presented, others: &mut Vec<Presented>) {
    let mut kept: Vec<Presented> = Vec::new();
    for other in others.drain(..) {
        let is_ambiguous = |known: &Presented| known.der == other.der && known.original != other.original;
        if !is_ambiguous(first) && !kept.iter().any(is_ambiguous) {
            kept.push(other);
        }
    }
    *others = kept;
}

/// The bytes that signatures are verified over, for those that webpki got.
#[derive(Clone, Debug)]
pub(super) struct Originals(Arc<[Pair]>);

impl Originals {
    /// Collects those of certificates.
    pub(super) fn of<'a>(certificates: impl Iterator<Item = &'a Presented>) -> Self {
        Self(certificates.filter_map(|certificate| certificate.tbs.clone()).collect())
    }

    /// Returns the original of a tbsCertificate; itself where it is one.
    pub(super) fn get<'a>(&'a self, tbs: &'a [u8]) -> &'a [u8] {
        let pair = self.0.iter().find(|pair| pair.presented == tbs);
        pair.map_or(tbs, |pair| pair.original.as_slice())
    }
}
