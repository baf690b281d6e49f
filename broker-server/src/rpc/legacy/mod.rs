//! Translates the protocols of the Open Crypto Broker's released clients to operations of `cryptobroker.v1` and back.
//! This module contains no policy, no cryptography and no validation.

#![allow(clippy::field_reassign_with_default)] // messages that wipe themselves have no struct update

mod crypto_grpc;
// Generation 0, as in `broker_proto::g0` and `cryptobroker bench --wire g0`.
mod g0;

use broker_proto::v1;
use bytes::Bytes;

/// Returns the current request for a hash in hexadecimal.
fn hash_request(profile: String, input: Bytes, metadata: Option<v1::Metadata>) -> v1::HashDataRequest {
    let output_format = v1::HashOutputFormat::Hex.into();
    v1::HashDataRequest { profile, input, metadata, output_format }
}

/// Returns the algorithm of a response in the form of the older generations.
fn algorithm(descriptor: Option<v1::CryptoDescriptor>) -> String {
    descriptor.map(|descriptor| descriptor.algorithm).unwrap_or_default()
}

/// Returns the hash in hexadecimal, in which it was requested.
fn hex(value: Option<v1::hash_data_response::HashValue>) -> String {
    use v1::hash_data_response::HashValue;
    match value {
        Some(HashValue::HashValueHex(text)) => text,
        Some(HashValue::HashValueRaw(bytes)) => hex::encode(bytes),
        None => String::new(),
    }
}

/// Returns the certificate as standard base64 of its DER, in which it was requested.
fn base64(certificate: Option<v1::sign_certificate_response::SignedCertificate>) -> String {
    use base64ct::Encoding as _;
    use v1::sign_certificate_response::SignedCertificate;
    match certificate {
        Some(SignedCertificate::Der(der)) => base64ct::Base64::encode_string(&der),
        Some(SignedCertificate::Pem(text)) => base64ct::Base64::encode_string(text.as_bytes()),
        None => String::new(),
    }
}

/// Builds the current request for a certificate from one of an older generation. Their messages differ in the times and the
/// format. The key is moved, so that it stays in one place.
macro_rules! certificate_request {
    ($old:ident, $not_before:expr, $not_after:expr, $format:expr) => {{
        let mut current = v1::SignCertificateRequest::default();
        current.ca_private_key = std::mem::take(&mut $old.ca_private_key);
        current.profile = std::mem::take(&mut $old.profile);
        current.csr = std::mem::take(&mut $old.csr);
        current.ca_cert = std::mem::take(&mut $old.ca_cert);
        current.metadata = $old.metadata.take().map(metadata);
        current.valid_not_before = $not_before;
        current.valid_not_after = $not_after;
        current.subject = $old.subject.take();
        current.crl_distribution_points = std::mem::take(&mut $old.crl_distribution_points);
        current.output_format = v1::SignOutputFormat::from($format).into();
        current
    }};
}
use certificate_request;
