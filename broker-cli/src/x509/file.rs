//! Files with certificates and certification requests: PEM with any number of blocks, or DER.

use super::{
    certificate::{Certificate, Request},
    der::{NotDer, Reader, Tlv, tag},
};
use crate::{
    error::Failure,
    input,
    location::Location,
    pem::BlockKind,
    pem_block::{self, Block},
};

/// What a file holds.
pub(crate) struct Object {
    pub(crate) kind: Kind,
    /// The bytes, or why there are none.
    pub(crate) der: Result<Vec<u8>, String>,
    /// Whether OpenSSL's settings of what the certificate is trusted for follow it, in a block TRUSTED CERTIFICATE.
    pub(crate) has_trust_settings: bool,
    /// The file, with the number of the block in PEM.
    pub(crate) place: String,
}

/// The kind of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A certificate (RFC 5280).
    Certificate,
    /// A certification request (RFC 2986).
    Request,
    /// A PEM block with another label.
    Other(String),
}

/// Reads all objects of a file in order.
///
/// # Errors
/// Fails where the file cannot be read, and where it is neither PEM nor DER of a certificate or a request.
pub(crate) fn objects(location: &Location) -> Result<Vec<Object>, Failure> {
    // Read as a secret: the wrong file may contain one.
    let bytes = input::secret(location)?;
    if Tlv::only(&bytes).is_ok() {
        let kind = match (Certificate::read(&bytes), Request::read(&bytes)) {
            (Ok(_), _) => Kind::Certificate,
            (Err(_), Ok(_)) => Kind::Request,
            _ => {
                return Err(Failure::invalid(format!(
                    "{location}: is DER, but neither a certificate (RFC 5280 4.1) nor a certification request (RFC 2986)"
                )));
            }
        };
        let place = location.to_string();
        return Ok(vec![Object { kind, der: Ok(bytes.to_vec()), has_trust_settings: false, place }]);
    }
    let blocks = pem_block::blocks(&bytes);
    if blocks.is_empty() {
        return Err(Failure::invalid(format!(
            "{location}: is neither DER nor PEM: it has no line `-----BEGIN …-----`"
        )));
    }
    Ok(blocks.into_iter().enumerate().map(|(index, block)| object(location, index + 1, block)).collect())
}

fn object(location: &Location, number: usize, block: Block) -> Object {
    let mut has_trust_settings = false;
    let (is_trusted, kind) = (block.label == "TRUSTED CERTIFICATE", block.kind());
    let der = block.der.map_err(|error| error.to_string()).and_then(|der| match is_trusted {
        false => Ok(der.to_vec()),
        true => {
            let (certificate, has_settings) = trusted(&der).map_err(|error| error.to_string())?;
            has_trust_settings = has_settings;
            Ok(certificate.to_vec())
        }
    });
    let kind = match kind {
        BlockKind::Certificate => Kind::Certificate,
        BlockKind::Request => Kind::Request,
        _ => Kind::Other(block.label),
    };
    Object { kind, der, has_trust_settings, place: format!("{location}, block {number}") }
}

/// Reads a block TRUSTED CERTIFICATE (openssl-x509(1)): a certificate, and optionally purposes that it is trusted for, purposes
/// that it is not trusted for, and names. Returns the certificate, and whether there are such purposes.
fn trusted(der: &[u8]) -> Result<(&[u8], bool), NotDer> {
    let mut parts = Reader::new(der);
    let certificate = parts.next(tag::SEQUENCE)?.raw;
    let settings = parts.optional(tag::SEQUENCE)?;
    parts.end()?;
    let Some(settings) = settings else { return Ok((certificate, false)) };
    let mut settings = settings.inside(tag::SEQUENCE)?;
    let trusted = settings.optional(tag::SEQUENCE)?;
    let rejected = settings.optional(tag::context(0, true))?;
    Ok((certificate, trusted.is_some() || rejected.is_some()))
}

/// Reads the certificates of a file in order, readable or not.
///
/// # Errors
/// Fails where the file cannot be read, and where it holds no certificate.
pub(crate) fn certificates(location: &Location) -> Result<Vec<Object>, Failure> {
    let mut found = objects(location)?;
    found.retain(|object| object.kind == Kind::Certificate);
    if found.is_empty() {
        return Err(Failure::invalid(format!("{location}: holds no certificate")));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trusted_certificate_is_told_from_its_settings() {
        for (after, expected) in [
            (&b""[..], Ok(false)),
            // An alias.
            (b"\x30\x03\x0c\x01a", Ok(false)),
            (b"\x30\x05\x30\x03\x06\x01\x2a", Ok(true)),
            (b"\x30\x05\xa0\x03\x06\x01\x2a", Ok(true)),
            (b"\x04\x00", Err(NotDer)),
        ] {
            let read = trusted_of(after);
            assert_eq!(read, expected, "{after:?}");
        }
    }

    fn trusted_of(after: &[u8]) -> Result<bool, NotDer> {
        let der = [b"\x30\x02\x05\x00", after].concat();
        let (certificate, has_settings) = trusted(&der)?;
        assert_eq!(certificate, b"\x30\x02\x05\x00");
        Ok(has_settings)
    }
}
