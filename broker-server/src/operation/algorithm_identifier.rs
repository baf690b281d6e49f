//! The AlgorithmIdentifiers of signatures in certificates and CMS.

use const_oid::ObjectIdentifier;
use der::asn1::{Any, AnyRef};
use spki::AlgorithmIdentifier;

use crate::algorithm::{MlDsa, SignatureHash, SignatureScheme};

/// Returns the AlgorithmIdentifier of a scheme. The parameters are NULL for RSA PKCS#1 v1.5 (RFC 4055 5), RSASSA-PSS-params
/// for RSASSA-PSS (RFC 4055 3.1), and absent for the others (RFC 5758 3.2, RFC 8410 3, RFC 9881 2).
pub fn algorithm_identifier(scheme: SignatureScheme) -> der::Result<AlgorithmIdentifier<Any>> {
    let oid = match scheme {
        SignatureScheme::RsaPkcs1(SignatureHash::Sha256) => "1.2.840.113549.1.1.11",
        SignatureScheme::RsaPkcs1(SignatureHash::Sha384) => "1.2.840.113549.1.1.12",
        SignatureScheme::RsaPkcs1(SignatureHash::Sha512) => "1.2.840.113549.1.1.13",
        SignatureScheme::RsaPss { .. } => "1.2.840.113549.1.1.10",
        SignatureScheme::Ecdsa(SignatureHash::Sha256) => "1.2.840.10045.4.3.2",
        SignatureScheme::Ecdsa(SignatureHash::Sha384) => "1.2.840.10045.4.3.3",
        SignatureScheme::Ecdsa(SignatureHash::Sha512) => "1.2.840.10045.4.3.4",
        SignatureScheme::Ed25519 => "1.3.101.112",
        SignatureScheme::MlDsa(MlDsa::MlDsa44) => "2.16.840.1.101.3.4.3.17",
        SignatureScheme::MlDsa(MlDsa::MlDsa65) => "2.16.840.1.101.3.4.3.18",
        SignatureScheme::MlDsa(MlDsa::MlDsa87) => "2.16.840.1.101.3.4.3.19",
    };
    let parameters = match scheme {
        SignatureScheme::RsaPkcs1(_) => Some(Any::from(AnyRef::NULL)),
        SignatureScheme::RsaPss { hash, salt_length } => Some(pss_parameters(hash, salt_length)?),
        _ => None,
    };
    Ok(AlgorithmIdentifier { oid: ObjectIdentifier::new_unwrap(oid), parameters })
}

/// Returns the OID of a hash, whose parameters are absent (RFC 5754 2).
pub(super) fn hash_oid(hash: SignatureHash) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(match hash {
        SignatureHash::Sha256 => "2.16.840.1.101.3.4.2.1",
        SignatureHash::Sha384 => "2.16.840.1.101.3.4.2.2",
        SignatureHash::Sha512 => "2.16.840.1.101.3.4.2.3",
    })
}

/// id-mgf1 (RFC 8017 B.2.1).
const MGF1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.8");

/// RSASSA-PSS-params with the default trailer field.
#[derive(der::Sequence)]
struct PssParameters {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    hash: AlgorithmIdentifier<Any>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT")]
    mask: AlgorithmIdentifier<Any>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT")]
    salt_length: u32,
}

fn pss_parameters(hash: SignatureHash, salt_length: u32) -> der::Result<Any> {
    // RFC 4055 2.1 requires NULL here, as in its named constants.
    let hash = AlgorithmIdentifier { oid: hash_oid(hash), parameters: Some(Any::from(AnyRef::NULL)) };
    let mask = AlgorithmIdentifier { oid: MGF1, parameters: Some(Any::encode_from(&hash)?) };
    Any::encode_from(&PssParameters { hash, mask, salt_length })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use der::Encode as _;

    use super::*;

    #[test]
    fn pss_identifier_equals_the_standards_constant() {
        let found = algorithm_identifier(SignatureScheme::rsa_pss(SignatureHash::Sha256)).unwrap();
        // RFC 4055 6: rsaSSA-PSS-SHA256-Identifier, with a salt of 32 bytes.
        let expected = "304106092a864886f70d01010a3034a00f300d06096086480165030402010500\
                      a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120";
        assert_eq!(hex::encode(found.to_der().unwrap()), expected);
    }
}
