//! Hostile and corrupted keys.

use super::{post_quantum::tlv, *};

const ENCODINGS: [KeyForm; 3] = [KeyForm::Pkcs8, KeyForm::Sec1, KeyForm::Pkcs1];

/// Returns keys of every kind: as PKCS#8, in their own encoding, and as SPKI.
fn sample_keys(openssl: &OpenSsl) -> Vec<Vec<u8>> {
    let mut keys = Vec::new();
    for (_, curve) in CURVES {
        keys.extend(<[_; 2]>::from(openssl.ec(curve)));
        openssl.run("ec -in key.der -inform DER -outform DER -out sec1.der");
        keys.push(openssl.get("sec1.der"));
    }
    keys.extend(<[_; 2]>::from(openssl.key("-algorithm ED25519")));
    keys.extend(<[_; 2]>::from(openssl.rsa(1024)));
    openssl.run("rsa -in key.der -inform DER -traditional -outform DER -out pkcs1.der");
    keys.push(openssl.get("pkcs1.der"));
    keys.push(post_quantum::envelope(0x11, &tlv(0x80, &[7; 32])));
    keys
}

/// Loads `der` as every kind of key and uses the keys that load. Checks only that this returns.
fn load_and_use(der: &[u8]) {
    for encoding in ENCODINGS {
        if let Ok(key) = PrivateKey::from_der(encoding, der) {
            let scheme = match key.key_type() {
                Some(KeyType::Rsa { .. }) => SignatureScheme::RsaPkcs1(SignatureHash::Sha512),
                Some(KeyType::Ed25519) => SignatureScheme::Ed25519,
                Some(KeyType::MlDsa(set)) => SignatureScheme::MlDsa(set),
                Some(KeyType::Ec(_)) | None => SignatureScheme::Ecdsa(SignatureHash::Sha512),
            };
            let _ = key.sign(scheme, MESSAGE);
        }
    }
    if let Ok(key) = PublicKey::from_spki(der) {
        let _ = key.verify(
            SignatureScheme::Ecdsa(SignatureHash::Sha256),
            MESSAGE,
            &[0x30, 0x06, 2, 1, 1, 2, 1, 1],
        );
        let _ = key.verify(SignatureScheme::RsaPkcs1(SignatureHash::Sha256), MESSAGE, &[1; 128]);
        let _ = key.verify(SignatureScheme::Ed25519, MESSAGE, &[0; 64]);
    }
}

fn assert_rejected(der: &[u8]) {
    for encoding in ENCODINGS {
        assert_eq!(PrivateKey::from_der(encoding, der).unwrap_err(), EvpError::BadKey);
        assert!(error_queue_is_empty());
    }
    assert_eq!(PublicKey::from_spki(der).unwrap_err(), EvpError::BadKey);
    assert!(error_queue_is_empty());
}

#[test]
fn rejects_truncated_keys_and_trailing_bytes() {
    for der in sample_keys(&OpenSsl::new()) {
        for end in 0..der.len() {
            assert_rejected(&der[..end]);
        }
        assert_rejected(&[&der[..], &[0]].concat());
        assert_rejected(&[&der[..], &der[..]].concat());
    }
}

#[test]
fn changed_byte_does_not_crash() {
    for der in sample_keys(&OpenSsl::new()) {
        for i in 0..der.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut broken = der.clone();
                broken[i] ^= flip;
                load_and_use(&broken);
            }
        }
    }
}

