//! The proof that policy has agreed to one request.

use std::sync::Arc;

use super::profile::{EncryptDataRule, HashDataRule, KemRule, Profile, SignCertificateRule, SignDataRule};
use crate::{
    algorithm::{KeyType, SignatureFormat, SignatureScheme},
    request,
};

/// An operation of the profile language: what it asks for, the rule that decides, and what the decision settles.
pub trait Operation {
    /// The parsed request.
    type Request;
    /// The section of the profile.
    type Rule;
    /// What the decision settled that the request had left open.
    type Grant;
    /// The name in descriptors and logs.
    const NAME: &'static str;
    /// The section of the profile, by its name in the document.
    const SECTION: &'static str = Self::NAME;
    /// The section of `profile`, if it has one.
    fn rule(profile: &Profile) -> Option<&Arc<Self::Rule>>;
}

/// `HashData`.
#[derive(Debug)]
pub enum HashData {}

impl Operation for HashData {
    type Request = request::HashData;
    type Rule = HashDataRule;
    type Grant = ();
    const NAME: &'static str = "HashData";
    fn rule(profile: &Profile) -> Option<&Arc<HashDataRule>> {
        profile.hash_data.as_ref()
    }
}

/// `HashStream`, under the rule of `HashData`.
#[derive(Debug)]
pub enum HashStream {}

impl Operation for HashStream {
    type Request = request::HashStream;
    type Rule = HashDataRule;
    type Grant = ();
    const NAME: &'static str = "HashStream";
    const SECTION: &'static str = HashData::NAME;
    fn rule(profile: &Profile) -> Option<&Arc<HashDataRule>> {
        profile.hash_data.as_ref()
    }
}

/// `SignCertificate`.
#[derive(Debug)]
pub enum SignCertificate {}

impl Operation for SignCertificate {
    type Request = request::SignCertificate;
    type Rule = SignCertificateRule;
    type Grant = CertificateGrant;
    const NAME: &'static str = "SignCertificate";
    fn rule(profile: &Profile) -> Option<&Arc<SignCertificateRule>> {
        profile.sign_certificate.as_ref()
    }
}

/// `EncryptData`.
#[derive(Debug)]
pub enum EncryptData {}

impl Operation for EncryptData {
    type Request = request::EncryptData;
    type Rule = EncryptDataRule;
    type Grant = ();
    const NAME: &'static str = "EncryptData";
    fn rule(profile: &Profile) -> Option<&Arc<EncryptDataRule>> {
        profile.encrypt_data.as_ref()
    }
}

/// `DecryptData`.
#[derive(Debug)]
pub enum DecryptData {}

impl Operation for DecryptData {
    type Request = request::DecryptData;
    type Rule = EncryptDataRule;
    type Grant = ();
    const NAME: &'static str = "DecryptData";
    const SECTION: &'static str = EncryptData::NAME;
    fn rule(profile: &Profile) -> Option<&Arc<EncryptDataRule>> {
        profile.encrypt_data.as_ref()
    }
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

/// `SignData`.
#[derive(Debug)]
pub enum SignData {}

impl Operation for SignData {
    type Request = request::SignData;
    type Rule = SignDataRule;
    type Grant = SignatureGrant;
    const NAME: &'static str = "SignData";
    fn rule(profile: &Profile) -> Option<&Arc<SignDataRule>> {
        profile.sign_data.as_ref()
    }
}

/// `VerifyData`.
#[derive(Debug)]
pub enum VerifyData {}

impl Operation for VerifyData {
    type Request = request::VerifyData;
    type Rule = SignDataRule;
    type Grant = SignatureGrant;
    const NAME: &'static str = "VerifyData";
    const SECTION: &'static str = SignData::NAME;
    fn rule(profile: &Profile) -> Option<&Arc<SignDataRule>> {
        profile.sign_data.as_ref()
    }
}

/// `SignStream`.
#[derive(Debug)]
pub enum SignStream {}

impl Operation for SignStream {
    type Request = request::SignStream;
    type Rule = SignDataRule;
    type Grant = SignatureGrant;
    const NAME: &'static str = "SignStream";
    const SECTION: &'static str = SignData::NAME;
    fn rule(profile: &Profile) -> Option<&Arc<SignDataRule>> {
        profile.sign_data.as_ref()
    }
}

/// `VerifyStream`.
#[derive(Debug)]
pub enum VerifyStream {}

impl Operation for VerifyStream {
    type Request = request::VerifyStream;
    type Rule = SignDataRule;
    type Grant = SignatureGrant;
    const NAME: &'static str = "VerifyStream";
    const SECTION: &'static str = SignData::NAME;
    fn rule(profile: &Profile) -> Option<&Arc<SignDataRule>> {
        profile.sign_data.as_ref()
    }
}

/// What policy settled about a signature over data. The scheme is the rule's, and the key fits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureGrant {
    /// The request's, else the profile's.
    pub format: SignatureFormat,
}

/// `GenerateKeyPair` of `SignatureKeyService`.
#[derive(Debug)]
pub enum GenerateSignatureKeyPair {}

impl Operation for GenerateSignatureKeyPair {
    type Request = request::GenerateKeyPair;
    type Rule = SignDataRule;
    type Grant = SignatureKeyGrant;
    const NAME: &'static str = "GenerateKeyPair";
    const SECTION: &'static str = SignData::NAME;
    fn rule(profile: &Profile) -> Option<&Arc<SignDataRule>> {
        profile.sign_data.as_ref()
    }
}

/// What policy settled about a key pair for signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureKeyGrant {
    /// Kind and size, inside the profile's constraints.
    pub key_type: KeyType,
    /// The profile's signature algorithm, which fits the kind.
    pub scheme: SignatureScheme,
}

/// `GenerateKeyPair` of `KemService`.
#[derive(Debug)]
pub enum GenerateKemKeyPair {}

impl Operation for GenerateKemKeyPair {
    type Request = request::GenerateKeyPair;
    type Rule = KemRule;
    type Grant = ();
    const NAME: &'static str = "GenerateKeyPair";
    const SECTION: &'static str = "KEM";
    fn rule(profile: &Profile) -> Option<&Arc<KemRule>> {
        profile.kem.as_ref()
    }
}

/// `Encapsulate`.
#[derive(Debug)]
pub enum Encapsulate {}

impl Operation for Encapsulate {
    type Request = request::Encapsulate;
    type Rule = KemRule;
    type Grant = ();
    const NAME: &'static str = "Encapsulate";
    const SECTION: &'static str = "KEM";
    fn rule(profile: &Profile) -> Option<&Arc<KemRule>> {
        profile.kem.as_ref()
    }
}

/// `Decapsulate`. Whose key it is, policy knows; that it is that mechanism's, or can be, it has checked.
#[derive(Debug)]
pub enum Decapsulate {}

impl Operation for Decapsulate {
    type Request = request::Decapsulate;
    type Rule = KemRule;
    type Grant = ();
    const NAME: &'static str = "Decapsulate";
    const SECTION: &'static str = "KEM";
    fn rule(profile: &Profile) -> Option<&Arc<KemRule>> {
        profile.kem.as_ref()
    }
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
