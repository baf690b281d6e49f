//! Which rules would refuse a request? Uses no key and needs no broker.

use super::{
    Denial, Facts, check,
    document::suggest::nearest,
    permit::{Operation as _, SignCertificate, SignData},
    profile::Profile,
    signature,
};
/// The operations that a profile may have a section for.
const OPERATIONS: [&str; 6] = ["HashData", "SignCertificate", "SignData", "EncryptData", "KEM", "Groth16"];

/// Every denial that a request with these facts would meet under `profile`, in the order of the checks; the first is
/// the one that a broker answers. Empty where no rule is against it.
pub fn explain(profile: &Profile, facts: &Facts<'_>) -> Vec<Denial> {
    let mut denials: Vec<Denial> = check::sunset(profile, facts.now).err().into_iter().collect();
    if !profile.operations().contains(&facts.operation) {
        let mut denial = check::no_section(profile, facts.operation);
        if !OPERATIONS.contains(&facts.operation)
            && let Some(near) = nearest(facts.operation, OPERATIONS)
        {
            denial.message = format!("{}; did you mean {near}?", denial.message);
        }
        denials.push(denial);
    }
    if facts.operation == SignCertificate::NAME
        && let Some(rule) = &profile.sign_certificate
    {
        for check in check::SIGN_CERTIFICATE {
            check(profile, rule, facts, &mut denials);
        }
    }
    if facts.operation == SignData::NAME
        && let (Some(rule), Some(keys)) = (&profile.sign_data, facts.signature_keys)
    {
        denials.extend(signature::keys(profile, rule, keys).err());
    }
    denials
}
