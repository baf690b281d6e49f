//! Calls with contexts, unary and in streams, and keys in the forms that the broker reads.

use broker_proto::v1;
use der::{
    Encode as _,
    asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef},
};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfo};
use tonic::{Status, transport::Channel};
use v1::{crypto_service_client::CryptoServiceClient, stream_service_client::StreamServiceClient};

use crate::support::{Broker, signing::source};

/// What is signed, under which profile and context, and in which format.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) profile: &'a str,
    pub(super) context: Option<&'a [u8]>,
    pub(super) message: &'a [u8],
    pub(super) format: i32,
}

impl<'a> Case<'a> {
    /// A case in the profile's format.
    pub(super) fn new(profile: &'a str, context: &'a [u8], message: &'a [u8]) -> Self {
        Self { profile, context: Some(context), message, format: 0 }
    }

    pub(super) fn sign_request(&self, key: &[u8]) -> v1::SignDataRequest {
        v1::SignDataRequest {
            profile: self.profile.to_owned(),
            key_source: source(key),
            input: self.message.to_vec().into(),
            signature_format: self.format,
            metadata: None,
            context: self.context.map(<[u8]>::to_vec),
        }
    }

    pub(super) fn verify_request(&self, key: &[u8], signature: &[u8]) -> v1::VerifyDataRequest {
        v1::VerifyDataRequest {
            profile: self.profile.to_owned(),
            key_source: source(key),
            input: self.message.to_vec().into(),
            signature: signature.to_vec().into(),
            signature_format: self.format,
            metadata: None,
            context: self.context.map(<[u8]>::to_vec),
        }
    }
}

/// Clients of the services that sign and verify.
pub(super) struct Clients {
    unary: CryptoServiceClient<Channel>,
    streams: StreamServiceClient<Channel>,
}

impl Clients {
    pub(super) async fn new(broker: &Broker) -> Self {
        Self { unary: broker.crypto().await, streams: StreamServiceClient::new(broker.channel().await) }
    }

    pub(super) async fn sign(&mut self, key: &[u8], case: Case<'_>) -> Result<v1::SignDataResponse, Status> {
        Ok(self.unary.sign_data(case.sign_request(key)).await?.into_inner())
    }

    pub(super) async fn verify(
        &mut self,
        key: &[u8],
        case: Case<'_>,
        signature: &[u8],
    ) -> Result<bool, Status> {
        Ok(self.unary.verify_data(case.verify_request(key, signature)).await?.into_inner().valid)
    }

    pub(super) async fn sign_stream(
        &mut self,
        key: &[u8],
        case: Case<'_>,
    ) -> Result<v1::SignDataResponse, Status> {
        use v1::sign_stream_request::Part;
        let header = v1::SignStreamHeader {
            profile: case.profile.to_owned(),
            key_source: source(key),
            signature_format: case.format,
            metadata: None,
            context: case.context.map(<[u8]>::to_vec),
        };
        let parts = case.message.chunks(1000).map(|part| Part::Data(part.to_vec().into()));
        let messages: Vec<_> = [Part::Header(header)]
            .into_iter()
            .chain(parts)
            .map(|part| v1::SignStreamRequest { part: Some(part) })
            .collect();
        Ok(self.streams.sign_stream(tokio_stream::iter(messages)).await?.into_inner())
    }

    pub(super) async fn verify_stream(
        &mut self,
        key: &[u8],
        case: Case<'_>,
        signature: &[u8],
    ) -> Result<bool, Status> {
        use v1::verify_stream_request::Part;
        let header = v1::VerifyStreamHeader {
            profile: case.profile.to_owned(),
            key_source: source(key),
            signature: signature.to_vec().into(),
            signature_format: case.format,
            metadata: None,
            context: case.context.map(<[u8]>::to_vec),
        };
        let parts = case.message.chunks(1000).map(|part| Part::Data(part.to_vec().into()));
        let messages: Vec<_> = [Part::Header(header)]
            .into_iter()
            .chain(parts)
            .map(|part| v1::VerifyStreamRequest { part: Some(part) })
            .collect();
        Ok(self.streams.verify_stream(tokio_stream::iter(messages)).await?.into_inner().valid)
    }
}

fn algorithm(set: &str) -> AlgorithmIdentifierRef<'static> {
    let oid = match set {
        "44" => "2.16.840.1.101.3.4.3.17",
        "65" => "2.16.840.1.101.3.4.3.18",
        _ => "2.16.840.1.101.3.4.3.19",
    };
    AlgorithmIdentifierRef { oid: ObjectIdentifier::new_unwrap(oid), parameters: None }
}

/// Returns SubjectPublicKeyInfo (RFC 9881 4).
pub(super) fn public_key(set: &str, key: &[u8]) -> Vec<u8> {
    let subject_public_key = BitStringRef::from_bytes(key).unwrap();
    SubjectPublicKeyInfo::<AnyRef<'_>, _> { algorithm: algorithm(set), subject_public_key }.to_der().unwrap()
}

/// Returns PKCS #8 with an expanded key (RFC 9881 6).
pub(super) fn expanded_key(set: &str, key: &[u8]) -> Vec<u8> {
    let octets = OctetStringRef::new(key).unwrap().to_der().unwrap();
    let parts = [
        0_u8.to_der().unwrap(),
        algorithm(set).to_der().unwrap(),
        OctetStringRef::new(&octets).unwrap().to_der().unwrap(),
    ];
    AnyRef::new(der::Tag::Sequence, &parts.concat()).unwrap().to_der().unwrap()
}