#[test]
fn rejects_garbage() {
    assert_rejected(b"");
    assert_rejected(b"\0");
    assert_rejected(b"-----BEGIN PRIVATE KEY-----");
    assert_rejected(&[0xff; 4096]);
    assert_rejected(&[0x30; 4096]);
    assert_rejected(&[0x30, 0x80, 0, 0]); // indefinite length
    assert_rejected(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]);
    assert_rejected(&[0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    assert_rejected(&vec![0; 1 << 20]);
}

#[test]
fn rejects_explicit_curve_parameters() {
    let openssl = OpenSsl::new();
    for (_, curve) in CURVES {
        openssl.ec(curve);
        openssl.run("ec -in key.pem -param_enc explicit -outform DER -out sec1.der");
        openssl.run("ec -in key.pem -param_enc explicit -pubout -outform DER -out public.der");
        openssl.run("ec -in key.pem -param_enc explicit -out explicit.pem");
        openssl.run("pkcs8 -topk8 -nocrypt -in explicit.pem -outform DER -out key.der");
        for name in ["sec1.der", "public.der", "key.der"] {
            let der = openssl.get(name);
            assert!(der.len() > 150, "{curve} {name}: the parameters are inside");
            assert_rejected(&der);
        }
    }
}

#[test]
fn rejects_ec_key_with_mismatched_public_half() {
    let openssl = OpenSsl::new();
    let sec1 = || {
        openssl.ec("prime256v1");
        openssl.run("ec -in key.der -inform DER -outform DER -out sec1.der");
        openssl.get("sec1.der")
    };
    let (mut one, two) = (sec1(), sec1());
    let point = one.len() - 64;
    one[point..].copy_from_slice(&two[point..]);
    assert_rejected(&one);
}

#[test]
fn rejects_points_off_the_curve() {
    let openssl = OpenSsl::new();
    for (_, curve) in CURVES {
        let (_, mut spki) = openssl.ec(curve);
        *spki.last_mut().unwrap() ^= 1;
        assert_rejected(&spki);
    }
    // The point at infinity, encoded as a single zero byte.
    let algorithm = hex::decode("301306072a8648ce3d020106082a8648ce3d030107").unwrap();
    assert_rejected(&tlv(0x30, &[algorithm, vec![0x03, 0x02, 0x00, 0x00]].concat()));
}

#[test]
fn rejects_inconsistent_rsa_numbers() {
    let openssl = OpenSsl::new();
    openssl.rsa(2048);
    openssl.run("rsa -in key.der -inform DER -traditional -outform DER -out pkcs1.der");
    let der = openssl.get("pkcs1.der");
    let mut numbers = Vec::new();
    let mut rest = &der[4..]; // after SEQUENCE and its two length bytes
    while !rest.is_empty() {
        let (header, length) = match rest[1] {
            0x82 => (4, usize::from(rest[2]) << 8 | usize::from(rest[3])),
            0x81 => (3, usize::from(rest[2])),
            short => (2, usize::from(short)),
        };
        numbers.push(&rest[header..header + length]);
        rest = &rest[header + length..];
    }
    assert_eq!(numbers.len(), 9);
    let assemble = |numbers: &[&[u8]]| tlv(0x30, &numbers.iter().flat_map(|n| tlv(2, n)).collect::<Vec<_>>());
    assert!(PrivateKey::from_der(KeyForm::Pkcs1, &assemble(&numbers)).is_ok());
    for i in 1..numbers.len() {
        let mut changed = numbers[i].to_vec();
        *changed.last_mut().unwrap() ^= 2;
        let mut broken = numbers.clone();
        broken[i] = &changed;
        assert_rejected(&assemble(&broken));
    }
    // A key without public exponent and primes, which Java can write, cannot be checked.
    let zero: &[u8] = &[0];
    assert_rejected(&assemble(&[zero, numbers[1], zero, numbers[3], zero, zero, zero, zero, zero]));
    // A private exponent far larger than the modulus would cost excessive time.
    let huge = vec![0x55; 32 * 1024];
    let mut broken = numbers.clone();
    broken[3] = &huge;
    assert_rejected(&assemble(&broken));
}

#[test]
fn rejects_rsa_public_keys_with_large_modulus_or_unusable_exponent() {
    let spki = |bytes: usize, exponent: &[u8]| {
        let modulus = [&[0][..], &vec![0xff; bytes]].concat();
        let key = tlv(0x30, &[tlv(2, &modulus), tlv(2, exponent)].concat());
        let algorithm = hex::decode("300d06092a864886f70d0101010500").unwrap();
        tlv(0x30, &[algorithm, tlv(3, &[&[0][..], &key].concat())].concat())
    };
    let good = [1, 0, 1];
    assert_eq!(public(&spki(2048, &good)).key_type(), Some(KeyType::Rsa { bits: 16384 }));
    assert_rejected(&spki(2049, &good));
    assert_rejected(&spki(256, &[1, 0, 0]));
    assert_rejected(&spki(256, &[1]));
    assert_rejected(&spki(256, &[0]));
    assert_rejected(&spki(256, &[0x7f; 256]));
}
