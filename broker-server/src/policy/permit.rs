//! The proof that policy has agreed to one request.

use std::sync::Arc;

use super::{
    AnyOperation,
    profile::{EncryptDataRule, HashDataRule, KemRule, Profile, SignCertificateRule, SignDataRule},
};
use crate::{
    algorithm::{KeyType, SignatureFormat, SignatureScheme},
    request,
};

/// An operation of the profile language: what it asks for, the rule that decides, and what the decision settles.
pub trait Operation {
    /// The parsed request.
    type Request;
    /// The section of the profile.
    type Rule: 'static;
    /// What the decision settled that the request had left open.
    type Grant;
    /// The name in descriptors and logs.
    const NAME: &'static str;
    /// The section of the profile, by its name in the document.
    const SECTION: &'static str;
    /// The section of `profile`, if it has one.
    fn rule(profile: &Profile) -> Option<&Arc<Self::Rule>>;
}

/// Operations, each with its name, its section and where a profile keeps that, its request and its grant.
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident: $wire:literal under $section:literal ($field:ident: $rule:ty), $request:ty => $grant:ty;)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub enum $name {}

            impl Operation for $name {
                type Request = $request;
                type Rule = $rule;
                type Grant = $grant;
                const NAME: &'static str = $wire;
                const SECTION: &'static str = $section;
                fn rule(profile: &Profile) -> Option<&Arc<$rule>> {
                    profile.$field.as_ref()
                }
            }
        )+

        /// Every operation, as a value.
        pub(super) const OPERATIONS: &[AnyOperation] = &[$(AnyOperation::of::<$name>(stringify!($name))),+];
    };
}

operations! {
    /// `CryptoService.HashData`.
    HashData: "HashData" under "HashData" (hash_data: HashDataRule), request::HashData => ();
    /// `StreamService.HashStream`.
    HashStream: "HashStream" under "HashData" (hash_data: HashDataRule), request::HashStream => ();
    /// `CryptoService.SignCertificate`.
    SignCertificate: "SignCertificate" under "SignCertificate" (sign_certificate: SignCertificateRule),
        request::SignCertificate => CertificateGrant;
    /// `CryptoService.SignData`.
    SignData: "SignData" under "SignData" (sign_data: SignDataRule), request::SignData => SignatureGrant;
    /// `CryptoService.VerifyData`.
    VerifyData: "VerifyData" under "SignData" (sign_data: SignDataRule), request::VerifyData => SignatureGrant;
    /// `StreamService.SignStream`.
    SignStream: "SignStream" under "SignData" (sign_data: SignDataRule), request::SignStream => SignatureGrant;
    /// `StreamService.VerifyStream`.
    VerifyStream: "VerifyStream" under "SignData" (sign_data: SignDataRule), request::VerifyStream => SignatureGrant;
    /// `SignatureKeyService.GenerateKeyPair`.
    GenerateSignatureKeyPair: "GenerateKeyPair" under "SignData" (sign_data: SignDataRule),
        request::GenerateKeyPair => SignatureKeyGrant;
    /// `CryptoService.EncryptData`.
    EncryptData: "EncryptData" under "EncryptData" (encrypt_data: EncryptDataRule), request::EncryptData => ();
    /// `CryptoService.DecryptData`.
    DecryptData: "DecryptData" under "EncryptData" (encrypt_data: EncryptDataRule), request::DecryptData => ();
    /// `KemService.GenerateKeyPair`.
    GenerateKemKeyPair: "GenerateKeyPair" under "KEM" (kem: KemRule), request::GenerateKeyPair => ();
    /// `KemService.Encapsulate`.
    Encapsulate: "Encapsulate" under "KEM" (kem: KemRule), request::Encapsulate => ();
    /// `KemService.Decapsulate`. That the key is of the profile's mechanism, or can be, policy has checked.
    Decapsulate: "Decapsulate" under "KEM" (kem: KemRule), request::Decapsulate => ();
}

/// What policy settled about a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateGrant {
    /// notBefore in Unix seconds, inside the profile's window.
    pub not_before: i64,
    /// notAfter in Unix seconds, inside the profile's window. It may still lie before `not_before`: that check comes
    /// after proof of possession.
    pub not_after: i64,
    /// The signature algorithm: the profile's, which fits the issuer's key.
    pub scheme: SignatureScheme,
}

/// What policy settled about a signature over data. The scheme is the rule's, and the key fits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureGrant {
    /// The request's, else the profile's.
    pub format: SignatureFormat,
}

/// What policy settled about a key pair for signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureKeyGrant {
    /// Kind and size, inside the profile's constraints.
    pub key_type: KeyType,
    /// The profile's signature algorithm, which fits the kind.
    pub scheme: SignatureScheme,
}

/// Policy's agreement to exactly the request inside. Only `policy` makes one; an operation takes it by value, so one
/// request's permit is never used with another's data.
#[derive(Debug)]
pub struct Permit<O: Operation> {
    request: O::Request,
    grant: O::Grant,
    rule: Arc<O::Rule>,
    profile: Arc<Profile>,
}

impl<O: Operation> Permit<O> {
    pub(in crate::policy) fn new(
        request: O::Request,
        grant: O::Grant,
        rule: Arc<O::Rule>,
        profile: Arc<Profile>,
    ) -> Self {
        Self { request, grant, rule, profile }
    }

    /// A permit without a decision, for the tests of `operation`.
    #[cfg(test)]
    pub(crate) fn for_test(
        request: O::Request,
        grant: O::Grant,
        rule: Arc<O::Rule>,
        profile: Arc<Profile>,
    ) -> Self {
        Self { request, grant, rule, profile }
    }

    /// The request that was agreed to.
    pub fn request(&self) -> &O::Request {
        &self.request
    }

    /// The request, for an operation that works in its buffers.
    pub fn into_request(self) -> O::Request {
        self.request
    }

    /// What the decision settled.
    pub fn grant(&self) -> &O::Grant {
        &self.grant
    }

    /// The section of the profile that agreed.
    pub fn rule(&self) -> &O::Rule {
        &self.rule
    }

    /// The profile that agreed.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }
}
