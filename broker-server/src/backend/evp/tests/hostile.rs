//! Keys that somebody made to do harm, or broke.

use super::{post_quantum::tlv, *};

const ENCODINGS: [KeyForm; 3] = [KeyForm::Pkcs8, KeyForm::Sec1, KeyForm::Pkcs1];

/// Every key of the zoo: PKCS#8 or its own encoding, and SPKI.
fn zoo(bench: &Bench) -> Vec<Vec<u8>> {
    let mut zoo = Vec::new();
    for (_, curve) in CURVES {
        zoo.extend(<[_; 2]>::from(bench.ec(curve)));
        bench.openssl("ec -in key.der -inform DER -outform DER -out sec1.der");
        zoo.push(bench.get("sec1.der"));
    }
    zoo.extend(<[_; 2]>::from(bench.key("-algorithm ED25519")));
    zoo.extend(<[_; 2]>::from(bench.rsa(1024)));
    bench.openssl("rsa -in key.der -inform DER -traditional -outform DER -out pkcs1.der");
    zoo.push(bench.get("pkcs1.der"));
    zoo.push(post_quantum::envelope(0x11, &tlv(0x80, &[7; 32])));
    zoo
}

/// Loads `der` as everything and uses what loads. Must return.
fn handle(der: &[u8]) {
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

fn refused(der: &[u8]) {
    for encoding in ENCODINGS {
        assert_eq!(PrivateKey::from_der(encoding, der).unwrap_err(), EvpError::BadKey);
        assert!(error_queue_is_empty());
    }
    assert_eq!(PublicKey::from_spki(der).unwrap_err(), EvpError::BadKey);
    assert!(error_queue_is_empty());
}

#[test]
fn every_beginning_of_a_key_and_every_longer_key_is_refused() {
    for der in zoo(&Bench::new()) {
        for end in 0..der.len() {
            refused(&der[..end]);
        }
        refused(&[&der[..], &[0]].concat());
        refused(&[&der[..], &der[..]].concat());
    }
}

#[test]
fn a_key_with_any_byte_changed_does_no_harm() {
    for der in zoo(&Bench::new()) {
        for i in 0..der.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut broken = der.clone();
                broken[i] ^= flip;
                handle(&broken);
            }
        }
    }
}

#[test]
fn garbage_is_refused() {
    refused(b"");
    refused(b"\0");
    refused(b"-----BEGIN PRIVATE KEY-----");
    refused(&[0xff; 4096]);
    refused(&[0x30; 4096]);
    refused(&[0x30, 0x80, 0, 0]); // indefinite length
    refused(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]);
    refused(&[0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    refused(&vec![0; 1 << 20]);
}

#[test]
fn explicit_curve_parameters_are_refused() {
    let bench = Bench::new();
    for (_, curve) in CURVES {
        bench.ec(curve);
        bench.openssl("ec -in key.pem -param_enc explicit -outform DER -out sec1.der");
        bench.openssl("ec -in key.pem -param_enc explicit -pubout -outform DER -out public.der");
        bench.openssl("ec -in key.pem -param_enc explicit -out explicit.pem");
        bench.openssl("pkcs8 -topk8 -nocrypt -in explicit.pem -outform DER -out key.der");
        for name in ["sec1.der", "public.der", "key.der"] {
            let der = bench.get(name);
            assert!(der.len() > 150, "{curve} {name}: the parameters are inside");
            refused(&der);
        }
    }
}

#[test]
fn an_ec_key_whose_public_half_is_not_its_own_is_refused() {
    let bench = Bench::new();
    let sec1 = || {
        bench.ec("prime256v1");
        bench.openssl("ec -in key.der -inform DER -outform DER -out sec1.der");
        bench.get("sec1.der")
    };
    let (mut one, two) = (sec1(), sec1());
    let point = one.len() - 64;
    one[point..].copy_from_slice(&two[point..]);
    refused(&one);
}

#[test]
fn points_that_are_not_on_the_curve_are_refused() {
    let bench = Bench::new();
    for (_, curve) in CURVES {
        let (_, mut spki) = bench.ec(curve);
        *spki.last_mut().unwrap() ^= 1;
        refused(&spki);
    }
    // Infinity, which is one zero byte.
    let algorithm = hex::decode("301306072a8648ce3d020106082a8648ce3d030107").unwrap();
    refused(&tlv(0x30, &[algorithm, vec![0x03, 0x02, 0x00, 0x00]].concat()));
}

#[test]
fn rsa_numbers_that_do_not_belong_together_are_refused() {
    let bench = Bench::new();
    bench.rsa(2048);
    bench.openssl("rsa -in key.der -inform DER -traditional -outform DER -out pkcs1.der");
    let der = bench.get("pkcs1.der");
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
        refused(&assemble(&broken));
    }
    // Stripped of exponent and primes, as Java can write it: nothing in it can be checked.
    let zero: &[u8] = &[0];
    refused(&assemble(&[zero, numbers[1], zero, numbers[3], zero, zero, zero, zero, zero]));
    // A private exponent far larger than the modulus would only cost time.
    let huge = vec![0x55; 32 * 1024];
    let mut broken = numbers.clone();
    broken[3] = &huge;
    refused(&assemble(&broken));
}

#[test]
fn rsa_public_keys_above_16384_bits_or_with_odd_exponents_missing_are_refused() {
    let spki = |bytes: usize, exponent: &[u8]| {
        let modulus = [&[0][..], &vec![0xff; bytes]].concat();
        let key = tlv(0x30, &[tlv(2, &modulus), tlv(2, exponent)].concat());
        let algorithm = hex::decode("300d06092a864886f70d0101010500").unwrap();
        tlv(0x30, &[algorithm, tlv(3, &[&[0][..], &key].concat())].concat())
    };
    let good = [1, 0, 1];
    assert_eq!(public(&spki(2048, &good)).key_type(), Some(KeyType::Rsa { bits: 16384 }));
    refused(&spki(2049, &good));
    refused(&spki(256, &[1, 0, 0]));
    refused(&spki(256, &[1]));
    refused(&spki(256, &[0]));
    refused(&spki(256, &[0x7f; 256]));
}
