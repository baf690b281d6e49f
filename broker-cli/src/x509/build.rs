//! Makes certification requests (RFC 2986) and self-signed certificates (RFC 5280 4.1).

use std::net::IpAddr;

use broker_server::{
    algorithm::{SignatureScheme, SkiHash},
    backend::hash::ski_digest,
    operation::{
        algorithm_identifier,
        certificate::structure::{Signed, TbsCertificate, time},
    },
    request::Name,
};
use der::{
    Decode as _, Encode, Sequence,
    asn1::{Any, AnyRef, BitStringRef, Ia5String, ObjectIdentifier, OctetString, SetOfVec, UintRef},
    oid::AssociatedOid,
    referenced::OwnedToRef as _,
};
use spki::SubjectPublicKeyInfoRef;
use x509_cert::{
    attr::{Attribute, Attributes},
    ext::{
        Extension,
        pkix::{
            AuthorityKeyIdentifier, BasicConstraints, KeyUsage, KeyUsages, SubjectAltName,
            SubjectKeyIdentifier, name::GeneralName,
        },
    },
    time::Validity,
};

use super::{certificate::oid, local_key::LocalKey};
use crate::error::Failure;

/// The names of a subjectAltName, from the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct AlternativeNames {
    pub(crate) dns: Vec<String>,
    pub(crate) ip: Vec<IpAddr>,
    pub(crate) uri: Vec<String>,
    pub(crate) email: Vec<String>,
}

impl AlternativeNames {
    /// Returns the option of each name, in the order of [`Self::general_names`].
    pub(crate) fn options(&self) -> impl Iterator<Item = &'static str> {
        let lengths = [self.dns.len(), self.ip.len(), self.uri.len(), self.email.len()];
        let options = ["--dns", "--ip", "--uri", "--email"].into_iter().zip(lengths);
        options.flat_map(|(option, length)| std::iter::repeat_n(option, length))
    }

    /// Returns the names in the order DNS, IP, URI, email.
    ///
    /// # Errors
    /// Fails where a name is not ASCII; the failure names the option.
    fn general_names(&self) -> Result<Vec<GeneralName>, Failure> {
        let mut names = Vec::new();
        let hint = "; write the A-labels of the name (xn--…)";
        for name in &self.dns {
            names.push(GeneralName::DnsName(ia5("--dns", name, hint)?));
        }
        names.extend(self.ip.iter().copied().map(GeneralName::from));
        for uri in &self.uri {
            names.push(GeneralName::UniformResourceIdentifier(ia5("--uri", uri, "; use percent-encoding")?));
        }
        for mailbox in &self.email {
            names.push(GeneralName::Rfc822Name(ia5("--email", mailbox, "")?));
        }
        Ok(names)
    }
}

fn ia5(option: &str, text: &str, hint: &str) -> Result<Ia5String, Failure> {
    Ia5String::new(text).map_err(|_| {
        Failure::usage(format!("{option} has a character that is not ASCII (RFC 5280 4.2.1.6){hint}"))
    })
}

/// CertificationRequestInfo (RFC 2986 4.1).
#[derive(Sequence)]
struct RequestInfo<'a> {
    version: u8,
    subject: AnyRef<'a>,
    public_key: AnyRef<'a>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    attributes: Attributes,
}

/// Returns the DER of a certification request. Where the subject is empty, the names are critical (RFC 5280 4.2.1.6).
///
/// # Errors
/// Fails where a name is not ASCII.
pub(crate) fn request(key: &LocalKey, subject: &Name, names: &AlternativeNames) -> Result<Vec<u8>, Failure> {
    let public_key = key.public_key_info()?;
    let names = names.general_names()?;
    let assemble = || {
        let mut attributes = Attributes::new();
        if !names.is_empty() {
            let extensions = vec![extension(subject.is_empty(), &SubjectAltName(names.clone()))?];
            let values = SetOfVec::try_from(vec![Any::encode_from(&extensions)?])?;
            attributes.insert(Attribute { oid: ObjectIdentifier::new(oid::EXTENSION_REQUEST)?, values })?;
        }
        RequestInfo {
            version: 0,
            subject: AnyRef::from_der(subject.der())?,
            public_key: AnyRef::from_der(&public_key)?,
            attributes,
        }
        .to_der()
    };
    sign(key, key.default_scheme(), &assemble().map_err(internal)?)
}

/// What a self-signed CA certificate says.
pub(crate) struct CaCertificate<'a> {
    pub(crate) subject: &'a Name,
    pub(crate) scheme: SignatureScheme,
    /// The hash of the key identifiers.
    pub(crate) key_id_hash: SkiHash,
    /// Unix seconds.
    pub(crate) not_before: i64,
    /// Unix seconds.
    pub(crate) not_after: i64,
    pub(crate) path_len: Option<u8>,
    pub(crate) serial: [u8; 20],
}

impl CaCertificate<'_> {
    /// Returns the DER of the certificate.
    ///
    /// # Errors
    /// Fails where the scheme does not fit the key.
    pub(crate) fn sign(&self, key: &LocalKey) -> Result<Vec<u8>, Failure> {
        let public_key = key.public_key_info()?;
        let algorithm = algorithm_identifier(self.scheme).map_err(internal)?;
        let assemble = || {
            TbsCertificate {
                version: 2,
                serial_number: UintRef::new(&self.serial)?,
                signature: algorithm.owned_to_ref(),
                issuer: AnyRef::from_der(self.subject.der())?,
                validity: Validity::new(time(self.not_before)?, time(self.not_after)?),
                subject: AnyRef::from_der(self.subject.der())?,
                public_key: AnyRef::from_der(&public_key)?,
                extensions: Some(self.extensions(&public_key)?),
            }
            .to_der()
        };
        sign(key, self.scheme, &assemble().map_err(internal)?)
    }

    fn extensions(&self, public_key: &[u8]) -> der::Result<Vec<Extension>> {
        let info = SubjectPublicKeyInfoRef::from_der(public_key)?;
        let mut key_id = ski_digest(self.key_id_hash, info.subject_public_key.raw_bytes());
        // RFC 5280 4.2.1.2 method 1, RFC 7093 2 for other hashes.
        key_id.truncate(20);
        let key_id = OctetString::new(key_id)?;
        let authority = AuthorityKeyIdentifier {
            key_identifier: Some(key_id.clone()),
            ..AuthorityKeyIdentifier::default()
        };
        Ok(vec![
            extension(true, &BasicConstraints { ca: true, path_len_constraint: self.path_len })?,
            extension(true, &KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign))?,
            extension(false, &SubjectKeyIdentifier(key_id))?,
            extension(false, &authority)?,
        ])
    }
}

fn sign(key: &LocalKey, scheme: SignatureScheme, content: &[u8]) -> Result<Vec<u8>, Failure> {
    let signature = key.sign(scheme, content)?;
    let algorithm = algorithm_identifier(scheme).map_err(internal)?;
    let assemble = || {
        Signed {
            content: AnyRef::from_der(content)?,
            algorithm: algorithm.owned_to_ref(),
            signature: BitStringRef::from_bytes(&signature)?,
        }
        .to_der()
    };
    assemble().map_err(internal)
}

fn extension<T: AssociatedOid + Encode>(critical: bool, value: &T) -> der::Result<Extension> {
    Ok(Extension { extn_id: T::OID, critical, extn_value: OctetString::new(value.to_der()?)? })
}

fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    Failure::local("cannot assemble the DER", source)
}
