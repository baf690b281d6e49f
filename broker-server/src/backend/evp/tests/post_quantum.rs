//! ML-DSA keys in the three forms of RFC 9881 section 6, each compared with the safe API.

use aws_lc_rs::{
    encoding::AsDer,
    signature::{KeyPair, PqdsaKeyPair},
};

use super::*;

/// Encodes a value as DER.
pub(super) fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len();
    let mut out = match length {
        0..0x80 => vec![tag, length as u8],
        0x80..0x100 => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    out.extend_from_slice(value);
    out
}

/// Wraps `inner` in PKCS#8 for the ML-DSA set whose last OID arc is `arc`.
pub(super) fn envelope(arc: u8, inner: &[u8]) -> Vec<u8> {
    let oid = [0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, arc];
    tlv(0x30, &[&[0x02, 0x01, 0x00][..], &tlv(0x30, &oid), &tlv(0x04, inner)].concat())
}

#[test]
fn ml_dsa_keys_in_every_form_sign_and_verify() {
    let sets = [
        (MlDsa::MlDsa44, 0x11, &safe::ML_DSA_44_SIGNING, &safe::ML_DSA_44),
        (MlDsa::MlDsa65, 0x12, &safe::ML_DSA_65_SIGNING, &safe::ML_DSA_65),
        (MlDsa::MlDsa87, 0x13, &safe::ML_DSA_87_SIGNING, &safe::ML_DSA_87),
    ];
    for (set, arc, signing, verifying) in sets {
        let seed = [0x5a; 32];
        let pair = PqdsaKeyPair::from_seed(signing, &seed).unwrap();
        let spki = AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap();
        let public = public(spki.as_ref());
        assert_eq!(public.key_type(), Some(KeyType::MlDsa(set)));
        let expanded = aws_lc_rs::encoding::AsRawBytes::as_raw_bytes(&pair.private_key()).unwrap();

        let seed_form = tlv(0x80, &seed);
        let expanded_form = tlv(0x04, expanded.as_ref());
        let inside = [tlv(0x04, &seed), tlv(0x04, expanded.as_ref())].concat();
        let both_form = tlv(0x30, &inside);
        for form in [&seed_form, &expanded_form, &both_form] {
            let der = envelope(arc, form);
            let private = pkcs8(&der);
            assert_eq!(private.key_type(), Some(KeyType::MlDsa(set)));
            assert!(private.matches(&public));
            let signature = private.sign(SignatureScheme::MlDsa(set), MESSAGE).unwrap();
            verify_and_corrupt(&public, SignatureScheme::MlDsa(set), &signature);
            safe::UnparsedPublicKey::new(verifying, pair.public_key().as_ref())
                .verify(MESSAGE, &signature)
                .unwrap();

            // Bytes after the key, at each level.
            let trailing = [&form[..], &[0]].concat();
            assert!(PrivateKey::from_der(KeyForm::Pkcs8, &envelope(arc, &trailing)).is_err());
            assert!(PrivateKey::from_der(KeyForm::Pkcs8, &[&der[..], &[0]].concat()).is_err());
        }
        let three = tlv(0x30, &[&inside[..], &[0x05, 0x00]].concat());
        assert!(PrivateKey::from_der(KeyForm::Pkcs8, &envelope(arc, &three)).is_err());

        // A seed and an expanded key of different keys.
        let other = tlv(0x30, &[tlv(0x04, &[0xa5; 32]), tlv(0x04, expanded.as_ref())].concat());
        assert!(PrivateKey::from_der(KeyForm::Pkcs8, &envelope(arc, &other)).is_err());

        let mut signature = vec![0; pair.algorithm().signature_len()];
        pair.sign(MESSAGE, &mut signature).unwrap();
        verify_and_corrupt(&public, SignatureScheme::MlDsa(set), &signature);

        // A different set, another scheme and an unassigned OID.
        let private = pkcs8(&envelope(arc, &seed_form));
        for wrong in
            [MlDsa::MlDsa44, MlDsa::MlDsa65, MlDsa::MlDsa87].into_iter().filter(|wrong| *wrong != set)
        {
            assert_eq!(private.sign(SignatureScheme::MlDsa(wrong), MESSAGE), Err(EvpError::BadKey));
        }
        assert_eq!(private.sign(SignatureScheme::Ed25519, MESSAGE), Err(EvpError::BadKey));
        assert!(PrivateKey::from_der(KeyForm::Pkcs8, &envelope(0x14, &seed_form)).is_err());
    }
}
