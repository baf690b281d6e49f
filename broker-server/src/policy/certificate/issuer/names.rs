//! The check of name constraints (RFC 5280 4.2.1.10): whether a verifier accepts the names of the certificate under its CA.

use std::borrow::Cow;

use super::{
    compare::{ConstrainedName, MAX_COMPARISONS, Value, names_in, violation},
    deny,
};
use crate::policy::{
    CaFacts, Denial, certificate::certified::certified_names, check::CheckInput, collector::DenialCollector,
    facts::FactName, profile::SignCertificateRule,
};

/// The number of names that get a denial of their own.
const MAX_DENIALS: usize = 32;

/// Checks each name that the certificate will have: its subject, the mailboxes and hosts in it, and its alternative names.
pub(super) fn name_constraints(
    ca: CaFacts<'_>,
    input: &CheckInput<'_, SignCertificateRule>,
    collector: &mut DenialCollector,
) -> Result<(), Denial> {
    let Some(constraints) = ca.name_constraints else { return Ok(()) };
    let subject = collector.require(FactName::Subject, input.facts.subject)?;
    let alternatives = match input.rule.subject_alternative_names {
        Some(_) => {
            collector.require(FactName::Names, input.facts.names)?;
            certified_names(input.rule, input.facts)
        }
        // The certificate has no alternative names, whatever the request has.
        None => Some(Cow::Borrowed([].as_slice())),
    };
    let alternatives = alternatives.as_deref();
    let profile = &input.profile.name;
    let mut deny = |message| deny(Some("RequireCA"), message, input, collector);
    let names = subject.map_or(0, |subject| subject.attributes().len()) + alternatives.map_or(0, <[_]>::len);
    let subtrees = constraints.permitted.len() + constraints.excluded.len();
    if names.saturating_mul(subtrees) > MAX_COMPARISONS {
        return deny(format!(
            "the CA certificate's nameConstraints have {subtrees} subtrees, and the certificate would have {names} names: \
             verifiers give up on so many; profile {profile} requires an issuer under which they accept the certificate"
        ));
    }
    let in_subject = subject.map(|subject| names_in(subject, alternatives)).unwrap_or_default();
    let alternatives = alternatives.unwrap_or_default().iter().map(ConstrainedName::Alternative);
    let names = in_subject.into_iter().chain(alternatives);
    let violations = names.filter_map(|name| violation(constraints, &name, &Value::of(&name)?));
    for violation in violations.take(MAX_DENIALS) {
        deny(format!(
            "{violation} (RFC 5280 4.2.1.10); profile {profile} requires an issuer under which verifiers accept the \
             certificate"
        ))?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::{
        operation::CAPABILITIES,
        policy::{Catalogue, Facts},
        request::{AlternativeName, NameConstraints, NameForm, Subtree, SubtreeBase},
    };

    /// Returns the messages of the denials for these numbers of subtrees and names, none of which is in a subtree.
    fn denials(subtrees: usize, names: usize) -> Vec<String> {
        let text = "- { Name: P, API: { SignCertificate: { SignAlg: ed25519, \
                    Validity: { ValidNotBeforeOffset: -1h, ValidNotAfterOffset: 24h }, \
                    KeyConstraints: { Subject: { Ed25519: {} }, Issuer: { Ed25519: {} } }, \
                    SubjectAlternativeNames: { Allow: [dns] }, IssuerChecks: { RequireCA: true } } } }";
        let catalogue =
            Catalogue::parse("p.yaml", text, CAPABILITIES).unwrap_or_else(|error| panic!("{error}"));
        let profile = catalogue.profile("P").unwrap();
        let subtree = Subtree { form: NameForm::Dns, base: Ok(SubtreeBase::Dns("a.example".into())) };
        let constraints = NameConstraints { permitted: vec![subtree; subtrees], excluded: Vec::new() };
        let ca = CaFacts { name_constraints: Some(&constraints), ..CaFacts::default() };
        let requested = vec![AlternativeName::Dns("b.example".into()); names];
        let facts = Facts { names: Some(&requested), ..Facts::new(0) };
        let mut collector = DenialCollector::for_explanation();
        let rule = profile.sign_certificate.as_ref().unwrap();
        name_constraints(ca, &CheckInput { profile, rule, facts: &facts }, &mut collector).unwrap();
        let (denials, missing) = collector.into_parts();
        assert_eq!(missing, [FactName::Subject]);
        denials.into_iter().map(|denial| denial.message).collect()
    }

    #[test]
    fn comparisons_and_denials_are_bounded() {
        assert_eq!(denials(500, 500).len(), MAX_DENIALS);
        let [refusal] = denials(500, 501).try_into().unwrap();
        assert!(refusal.contains("500 subtrees") && refusal.contains("501 names"), "{refusal}");
    }
}
