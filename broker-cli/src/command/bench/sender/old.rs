//! The older generations, which hash and issue certificates.

use std::sync::Arc;

use broker_client::{Error, HashValue};
use broker_proto::{
    crypto_broker::{self, crypto_grpc_client::CryptoGrpcClient},
    g0::{self, crypto_broker_client::CryptoBrokerClient},
};
use tonic::transport::Channel;

use super::{
    Sender, Setup,
    grpc::{self, CREATED_AT, ID},
    missing, not_offered,
};
use crate::{
    command::bench::{answer::Answer, work::Task},
    error::Failure,
};

/// A generation: its name, its stub, and of hash and certificate the message, its other fields, the call and what
/// becomes of the answer.
macro_rules! generation {
    (
        $(#[$doc:meta])* $name:ident, $package:ident, $client:ident, $metadata:expr,
        $hash:ident { $($hash_field:ident: $hash_value:expr),* } $hash_call:ident $hash_answer:expr,
        $sign:ident { $($sign_field:ident: $sign_value:expr),* } $sign_call:ident $sign_answer:expr
    ) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub(in crate::command::bench) struct $name {
            channel: Channel,
            messages: Arc<[Message<$package::$hash, $package::$sign>]>,
        }

        impl Sender for $name {
            async fn connect(setup: &Setup) -> Result<Self, Failure> {
                let message = |work: &crate::command::bench::work::Work| {
                    let profile = work.profile.clone();
                    let metadata = Some($metadata);
                    Ok(match &work.task {
                        Task::Health => Message::Health,
                        Task::HashData { input } => Message::Hash($package::$hash {
                            profile,
                            input: input.clone(),
                            metadata,
                            $($hash_field: $hash_value,)*
                        }),
                        Task::SignCertificate { material } => Message::Sign($package::$sign {
                            profile,
                            csr: material.csr.clone(),
                            ca_private_key: String::clone(&material.ca_key),
                            ca_cert: material.ca_pem.clone(),
                            metadata,
                            subject: None,
                            crl_distribution_points: Vec::new(),
                            $($sign_field: $sign_value,)*
                        }),
                        _ => return Err(not_offered()),
                    })
                };
                let messages = setup.works.iter().map(message).collect::<Result<_, Failure>>()?;
                Ok(Self { channel: grpc::channel(&setup.socket).await?, messages })
            }

            async fn send(&self, number: usize) -> Result<Answer, Error> {
                let channel = self.channel.clone();
                match self.messages.get(number).ok_or_else(missing)? {
                    Message::Health => grpc::health(channel).await,
                    Message::Hash(message) => {
                        let it = $client::new(channel).$hash_call(message.clone()).await.map_err(grpc::refused)?.into_inner();
                        $hash_answer(it)
                    }
                    Message::Sign(message) => {
                        let it = $client::new(channel).$sign_call(message.clone()).await.map_err(grpc::refused)?.into_inner();
                        $sign_answer(it)
                    }
                }
            }
        }
    };
}

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
    |it: crypto_broker::HashDataResponse| {
        use crypto_broker::hash_data_response::HashValue as Wire;
        let value = match it.hash_value.ok_or_else(|| grpc::empty("hash"))? {
            Wire::HashValueHex(text) => HashValue::Hex(text),
            Wire::HashValueRaw(bytes) => HashValue::Raw(bytes),
        };
        Ok(Answer::Hash { algorithm: it.hash_algorithm, value })
    },
    SignCertificateRequest {
        valid_not_before: None, valid_not_after: None,
        output_format: crypto_broker::SignOutputFormat::Der.into()
    } sign_certificate
    |it: crypto_broker::SignCertificateResponse| {
        use crypto_broker::sign_certificate_response::SignedCertificate as Wire;
        Ok(match it.signed_certificate.ok_or_else(|| grpc::empty("certificate"))? {
            Wire::Der(der) => Answer::Certificate(der),
            Wire::Pem(_) => return Err(grpc::empty("certificate in DER")),
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
    |it: crypto_broker::HashResponse| {
        Ok(Answer::Hash { algorithm: it.hash_algorithm, value: HashValue::Hex(it.hash_value) })
    },
    SignRequest { valid_not_before: None, valid_not_after: None } sign
    |it: crypto_broker::SignResponse| Ok(Answer::CertificateText(it.signed_certificate))
}

generation! {
    /// `protobuf.CryptoBroker/{Hash,Sign}`.
    G0, g0, CryptoBrokerClient,
    g0::Metadata { id: ID.to_owned(), created_at: CREATED_AT.into() },
    HashRequest {} hash
    |it: g0::HashResponse| {
        Ok(Answer::Hash { algorithm: it.hash_algorithm, value: HashValue::Hex(it.hash_value) })
    },
    SignRequest { valid_not_before_offset: None, valid_not_after_offset: None } sign
    |it: g0::SignResponse| Ok(Answer::CertificateText(it.signed_certificate))
}
