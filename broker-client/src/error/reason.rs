//! The reasons that the broker gives for a refusal.

use std::{convert::Infallible, fmt, str::FromStr};

macro_rules! reasons {
    ($($reason:ident $name:literal;)+) => {
        /// The reason of a refusal, from `google.rpc.ErrorInfo`. The broker's `docs/operations.md` explains
        /// each reason and what to do.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $(
                #[doc = concat!("`", $name, "`.")]
                $reason,
            )+
            /// A reason that this version of the library does not know, as the broker sent it. A later version may know
            /// it, so compare [`as_str`](Self::as_str) where you expect such a reason.
            Other(String),
        }

        impl Reason {
            /// Returns the reason as the broker sends it, such as `KEY_MISMATCH`.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$reason => $name,)+
                    Self::Other(name) => name,
                }
            }

            /// Every reason except [`Self::Other`].
            #[cfg(test)]
            const KNOWN: &[Self] = &[$(Self::$reason,)+];
        }

        impl From<String> for Reason {
            fn from(name: String) -> Self {
                match name.as_str() {
                    $($name => Self::$reason,)+
                    _ => Self::Other(name),
                }
            }
        }
    };
}
reasons! {
    FieldMissing "FIELD_MISSING";
    FieldTooLong "FIELD_TOO_LONG";
    FieldTooMany "FIELD_TOO_MANY";
    FieldWrongLength "FIELD_WRONG_LENGTH";
    FieldNotPrintable "FIELD_NOT_PRINTABLE";
    FieldUnknownValue "FIELD_UNKNOWN_VALUE";
    FieldMalformed "FIELD_MALFORMED";
    FieldUnsupported "FIELD_UNSUPPORTED";
    BadKey "BAD_KEY";
    KeyMismatch "KEY_MISMATCH";
    AuthenticationFailed "AUTHENTICATION_FAILED";
    ProofOfPossessionFailed "PROOF_OF_POSSESSION_FAILED";
    RequestSignatureUnsupported "REQUEST_SIGNATURE_UNSUPPORTED";
    ValidityReversed "VALIDITY_REVERSED";
    EmptySubject "EMPTY_SUBJECT";
    MessageTooLarge "MESSAGE_TOO_LARGE";
    ResponseTooLarge "RESPONSE_TOO_LARGE";
    MalformedMessage "MALFORMED_MESSAGE";
    MalformedTimeout "MALFORMED_TIMEOUT";
    MetadataTooLarge "METADATA_TOO_LARGE";
    NotGrpc "NOT_GRPC";
    InvalidArgument "INVALID_ARGUMENT";
    UnknownProfile "UNKNOWN_PROFILE";
    NotFound "NOT_FOUND";
    CallerNotAllowed "CALLER_NOT_ALLOWED";
    OperationNotAllowed "OPERATION_NOT_ALLOWED";
    ProfileRetired "PROFILE_RETIRED";
    AlgorithmMismatch "ALGORITHM_MISMATCH";
    KeyNotAllowed "KEY_NOT_ALLOWED";
    SubjectKeyNotAllowed "SUBJECT_KEY_NOT_ALLOWED";
    IssuerKeyNotAllowed "ISSUER_KEY_NOT_ALLOWED";
    SeedNotAllowed "SEED_NOT_ALLOWED";
    NonceNotAllowed "NONCE_NOT_ALLOWED";
    FormatNotAllowed "FORMAT_NOT_ALLOWED";
    ContextNotAllowed "CONTEXT_NOT_ALLOWED";
    NotStreamable "NOT_STREAMABLE";
    KeyExhausted "KEY_EXHAUSTED";
    ValidityNotAllowed "VALIDITY_NOT_ALLOWED";
    NameNotAllowed "NAME_NOT_ALLOWED";
    SubjectNotAllowed "SUBJECT_NOT_ALLOWED";
    ExtensionNotAllowed "EXTENSION_NOT_ALLOWED";
    CrlDistributionPointNotAllowed "CRL_DISTRIBUTION_POINT_NOT_ALLOWED";
    IssuerNotAllowed "ISSUER_NOT_ALLOWED";
    InputInvalid "INPUT_INVALID";
    StatementInvalid "STATEMENT_INVALID";
    UnknownCircuit "UNKNOWN_CIRCUIT";
    SetupNotAllowed "SETUP_NOT_ALLOWED";
    VerifyingKeyNotAllowed "VERIFYING_KEY_NOT_ALLOWED";
    LimitExceeded "LIMIT_EXCEEDED";
    CeremonyRequired "CEREMONY_REQUIRED";
    SinglePartyKey "SINGLE_PARTY_KEY";
    FingerprintMismatch "FINGERPRINT_MISMATCH";
    ProvenanceMismatch "PROVENANCE_MISMATCH";
    NoKey "NO_KEY";
    NoWasm "NO_WASM";
    NoR1cs "NO_R1CS";
    WitnessUnsatisfied "WITNESS_UNSATISFIED";
    StatementRefused "STATEMENT_REFUSED";
    CircuitRefused "CIRCUIT_REFUSED";
    CircuitFileUnreadable "CIRCUIT_FILE_UNREADABLE";
    CircuitFileChanged "CIRCUIT_FILE_CHANGED";
    KeyStoreUnavailable "KEY_STORE_UNAVAILABLE";
    ProofMemoryExhausted "PROOF_MEMORY_EXHAUSTED";
    QueueFull "QUEUE_FULL";
    ShuttingDown "SHUTTING_DOWN";
    DrainDeadline "DRAIN_DEADLINE";
    Unavailable "UNAVAILABLE";
    FakeFailure "FAKE_FAILURE";
    DeadlineExceeded "DEADLINE_EXCEEDED";
    Cancelled "CANCELLED";
    Unimplemented "UNIMPLEMENTED";
    DevelopmentOnly "DEVELOPMENT_ONLY";
    UnsupportedEncoding "UNSUPPORTED_ENCODING";
    AuditUnavailable "AUDIT_UNAVAILABLE";
    Internal "INTERNAL";
}

impl From<&str> for Reason {
    fn from(name: &str) -> Self {
        name.to_owned().into()
    }
}

impl FromStr for Reason {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        Ok(name.into())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn known_reasons_round_trip_and_others_are_kept() {
        for reason in Reason::KNOWN {
            assert_eq!(*reason, Reason::from(reason.as_str()));
        }
        assert_eq!(Reason::Other("FROM_THE_FUTURE".into()), Reason::from("FROM_THE_FUTURE"));
        assert_eq!("FROM_THE_FUTURE", Reason::from("FROM_THE_FUTURE").to_string());
    }

    /// The tables of the section "Reasons" have each reason as code. `OTHER` stands for errors of the gRPC library.
    #[test]
    fn knows_exactly_the_documented_reasons() {
        let document = include_str!("../../../docs/operations.md");
        let (_, section) = document.split_once("\n## Reasons\n").unwrap();
        let (section, _) = section.split_once("\n## ").unwrap();
        let documented: BTreeSet<_> = section
            .lines()
            .filter(|line| line.starts_with('|'))
            .flat_map(|line| line.rsplitn(2, " | ").last())
            .flat_map(|cells| cells.split('`').skip(1).step_by(2))
            .filter(|name| *name != "OTHER")
            .collect();
        let known: BTreeSet<_> = Reason::KNOWN.iter().map(Reason::as_str).collect();
        assert_eq!(documented, known);
    }
}
