//! Contexts and formats that are refused, each with the field or the rule.

use tonic::{Code, Status};

use super::{
    broker,
    calls::{Case, Clients},
    keys, profile, section,
    support::{
        field, reason,
        signing::{CMS, DER, PEM, RAW, key_pair},
    },
};

/// Asserts the code, the reason, the field and a part of the message of a refusal.
fn refused<T: std::fmt::Debug>(
    outcome: Result<T, Status>,
    code: Code,
    name: &str,
    of_field: &str,
    message: &str,
) {
    let status = outcome.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (code, name), "{status}");
    assert_eq!(field(&status), of_field, "{status}");
    assert!(status.message().contains(message), "{status}");
}

#[tokio::test]
async fn contexts_need_permission_an_ml_dsa_key_and_the_raw_format() {
    let more = [
        section("plain", "native", "65", &format!("SignatureFormat: RAW, {}", keys("65"))),
        section(
            "cms",
            "native",
            "65",
            &format!("AllowContext: true, SignatureFormat: CMS, {}", keys("65")),
        ),
        "  - { Name: ed25519, API: { SignData: { SigningMode: legacy, SignAlg: ed25519, SignatureFormat: RAW, KeyConstraints: \
         { Ed25519: {} } } } }\n"
            .to_owned(),
    ]
    .join("\n");
    let broker = broker(&more);
    let mut clients = Clients::new(&broker).await;
    let allowed = profile("native", "65", "");
    let ml_dsa = key_pair(&broker, &allowed, None, 0).await.unwrap();
    let ed25519 = key_pair(&broker, "ed25519", None, 0).await.unwrap();
    let long = [0; 256];
    let rows = [
        (&allowed[..], &ml_dsa, &long[..], 0, Code::InvalidArgument, "FIELD_TOO_LONG", "at most 255"),
        (&allowed, &ml_dsa, b"a", CMS, Code::InvalidArgument, "FIELD_UNSUPPORTED", "RFC 9882"),
        (&allowed, &ml_dsa, b"a", DER, Code::InvalidArgument, "FIELD_UNSUPPORTED", "RFC 9881"),
        (&allowed, &ml_dsa, b"a", PEM, Code::InvalidArgument, "FIELD_UNSUPPORTED", "RFC 9881"),
        ("ed25519", &ed25519, b"a", 0, Code::InvalidArgument, "FIELD_UNSUPPORTED", "the key is Ed25519"),
        (
            "plain",
            &ml_dsa,
            b"a",
            0,
            Code::FailedPrecondition,
            "CONTEXT_NOT_ALLOWED",
            "API.SignData.AllowContext is not true",
        ),
        ("cms", &ml_dsa, b"a", 0, Code::FailedPrecondition, "CONTEXT_NOT_ALLOWED", "the format CMS"),
    ];
    for (profile, pair, context, format, code, name, message) in rows {
        let case = Case { format, ..Case::new(profile, context, b"message") };
        refused(clients.sign(&pair.private_key, case).await, code, name, "context", message);
        refused(clients.sign_stream(&pair.private_key, case).await, code, name, "context", message);
        let outcome = clients.verify(&pair.public_key, case, b"x").await;
        refused(outcome, code, name, "context", message);
        let outcome = clients.verify_stream(&pair.public_key, case, b"x").await;
        refused(outcome, code, name, "context", message);
    }
    // The empty context is no context, for every key and format, with and without permission.
    for (profile, pair, format) in
        [("plain", &ml_dsa, 0), ("cms", &ml_dsa, 0), (&allowed, &ml_dsa, CMS), ("ed25519", &ed25519, 0)]
    {
        let case = Case { format, ..Case::new(profile, b"", b"message") };
        let signature = clients.sign(&pair.private_key, case).await.unwrap().signature;
        assert!(clients.verify(&pair.public_key, case, &signature).await.unwrap(), "{profile}");
    }
    // A profile whose format is CMS signs with a context where the request asks for RAW.
    let case = Case { format: RAW, ..Case::new("cms", b"a", b"message") };
    let signature = clients.sign(&ml_dsa.private_key, case).await.unwrap().signature;
    assert!(clients.verify(&ml_dsa.public_key, case, &signature).await.unwrap());
}

#[tokio::test]
async fn hash_ml_dsa_has_the_raw_format_only() {
    let broker = broker("");
    let mut clients = Clients::new(&broker).await;
    let name = profile("native", "65", "sha-512");
    let pair = key_pair(&broker, &name, None, 0).await.unwrap();
    for format in [DER, PEM, CMS] {
        let case = Case { format, context: None, ..Case::new(&name, b"", b"message") };
        let (code, kind, message) = (Code::FailedPrecondition, "FORMAT_NOT_ALLOWED", "the format RAW only");
        refused(clients.sign(&pair.private_key, case).await, code, kind, "", message);
        refused(clients.sign_stream(&pair.private_key, case).await, code, kind, "", message);
        refused(clients.verify(&pair.public_key, case, b"x").await, code, kind, "", message);
        refused(clients.verify_stream(&pair.public_key, case, b"x").await, code, kind, "", message);
    }
    let case = Case::new(&name, b"", b"message");
    refused(
        clients.verify(&pair.public_key, case, b"x").await,
        Code::InvalidArgument,
        "FIELD_MALFORMED",
        "signature",
        "is 1 bytes long; a signature of ML-DSA-65 has 3309",
    );
    let other = key_pair(&broker, &profile("native", "87", "sha-512"), None, 0).await.unwrap();
    refused(
        clients.sign(&other.private_key, case).await,
        Code::FailedPrecondition,
        "ALGORITHM_MISMATCH",
        "",
        "the key is ML-DSA-87",
    );
}
