#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use proptest::prelude::*;

use super::encode;
use crate::{
    algorithm::{Curve, KeyType, SignatureFormat},
    request::{Signature, check_signature},
};

fn plain(bytes: &[u8], format: SignatureFormat, key: KeyType) -> Vec<u8> {
    match Signature::read(bytes, format, key).unwrap() {
        Signature::Plain(der) => der,
        Signature::Cms(_) => panic!("expected a plain signature"),
    }
}

proptest! {
    /// Every pair of numbers that fits the width has exactly one DER form, and survives DER and PEM.
    #[test]
    fn raw_survives_der_and_pem(
        curve in proptest::sample::select(Curve::ALL.to_vec()),
        numbers in proptest::collection::vec(any::<u8>(), 132),
        zeros in 0usize..67, more_zeros in 0usize..67,
    ) {
        let (key, width) = (KeyType::Ec(curve), curve.order_length());
        let mut raw = numbers[..2 * width].to_vec();
        raw[..zeros.min(width)].fill(0);
        raw[width..width + more_zeros.min(width)].fill(0);
        let der = plain(&raw, SignatureFormat::Raw, key);
        check_signature(&der, key).unwrap();
        prop_assert_eq!(&encode(der.clone(), SignatureFormat::Raw, key).unwrap(), &raw);
        let pem = encode(der.clone(), SignatureFormat::Pem, key).unwrap();
        prop_assert_eq!(plain(&pem, SignatureFormat::Pem, key), der);
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for format in [SignatureFormat::Raw, SignatureFormat::Der, SignatureFormat::Pem, SignatureFormat::Cms] {
            let _ = Signature::read(&bytes, format, KeyType::Ec(Curve::P256));
        }
    }
}

#[test]
fn rejects_number_wider_than_the_order() {
    let der = plain(&[0xff; 96], SignatureFormat::Raw, KeyType::Ec(Curve::P384));
    assert!(encode(der, SignatureFormat::Raw, KeyType::Ec(Curve::P256)).is_err());
}
