//! The permit: proof that policy allows one request.

use std::sync::Arc;

use super::profile::{
    CircuitRule, EncryptDataRule, Groth16Rule, HashDataRule, KemRule, KeyUsage, Profile, SignCertificateRule,
    SignDataRule,
};
use crate::{
    algorithm::{KeyType, SignatureFormat, SignatureScheme},
    request::{self, AlternativeName},
};

/// An operation that profiles allow or forbid: its request, the rule that decides on it, and the result of the
/// decision.
pub trait Operation {
    /// The parsed request.
    type Request: Send + 'static;
    /// The section of the profile.
    type Rule: Send + Sync + 'static;
    /// The values that the operation takes from the request where it has them, and from the profile otherwise.
    type Parameters: Send + 'static;
    /// The name in descriptors and logs.
    const NAME: &'static str;
    /// The section of the profile, by its name in the document.
    const SECTION: &'static str;
    /// Returns the section of `profile`, where it has one.
    fn rule(profile: &Profile) -> Option<&Arc<Self::Rule>>;
}

/// Returns the name of the method at `path`, which follows the last slash.
const fn method_name(path: &'static str) -> &'static str {
    let mut service = path.as_bytes();
    while let [rest @ .., last] = service {
        if *last == b'/' {
            break;
        }
        service = rest;
    }
    path.split_at(service.len()).1
}

/// Makes the types of the operations from the rows of the table.
macro_rules! declare {
    ($($kind:ident { $(
        $(#[$doc:meta])*
        $name:ident {
            paths: [$path:literal $(, $alias:literal)* $(,)?],
            messages: $message:ident => $response:ident,
            key: $key:ident,
            section: $section:literal in $field:ident: $rule:ty,
            request: $request:ty => $parameters:ty,
            $($checks:tt)*
        }
    )+ })+) => {
        $($(
            $(#[$doc])*
            #[derive(Debug)]
            pub enum $name {}

            impl Operation for $name {
                type Request = $request;
                type Rule = $rule;
                type Parameters = $parameters;
                const NAME: &'static str = method_name($path);
                const SECTION: &'static str = $section;
                fn rule(profile: &Profile) -> Option<&Arc<$rule>> {
                    profile.$field.as_ref()
                }
            }
        )+)+
    };
}

with_operations!(declare);

/// The parameters of a certificate, from the request or from the profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateParameters {
    /// notBefore in Unix seconds, within the profile's window.
    pub not_before: i64,
    /// notAfter in Unix seconds, within the profile's window. It may be before `not_before`; the operation
    /// checks that after the proof of possession.
    pub not_after: i64,
    /// The signature algorithm of the profile, which accepts the issuer's key.
    pub scheme: SignatureScheme,
    /// The profile's usages that the subject's key can have. It is empty only where the profile names none.
    pub key_usage: KeyUsage,
    /// The alternative names that `FromCommonName` makes. The list is empty where the request has names.
    pub names_from_common_names: Vec<AlternativeName>,
}

/// The parameters of a signature over data, from the request or from the profile. The scheme is part of the rule, and it
/// accepts the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureParameters {
    /// The format in the request, or the format of the profile where the request names none.
    pub format: SignatureFormat,
}

/// The parameters of a key pair for signatures, from the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPairParameters {
    /// The kind and the size of the key, within the profile's constraints.
    pub key_type: KeyType,
    /// The signature algorithm of the profile, which accepts the key.
    pub scheme: SignatureScheme,
}

/// The parameters of an operation with a circuit, from the profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitParameters {
    /// The circuit that the request names.
    pub circuit: Arc<CircuitRule>,
}

/// The permission for exactly the request that it contains. Only `policy` makes permits, and an operation takes
/// one by value, so that the permit of one request cannot be used with the data of another.
#[derive(Debug)]
pub struct Permit<O: Operation> {
    request: O::Request,
    parameters: O::Parameters,
    rule: Arc<O::Rule>,
    profile: Arc<Profile>,
}

impl<O: Operation> Permit<O> {
    pub(in crate::policy) fn new(
        request: O::Request,
        parameters: O::Parameters,
        rule: Arc<O::Rule>,
        profile: Arc<Profile>,
    ) -> Self {
        Self { request, parameters, rule, profile }
    }

    /// Returns a permit without a decision, for the tests of `operation`.
    #[cfg(test)]
    pub(crate) fn for_test(
        request: O::Request,
        parameters: O::Parameters,
        rule: Arc<O::Rule>,
        profile: Arc<Profile>,
    ) -> Self {
        Self { request, parameters, rule, profile }
    }

    /// Returns the request that is allowed.
    pub fn request(&self) -> &O::Request {
        &self.request
    }

    /// Returns the request by value, for an operation that reuses its buffers.
    pub fn into_request(self) -> O::Request {
        self.request
    }

    /// Returns the parameters that the decision has determined.
    pub fn parameters(&self) -> &O::Parameters {
        &self.parameters
    }

    /// Returns the section of the profile that allows the request.
    pub fn rule(&self) -> &O::Rule {
        &self.rule
    }

    /// Returns the profile that allows the request.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }
}
