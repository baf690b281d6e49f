//! Sends calls of the older generations of the protocol, which hash and issue certificates.

use std::sync::Arc;

use broker_client::{Error, HashValue};
use broker_proto::{
    crypto_broker::{self, crypto_grpc_client::CryptoGrpcClient},
    g0::{self, crypto_broker_client::CryptoBrokerClient},
};
use tonic::transport::Channel;

use super::{
    common::{Sender, SenderConfig, not_offered, not_prepared},
    grpc::{self, CREATED_AT, ID},
};
use crate::{
    error::LoadError,
    prepare::{PreparedCall, Task},
    response::Response,
};

/// Defines the sender of a generation: its name, its stub, and for a hash and a certificate the request message with its
/// other fields, the method, and how the response is converted.
macro_rules! generation {
    (
        $(#[$doc:meta])* $name:ident, $package:ident, $client:ident, $metadata:expr,
        $hash:ident { $($hash_field:ident: $hash_value:expr),* } $hash_call:ident $hash_answer:expr,
        $sign:ident { $($sign_field:ident: $sign_value:expr),* } $sign_call:ident $sign_answer:expr
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub(crate) struct $name {
            channel: Channel,
            messages: Arc<[Message<$package::$hash, $package::$sign>]>,
        }

        impl Sender for $name {
            async fn connect(config: &SenderConfig) -> Result<Self, LoadError> {
                let message = |call: &PreparedCall| {
                    let profile = call.profile.clone();
                    let metadata = Some($metadata);
                    Ok(match &call.task {
                        Task::Health => Message::Health,
                        Task::HashData { input } => Message::Hash($package::$hash {
                            profile,
                            input: input.clone(),
                            metadata,
                            $($hash_field: $hash_value,)*
                        }),
                        Task::SignCertificate { ca } => Message::Sign($package::$sign {
                            profile,
                            csr: ca.csr.clone(),
                            ca_private_key: String::clone(&ca.private_key),
                            ca_cert: ca.certificate.clone(),
                            metadata,
                            subject: None,
                            crl_distribution_points: Vec::new(),
                            $($sign_field: $sign_value,)*
                        }),
                        _ => return Err(not_offered()),
                    })
                };
                let messages = config.calls.iter().map(message).collect::<Result<_, LoadError>>()?;
                Ok(Self { channel: grpc::channel(&config.socket).await?, messages })
            }

            async fn send(&self, index: usize) -> Result<Response, Error> {
                let channel = self.channel.clone();
                match self.messages.get(index).ok_or_else(not_prepared)? {
                    Message::Health => grpc::health(channel).await,
                    Message::Hash(message) => {
                        let response = $client::new(channel).$hash_call(message.clone()).await.map_err(grpc::status_error)?.into_inner();
                        $hash_answer(response)
                    }
                    Message::Sign(message) => {
                        let response = $client::new(channel).$sign_call(message.clone()).await.map_err(grpc::status_error)?.into_inner();
                        $sign_answer(response)
                    }
                }
            }
        }
    };
}

#[derive(Debug)]
enum Message<Hash, Sign> {
    Health,
    Hash(Hash),
    Sign(Sign),
}

generation! {
    /// `CryptoBroker.CryptoGrpc/{HashData,SignCertificate}`.
    G3, crypto_broker, CryptoGrpcClient,
    crypto_broker::Metadata { id: ID.to_owned(), ..crypto_broker::Metadata::default() },
    HashDataRequest { output_format: crypto_broker::HashOutputFormat::Hex.into() } hash_data
    |response: crypto_broker::HashDataResponse| {
        use crypto_broker::hash_data_response::HashValue as Wire;
        let value = match response.hash_value.ok_or_else(|| grpc::missing_field("hash"))? {
            Wire::HashValueHex(text) => HashValue::Hex(text),
            Wire::HashValueRaw(bytes) => HashValue::Raw(bytes),
        };
        Ok(Response::Hash { algorithm: response.hash_algorithm, value })
    },
    SignCertificateRequest {
        valid_not_before: None, valid_not_after: None,
        output_format: crypto_broker::SignOutputFormat::Der.into()
    } sign_certificate
    |response: crypto_broker::SignCertificateResponse| {
        use crypto_broker::sign_certificate_response::SignedCertificate as Wire;
        Ok(match response.signed_certificate.ok_or_else(|| grpc::missing_field("certificate"))? {
            Wire::Der(der) => Response::Certificate(der),
            Wire::Pem(_) => return Err(grpc::missing_field("certificate in DER")),
        })
    }
}

generation! {
    /// `CryptoBroker.CryptoGrpc/{Hash,Sign}`.
    G2, crypto_broker, CryptoGrpcClient,
    crypto_broker::Metadata {
        id: ID.to_owned(), created_at_or_deprecation: CREATED_AT.into(), trace_context: None,
    },
    HashRequest {} hash
    |response: crypto_broker::HashResponse| {
        Ok(Response::Hash { algorithm: response.hash_algorithm, value: HashValue::Hex(response.hash_value) })
    },
    SignRequest { valid_not_before: None, valid_not_after: None } sign
    |response: crypto_broker::SignResponse| Ok(Response::CertificateText(response.signed_certificate))
}

generation! {
    /// `protobuf.CryptoBroker/{Hash,Sign}`.
    G0, g0, CryptoBrokerClient,
    g0::Metadata { id: ID.to_owned(), created_at: CREATED_AT.into() },
    HashRequest {} hash
    |response: g0::HashResponse| {
        Ok(Response::Hash { algorithm: response.hash_algorithm, value: HashValue::Hex(response.hash_value) })
    },
    SignRequest { valid_not_before_offset: None, valid_not_after_offset: None } sign
    |response: g0::SignResponse| Ok(Response::CertificateText(response.signed_certificate))
}
