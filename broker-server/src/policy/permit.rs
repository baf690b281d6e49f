//! The proof that policy has agreed to one request.

use std::sync::Arc;

use super::{
    AnyOperation, Denial, Facts,
    decide::{Check, Decide},
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

/// The name of the method at `path`: what stands behind the last slash.
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
            request: $request:ty => $grant:ty,
            checks: $checks:ident,
        }
    )+ })+) => {
        $($(
            $(#[$doc])*
            #[derive(Debug)]
            pub enum $name {}

            impl Operation for $name {
                type Request = $request;
                type Rule = $rule;
                type Grant = $grant;
                const NAME: &'static str = method_name($path);
                const SECTION: &'static str = $section;
                fn rule(profile: &Profile) -> Option<&Arc<$rule>> {
                    profile.$field.as_ref()
                }
            }

            unchecked!($checks $name);
        )+)+

        /// Every operation, as a value.
        pub(super) const OPERATIONS: &[AnyOperation] = &[$($(AnyOperation::of::<$name>(stringify!($name))),+),+];
    };
}

/// Implements `Decide` for an operation whose requests no rule looks at.
macro_rules! unchecked {
    (own $name:ident) => {};
    (none $name:ident) => {
        impl Decide for $name {
            const CHECKS: &'static [Check<Self>] = &[];

            fn facts(_: &<Self as Operation>::Request, now: i64) -> Facts<'_> {
                Facts::new(now)
            }

            fn grant(_: &Profile, _: &<Self as Operation>::Rule, _: &Facts<'_>) -> Result<(), Denial> {
                Ok(())
            }
        }
    };
}

with_operations!(declare);

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
