#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use prost::Message as _;
use prost_types::FileDescriptorSet;

use super::*;

/// Returns every method of every registered service: its path, and whether client and server stream.
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
fn lists_every_method_of_every_service_once() {
    let declared = declared();
    assert!(declared.len() > 30, "{declared:?}");
    for (path, client_streaming, server_streaming) in &declared {
        assert_eq!(methods().filter(|method| method.path == path).count(), 1, "{path}");
        let found = method(path).unwrap();
        let wanted = match (client_streaming, server_streaming) {
            (false, false) => MethodKind::Unary,
            (true, false) if path.ends_with("/ProveStream") => MethodKind::Upload,
            (true, false) => MethodKind::Stream,
            (true, true) if path.starts_with("/cryptobroker.v1.") => MethodKind::Pipeline,
            (_, true) => MethodKind::LongLived,
        };
        assert_eq!(found.kind, wanted, "{path}");
        let by_tonic = matches!(found.dispatch, Dispatch::Tonic);
        assert_eq!(by_tonic, path.starts_with("/grpc."), "{path}");
    }
    let declared: BTreeSet<_> = declared.iter().map(|(path, ..)| path.as_str()).collect();
    let rows: BTreeSet<_> = methods().map(|method| method.path).collect();
    assert_eq!(rows, declared);
}

fn paths(wanted: impl Fn(&Method) -> bool) -> Vec<&'static str> {
    methods().filter(|method| wanted(method)).map(|method| method.path).collect()
}

#[test]
fn lists_methods_with_secret_request() {
    let wanted = [
        "/cryptobroker.v1.CryptoService/SignCertificate",
        "/cryptobroker.v1.CryptoService/SignData",
        "/cryptobroker.v1.SignatureKeyService/GenerateKeyPair",
        "/cryptobroker.v1.CryptoService/EncryptData",
        "/cryptobroker.v1.CryptoService/DecryptData",
        "/cryptobroker.v1.KemService/GenerateKeyPair",
        "/cryptobroker.v1.KemService/Decapsulate",
        "/cryptobroker.v1.Groth16Service/Prove",
        "/cryptobroker.v1.Groth16Service/CheckWitness",
        "/cryptobroker.v1.StreamService/SignStream",
        "/cryptobroker.v1.Groth16Service/ProveStream",
        "/CryptoBroker.CryptoGrpc/Sign",
        "/CryptoBroker.CryptoGrpc/SignCertificate",
        "/protobuf.CryptoBroker/Sign",
        "/CryptoBroker.CryptoGrpc/EncryptData",
        "/CryptoBroker.CryptoGrpc/DecryptData",
    ];
    assert_eq!(paths(|method| method.request_has_secret), wanted);
}

#[test]
fn lists_methods_with_secret_response() {
    let wanted = [
        "/cryptobroker.v1.SignatureKeyService/GenerateKeyPair",
        "/cryptobroker.v1.CryptoService/DecryptData",
        "/cryptobroker.v1.SymmetricKeyService/GenerateKey",
        "/cryptobroker.v1.KemService/GenerateKeyPair",
        "/cryptobroker.v1.KemService/Encapsulate",
        "/cryptobroker.v1.KemService/Decapsulate",
        "/CryptoBroker.CryptoGrpc/DecryptData",
    ];
    assert_eq!(paths(|method| method.response_has_secret), wanted);
}

/// Streams of items are the exception: the items have secrets and use keys, but their rows declare no secret.
#[test]
fn uses_key_iff_a_message_has_a_secret() {
    let using_keys = paths(|method| method.uses_key);
    assert_eq!(
        using_keys,
        paths(|method| method.request_has_secret
            || method.response_has_secret
            || method.kind == MethodKind::Pipeline)
    );
}

#[test]
fn finds_no_method_at_unknown_path() {
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

/// tonic decodes these without a limit for repeated fields. Their size is limited, and no field is repeated.
#[test]
fn requests_of_tonic_services_have_no_repeated_field() {
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
