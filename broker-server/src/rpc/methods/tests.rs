#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use prost::Message as _;
use prost_types::FileDescriptorSet;

use super::*;

/// Every method of every service that is registered anywhere: its path, and what it streams.
fn declared() -> Vec<(String, bool, bool)> {
    let mut methods = Vec::new();
    for set in [
        v1::FILE_DESCRIPTOR_SET,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ] {
        for file in FileDescriptorSet::decode(set).unwrap().file {
            for service in &file.service {
                for method in &service.method {
                    let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                    methods.push((path, method.client_streaming(), method.server_streaming()));
                }
            }
        }
    }
    methods
}

#[test]
fn every_method_of_every_service_has_one_row_of_its_kind() {
    let declared = declared();
    assert!(declared.len() > 30, "{declared:?}");
    for (path, client_streaming, server_streaming) in &declared {
        assert_eq!(METHODS.iter().filter(|method| method.path == path).count(), 1, "{path}");
        let found = method(path).unwrap();
        let wanted = match (client_streaming, server_streaming) {
            (false, false) => Kind::Unary,
            (true, false) => Kind::Stream,
            (true, true) if path.starts_with("/cryptobroker.v1.") => Kind::Pipeline,
            (_, true) => Kind::Watch,
        };
        assert_eq!(found.kind, wanted, "{path}");
        let direct = found.kind == Kind::Unary && !path.starts_with("/grpc.");
        assert_eq!(found.answer.is_some(), direct, "{path}");
    }
    let declared: BTreeSet<_> = declared.iter().map(|(path, ..)| path.as_str()).collect();
    let rows: BTreeSet<_> = METHODS.iter().map(|method| method.path).collect();
    assert_eq!(rows, declared);
}

fn paths(wanted: impl Fn(&Method) -> bool) -> Vec<&'static str> {
    METHODS.iter().filter(|method| wanted(method)).map(|method| method.path).collect()
}

#[test]
fn methods_that_take_a_secret_are_known() {
    let wanted = [
        "/cryptobroker.v1.CryptoService/SignCertificate",
        "/cryptobroker.v1.CryptoService/SignData",
        "/cryptobroker.v1.CryptoService/EncryptData",
        "/cryptobroker.v1.CryptoService/DecryptData",
        "/cryptobroker.v1.KemService/GenerateKeyPair",
        "/cryptobroker.v1.KemService/Decapsulate",
        "/cryptobroker.v1.SignatureKeyService/GenerateKeyPair",
        "/cryptobroker.v1.StreamService/SignStream",
        "/CryptoBroker.CryptoGrpc/Sign",
        "/CryptoBroker.CryptoGrpc/SignCertificate",
        "/CryptoBroker.CryptoGrpc/EncryptData",
        "/CryptoBroker.CryptoGrpc/DecryptData",
        "/protobuf.CryptoBroker/Sign",
    ];
    assert_eq!(paths(|method| method.takes_secret), wanted);
}

#[test]
fn methods_that_give_a_secret_are_known() {
    let wanted = [
        "/cryptobroker.v1.CryptoService/DecryptData",
        "/cryptobroker.v1.KemService/GenerateKeyPair",
        "/cryptobroker.v1.KemService/Encapsulate",
        "/cryptobroker.v1.KemService/Decapsulate",
        "/cryptobroker.v1.SignatureKeyService/GenerateKeyPair",
        "/CryptoBroker.CryptoGrpc/DecryptData",
    ];
    assert_eq!(paths(|method| method.gives_secret), wanted);
}

/// What takes or gives a secret uses a key, and nothing else does but the pipeline, item by item.
#[test]
fn methods_that_use_a_key_are_those_with_a_secret() {
    let keyed = paths(|method| method.uses_key);
    assert_eq!(
        keyed,
        paths(|method| method.takes_secret || method.gives_secret || method.kind == Kind::Pipeline)
    );
}

#[test]
fn a_path_that_is_no_method_has_no_row() {
    for path in [
        "/cryptobroker.v1.CryptoService/",
        "/cryptobroker.v1.CryptoService/hashdata",
        // Never released.
        "/CryptoBroker.CryptoGrpc/SignData",
        "/CryptoBroker.CryptoGrpc/VerifyData",
        "/",
        "",
    ] {
        assert!(method(path).is_none(), "{path}");
    }
}

/// The gRPC library decodes these itself: their size is limited, and nothing in them is repeated.
#[test]
fn requests_of_the_protocols_own_services_have_no_repeated_field() {
    for (set, names) in [
        (tonic_health::pb::FILE_DESCRIPTOR_SET, &["HealthCheckRequest"][..]),
        (tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET, &["ServerReflectionRequest", "ExtensionRequest"]),
        (
            tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
            &["ServerReflectionRequest", "ExtensionRequest"],
        ),
    ] {
        let files = FileDescriptorSet::decode(set).unwrap().file;
        for name in names {
            let mut messages = files.iter().flat_map(|file| &file.message_type);
            let message = messages.find(|message| message.name() == *name).unwrap();
            for field in &message.field {
                assert_ne!(field.label(), prost_types::field_descriptor_proto::Label::Repeated, "{field:?}");
                let inner = field.type_name().rsplit('.').next().unwrap();
                assert!(inner.is_empty() || names.contains(&inner), "{field:?}");
            }
        }
    }
}
