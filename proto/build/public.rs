//! The fields that are not secret.
//!
//! Each field of a message is declared once: a secret by `[debug_redact = true]` in its `.proto` file, any other field here.
//! A field whose type is a message is as secret as that message, unless it is declared `[debug_redact = false]`, such as a
//! `KeySource` that holds a public key. A field that is declared nowhere is treated as a secret and fails a test of this
//! crate.

/// The types of other packages, none of which contains a secret.
pub(super) const FOREIGN: [&str; 3] =
    ["google.protobuf.Duration", "google.protobuf.Timestamp", "google.rpc.Status"];

/// The fields of each message that are not secret, by their names in the `.proto` file.
pub(super) const FIELDS: [(&str, &[&str]); 55] = [
    ("cryptobroker.v1.Metadata", &["id"]),
    (
        "cryptobroker.v1.TraceContext",
        &["trace_id", "span_id", "trace_flags", "trace_state", "correlation_id"],
    ),
    (
        "cryptobroker.v1.DeprecationWarning",
        &["profile", "replaced_by", "deprecated_since", "remove_after", "reason"],
    ),
    ("cryptobroker.v1.CryptoDescriptor", &["profile", "operation", "algorithm"]),
    ("cryptobroker.v1.HashDataRequest", &["profile", "input", "output_format"]),
    ("cryptobroker.v1.HashDataResponse", &["hash_value_hex", "hash_value_raw"]),
    (
        "cryptobroker.v1.SignCertificateRequest",
        &[
            "profile",
            "csr",
            "ca_cert",
            "valid_not_before",
            "valid_not_after",
            "subject",
            "crl_distribution_points",
            "output_format",
        ],
    ),
    ("cryptobroker.v1.SignCertificateResponse", &["pem", "der", "ignored_extensions"]),
    ("cryptobroker.v1.KeySource", &["key_id"]),
    ("cryptobroker.v1.SignDataRequest", &["profile", "input", "signature_format", "context"]),
    ("cryptobroker.v1.SignDataResponse", &["signature"]),
    ("cryptobroker.v1.VerifyDataRequest", &["profile", "input", "signature", "signature_format", "context"]),
    ("cryptobroker.v1.VerifyDataResponse", &["valid"]),
    ("cryptobroker.v1.EncryptMetadata", &["nonce", "aad"]),
    ("cryptobroker.v1.CipherMetadata", &["key_id", "nonce", "aad", "tag"]),
    ("cryptobroker.v1.DecryptMetadata", &["nonce", "aad", "tag"]),
    ("cryptobroker.v1.EncryptDataRequest", &["profile"]),
    ("cryptobroker.v1.EncryptDataResponse", &["ciphertext"]),
    ("cryptobroker.v1.DecryptDataRequest", &["profile", "ciphertext"]),
    ("cryptobroker.v1.DecryptDataResponse", &["padding"]),
    ("cryptobroker.v1.BenchmarkResponse", &["benchmark_results"]),
    ("cryptobroker.v1.FakeEndpointResponse", &["message"]),
    (
        "cryptobroker.v1.GetInfoResponse",
        &["version", "catalogue_digest", "profiles", "operations", "fips", "crypto_library_versions"],
    ),
    ("cryptobroker.v1.EncapsulateRequest", &["profile"]),
    ("cryptobroker.v1.EncapsulateResponse", &["ciphertext", "padding"]),
    ("cryptobroker.v1.DecapsulateRequest", &["profile", "ciphertext"]),
    ("cryptobroker.v1.DecapsulateResponse", &["padding"]),
    ("cryptobroker.v1.GenerateKeyPairRequest", &["profile", "key_encoding"]),
    ("cryptobroker.v1.GenerateKeyPairResponse", &["public_key", "padding"]),
    ("cryptobroker.v1.GenerateKeyRequest", &["profile"]),
    ("cryptobroker.v1.GenerateKeyResponse", &["padding"]),
    ("cryptobroker.v1.PipelineRequest", &["sequence"]),
    ("cryptobroker.v1.PipelineResponse", &["sequence", "padding"]),
    ("cryptobroker.v1.HashStreamHeader", &["profile", "output_format"]),
    ("cryptobroker.v1.HashStreamRequest", &["data"]),
    ("cryptobroker.v1.SignStreamHeader", &["profile", "signature_format", "context"]),
    ("cryptobroker.v1.SignStreamRequest", &["data"]),
    ("cryptobroker.v1.VerifyStreamHeader", &["profile", "signature", "signature_format", "context"]),
    ("cryptobroker.v1.VerifyStreamRequest", &["data"]),
    ("CryptoBroker.Metadata", &["id", "createdAtOrDeprecation"]),
    ("CryptoBroker.HashRequest", &["profile", "input"]),
    ("CryptoBroker.HashResponse", &["hashValue", "hashAlgorithm"]),
    (
        "CryptoBroker.SignRequest",
        &["profile", "csr", "caCert", "validNotBefore", "validNotAfter", "subject", "crlDistributionPoints"],
    ),
    ("CryptoBroker.SignResponse", &["signedCertificate"]),
    ("CryptoBroker.HashDataRequest", &["profile", "input", "outputFormat"]),
    ("CryptoBroker.HashDataResponse", &["hashAlgorithm", "hashValueHex", "hashValueRaw"]),
    (
        "CryptoBroker.SignCertificateRequest",
        &[
            "profile",
            "csr",
            "caCert",
            "validNotBefore",
            "validNotAfter",
            "subject",
            "crlDistributionPoints",
            "outputFormat",
        ],
    ),
    ("CryptoBroker.SignCertificateResponse", &["pem", "der"]),
    ("CryptoBroker.BenchmarkResponse", &["benchmarkResults"]),
    ("CryptoBroker.FakeEndpointResponse", &["message"]),
    ("protobuf.Metadata", &["id", "createdAt"]),
    ("protobuf.HashRequest", &["profile", "input"]),
    ("protobuf.HashResponse", &["hashValue", "hashAlgorithm"]),
    (
        "protobuf.SignRequest",
        &[
            "profile",
            "csr",
            "caCert",
            "validNotBeforeOffset",
            "validNotAfterOffset",
            "subject",
            "crlDistributionPoints",
        ],
    ),
    ("protobuf.SignResponse", &["signedCertificate"]),
];
