//! Loading of keys in each encoding, and the schemes that fit them.

use super::*;

#[test]
fn all_encodings_give_the_same_key() {
    let openssl = OpenSsl::new();
    for (_, name) in CURVES {
        let (private, spki) = openssl.ec(name);
        openssl.run("ec -in key.der -inform DER -outform DER -out sec1.der");
        let sec1 = openssl.get("sec1.der");
        for (encoding, der) in [(KeyForm::Pkcs8, &private), (KeyForm::Sec1, &sec1)] {
            let key = PrivateKey::from_der(encoding, der).unwrap();
            assert!(key.matches(&public(&spki)), "{name} {encoding:?}");
        }
        // SEC1 without the public half, which is then computed.
        openssl.run("ec -in key.der -inform DER -no_public -outform DER -out sec1.der");
        let key = PrivateKey::from_der(KeyForm::Sec1, &openssl.get("sec1.der")).unwrap();
        assert!(key.matches(&public(&spki)), "{name}");
        // A compressed point.
        openssl.run("ec -in key.der -inform DER -pubout -conv_form compressed -outform DER -out short.der");
        assert!(key.matches(&public(&openssl.get("short.der"))));
    }
    let (private, spki) = openssl.rsa(2048);
    openssl.run("rsa -in key.der -inform DER -traditional -outform DER -out pkcs1.der");
    let pkcs1 = openssl.get("pkcs1.der");
    for (encoding, der) in [(KeyForm::Pkcs8, &private), (KeyForm::Pkcs1, &pkcs1)] {
        assert!(PrivateKey::from_der(encoding, der).unwrap().matches(&public(&spki)), "{encoding:?}");
    }
}

#[test]
fn rejects_key_in_another_encoding() {
    let openssl = OpenSsl::new();
    let (private, _) = openssl.ec("prime256v1");
    openssl.run("ec -in key.der -inform DER -outform DER -out sec1.der");
    let sec1 = openssl.get("sec1.der");
    for (encoding, der) in [
        (KeyForm::Sec1, &private),
        (KeyForm::Pkcs1, &private),
        (KeyForm::Pkcs8, &sec1),
        (KeyForm::Pkcs1, &sec1),
    ] {
        assert_eq!(PrivateKey::from_der(encoding, der).unwrap_err(), EvpError::BadKey);
    }
}

#[test]
fn rejects_schemes_that_do_not_fit_the_key() {
    let openssl = OpenSsl::new();
    let keys = [openssl.ec("secp384r1"), openssl.rsa(2048), openssl.key("-algorithm ED25519")];
    let hash = SignatureHash::Sha256;
    let schemes = [SignatureScheme::Ecdsa(hash), SignatureScheme::RsaPkcs1(hash), SignatureScheme::Ed25519];
    for (i, (private_der, public_der)) in keys.iter().enumerate() {
        let (private, public) = (pkcs8(private_der), public(public_der));
        for (j, scheme) in schemes.into_iter().enumerate() {
            if i != j {
                assert_eq!(private.sign(scheme, MESSAGE), Err(EvpError::BadKey));
                assert_eq!(public.verify(scheme, MESSAGE, &[0; 64]), Err(EvpError::BadKey));
            }
        }
        assert_eq!(private.sign(SignatureScheme::MlDsa(MlDsa::MlDsa44), MESSAGE), Err(EvpError::BadKey));
        let ml_dsa = SignatureScheme::MlDsa(MlDsa::MlDsa44);
        assert_eq!(public.verify(ml_dsa, MESSAGE, &[0; 2420]), Err(EvpError::BadKey));
        let pss = SignatureScheme::RsaPss { hash, salt_length: 32 };
        let expected = if i == 1 { EvpError::BadSignature } else { EvpError::BadKey };
        assert_eq!(public.verify(pss, MESSAGE, &[0; 256]), Err(expected));
        // The key matches only its own public key.
        for (j, (_, other)) in keys.iter().enumerate() {
            assert_eq!(private.matches(&super::public(other)), i == j);
        }
    }
}

#[test]
fn different_keys_of_one_kind_do_not_match() {
    let openssl = OpenSsl::new();
    for options in [
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
        "-algorithm ED25519",
    ] {
        let (one, one_public) = openssl.key(options);
        let (_, two_public) = openssl.key(options);
        assert!(pkcs8(&one).matches(&public(&one_public)));
        assert!(!pkcs8(&one).matches(&public(&two_public)));
    }
    let (p256, _) = openssl.ec("prime256v1");
    let (_, p384) = openssl.ec("secp384r1");
    assert!(!pkcs8(&p256).matches(&public(&p384)));
}

#[test]
fn rejects_rsa_key_too_short_for_the_hash() {
    let openssl = OpenSsl::new();
    let (private, _) = openssl.rsa(512);
    let private = pkcs8(&private);
    let sign = |hash| private.sign(SignatureScheme::RsaPkcs1(hash), MESSAGE).map(|signature| signature.len());
    assert_eq!(sign(SignatureHash::Sha256), Ok(64));
    assert_eq!(sign(SignatureHash::Sha384), Err(EvpError::BadKey));
    assert_eq!(sign(SignatureHash::Sha512), Err(EvpError::BadKey));
    let sign = |hash, salt_length| {
        private.sign(SignatureScheme::RsaPss { hash, salt_length }, MESSAGE).map(|signature| signature.len())
    };
    assert_eq!(sign(SignatureHash::Sha256, 30), Ok(64)); // RFC 8017 9.1.1: 32 + 30 + 2
    assert_eq!(sign(SignatureHash::Sha256, 31), Err(EvpError::BadKey));
    assert_eq!(sign(SignatureHash::Sha512, 0), Err(EvpError::BadKey));
    assert_eq!(sign(SignatureHash::Sha256, u32::MAX), Err(EvpError::BadKey));
    assert!(error_queue_is_empty());
}

#[test]
fn unsupported_kinds_cannot_sign_or_verify() {
    let openssl = OpenSsl::new();
    for options in [
        "-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
        "-algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1",
        "-algorithm X25519",
        "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048",
    ] {
        let (private_der, public_der) = openssl.key(options);
        if let Ok(private) = PrivateKey::from_der(KeyForm::Pkcs8, &private_der) {
            assert_eq!(private.key_type(), None, "{options}");
            let scheme = SignatureScheme::Ecdsa(SignatureHash::Sha256);
            assert_eq!(private.sign(scheme, MESSAGE), Err(EvpError::BadKey), "{options}");
        }
        if let Ok(public) = PublicKey::from_spki(&public_der) {
            assert_eq!(public.key_type(), None, "{options}");
            let scheme = SignatureScheme::Ecdsa(SignatureHash::Sha256);
            assert_eq!(public.verify(scheme, MESSAGE, &[0; 64]), Err(EvpError::BadKey), "{options}");
        }
    }
}

#[test]
fn debug_output_shows_only_the_kind() {
    let (private, spki) = OpenSsl::new().ec("prime256v1");
    assert_eq!(format!("{:?}", pkcs8(&private)), "PrivateKey(Some(Ec(P256)), [redacted])");
    assert_eq!(format!("{:?}", public(&spki)), "PublicKey(Some(Ec(P256)))");
}
