//! Files with certificates and certification requests: PEM with any number of blocks, or DER.

use super::{
    certificate::{Certificate, Request},
    der::Tlv,
};
use crate::{error::Failure, input, location::Location, pem_block};

/// What a file holds.
pub(crate) struct Object {
    pub(crate) kind: Kind,
    /// The bytes, or why there are none.
    pub(crate) der: Result<Vec<u8>, String>,
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
        return Ok(vec![Object { kind, der: Ok(bytes.to_vec()) }]);
    }
    let blocks = pem_block::blocks(&bytes);
    if blocks.is_empty() {
        return Err(Failure::invalid(format!(
            "{location}: is neither DER nor PEM: it has no line `-----BEGIN …-----`"
        )));
    }
    let object = |block: pem_block::Block| Object {
        kind: match (block.is_certificate(), block.is_request()) {
            (true, _) => Kind::Certificate,
            (_, true) => Kind::Request,
            _ => Kind::Other(block.label),
        },
        der: block.der.map(|der| der.to_vec()).map_err(|error| error.to_string()),
    };
    Ok(blocks.into_iter().map(object).collect())
}

/// Reads the certificates of a file in order.
///
/// # Errors
/// Fails where one of them has no bytes, and where there is none.
pub(crate) fn certificates(location: &Location) -> Result<Vec<Vec<u8>>, Failure> {
    let mut found = Vec::new();
    for object in objects(location)?.into_iter().filter(|object| object.kind == Kind::Certificate) {
        let der = object
            .der
            .map_err(|error| Failure::invalid(format!("{location}: a block CERTIFICATE {error}")))?;
        found.push(der);
    }
    if found.is_empty() {
        return Err(Failure::invalid(format!("{location}: holds no certificate")));
    }
    Ok(found)
}
