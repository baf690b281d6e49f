//! The extensions that tell relying parties where to find information about the issuer, and under which policies it issues.

use const_oid::db::{
    rfc5280::{ID_AD_CA_ISSUERS, ID_AD_OCSP},
    rfc5912::ID_QT_CPS,
};
use der::{
    Any, Encode as _, Sequence, Tag,
    asn1::{AnyRef, Ia5String},
};
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityInfoAccessSyntax, CrlDistributionPoints,
    certpolicy::PolicyQualifierInfo,
    crl::dp::DistributionPoint,
    name::{DistributionPointName, GeneralName},
};

use crate::policy::profile::{AuthorityInformationAccess, CertificatePolicy};

/// Returns the value of cRLDistributionPoints (RFC 5280 4.2.1.13), with a distribution point for each URL.
pub(super) fn crl_distribution_points(urls: &[String]) -> der::Result<CrlDistributionPoints> {
    let point = |url: &String| -> der::Result<DistributionPoint> {
        Ok(DistributionPoint {
            distribution_point: Some(DistributionPointName::FullName(vec![location(url)?])),
            reasons: None,
            crl_issuer: None,
        })
    };
    Ok(CrlDistributionPoints(urls.iter().map(point).collect::<Result<_, _>>()?))
}

/// Returns the value of authorityInfoAccess (RFC 5280 4.2.2.1): the OCSP responders, then the issuer's certificates.
pub(super) fn authority_information_access(
    rule: &AuthorityInformationAccess,
) -> der::Result<AuthorityInfoAccessSyntax> {
    let ocsp = rule.ocsp.iter().map(|url| (ID_AD_OCSP, url));
    let ca_issuers = rule.ca_issuers.iter().map(|url| (ID_AD_CA_ISSUERS, url));
    let description = |(access_method, url): (_, &String)| -> der::Result<AccessDescription> {
        Ok(AccessDescription { access_method, access_location: location(url)? })
    };
    Ok(AuthorityInfoAccessSyntax(ocsp.chain(ca_issuers).map(description).collect::<Result<_, _>>()?))
}

/// PolicyInformation (RFC 5280 4.2.1.4) with an identifier of any arcs.
#[derive(Sequence)]
struct PolicyInformation<'a> {
    /// An OBJECT IDENTIFIER.
    policy_identifier: AnyRef<'a>,
    #[asn1(optional = "true")]
    policy_qualifiers: Option<Vec<PolicyQualifierInfo>>,
}

/// Returns the DER of certificatePolicies (RFC 5280 4.2.1.4).
pub(super) fn certificate_policies(policies: &[CertificatePolicy]) -> der::Result<Vec<u8>> {
    let information = |policy: &'_ CertificatePolicy| -> der::Result<Vec<u8>> {
        let policy_identifier = AnyRef::new(Tag::ObjectIdentifier, policy.oid.content())?;
        let policy_qualifiers = policy.cps.as_deref().map(practice_statement).transpose()?;
        PolicyInformation { policy_identifier, policy_qualifiers }.to_der()
    };
    let list = policies.iter().map(information).collect::<der::Result<Vec<_>>>()?.concat();
    AnyRef::new(Tag::Sequence, &list)?.to_der()
}

fn practice_statement(url: &str) -> der::Result<Vec<PolicyQualifierInfo>> {
    let qualifier = Some(Any::encode_from(&Ia5String::new(url)?)?);
    Ok(vec![PolicyQualifierInfo { policy_qualifier_id: ID_QT_CPS, qualifier }])
}

fn location(url: &str) -> der::Result<GeneralName> {
    Ok(GeneralName::UniformResourceIdentifier(Ia5String::new(url)?))
}
