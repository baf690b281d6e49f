//! Generated certification requests with odd names, extensions and attributes. Whatever is issued must load in OpenSSL and
//! `x509-parser`, and whatever is refused must have a field and a reason.
//!
//! `GENERATED_REQUESTS` sets their number. `GENERATED_CERTIFICATES` names a file to which the issued certificates are
//! written, so that programs that these tests do not need can load them, too.

use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{RngSeed, TestRunner},
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{Fixture, support::csr::*, support::*};

#[tokio::test]
async fn generated_requests_are_issued_usably_or_refused_with_a_reason() {
    let count = std::env::var("GENERATED_REQUESTS").map_or(500, |count| count.parse().unwrap());
    let fixture = Fixture::start(&[]);
    let mut client = fixture.broker.crypto().await;
    // A fixed seed, so that a failure can be repeated.
    let mut runner =
        TestRunner::new(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() });
    let (mut issued, mut reasons) = (String::new(), std::collections::BTreeMap::<String, usize>::new());
    for _ in 0..count {
        let csr = request().new_tree(&mut runner).unwrap().current();
        for profile in ["Names", "NoNames"] {
            match client.sign_certificate(fixture.ca.request(profile, &csr)).await {
                Ok(response) => {
                    let der = super::der(response.into_inner());
                    let (rest, certificate) = X509Certificate::from_der(&der).unwrap();
                    assert!(rest.is_empty());
                    certificate.subject_alternative_name().unwrap();
                    issued += &pem::encode(&pem::Pem::new("CERTIFICATE", der));
                    *reasons.entry("issued".into()).or_default() += 1;
                }
                Err(status) => {
                    let reason = reason(&status);
                    assert!(!reason.is_empty(), "{status}\n{csr}");
                    let is_denied = ["NAME_NOT_ALLOWED", "SUBJECT_NOT_ALLOWED"].contains(&&*reason);
                    assert!(is_denied || !field(&status).is_empty(), "{status}\n{csr}");
                    assert!(!status.message().contains("well-formed DER"), "{status}\n{csr}");
                    *reasons.entry(reason).or_default() += 1;
                }
            }
        }
    }
    println!("{reasons:?}");
    assert!(reasons["issued"] > count / 5 && reasons["FIELD_MALFORMED"] > count / 5, "{reasons:?}");
    let file = fixture.ca.folder.path().join("issued.pem");
    std::fs::write(&file, &issued).unwrap();
    let texts = pki::openssl(fixture.ca.folder.path(), "storeutl -noout -text -certs issued.pem");
    assert_eq!(texts.matches("Signature Value").count(), reasons["issued"], "{texts}");
    if let Some(copy) = std::env::var_os("GENERATED_CERTIFICATES") {
        std::fs::write(copy, issued).unwrap();
    }
}

fn request() -> impl Strategy<Value = String> {
    (
        subject(),
        prop::option::of(vec(alternative_name(), 0..4)),
        vec(extension_id(), 0..3),
        vec(attribute(), 0..2),
    )
        .prop_map(|(subject, names, extensions, mut attributes)| {
            let mut list: Vec<_> = extensions.iter().map(|id| extension(id, b"\x05\x00")).collect();
            list.dedup();
            if let Some(names) = names {
                list.push(extension(SUBJECT_ALT_NAME, &sequence(&[&names.concat()])));
            }
            if !list.is_empty() {
                attributes.push(extension_request(EXTENSION_REQUEST, &list));
            }
            csr(&subject, &attributes)
        })
}

fn subject() -> impl Strategy<Value = Vec<u8>> {
    let types =
        prop::sample::select(vec!["2.5.4.3", "2.5.4.5", "2.5.4.10", "1.2.840.113549.1.9.1", "1.2.3.4"]);
    let strings = prop::sample::select(vec![0x0c, 0x13, 0x14, 0x16]);
    let usual = (types.prop_map(oid), (strings, "[A-Za-z0-9 .:'-]{1,60}"))
        .prop_map(|(ty, (identifier, text))| sequence(&[&ty, &tlv(identifier, text.as_bytes())]));
    let country = "[A-Z]{2}".prop_map(|text| sequence(&[&oid("2.5.4.6"), &tlv(0x13, text.as_bytes())]));
    let odd = (attribute_type(), value()).prop_map(|(ty, value)| sequence(&[&ty, &value]));
    let rdn = vec(prop_oneof![6 => usual, 1 => country, 3 => odd], 1..3)
        .prop_map(|attributes| tlv(0x31, &attributes.concat()));
    prop_oneof![1 => Just(vec![]), 9 => vec(rdn, 1..3)].prop_map(|rdns| tlv(0x30, &rdns.concat()))
}

fn attribute_type() -> impl Strategy<Value = Vec<u8>> {
    let known = [
        "2.5.4.3",
        "2.5.4.3",
        "2.5.4.5",
        "2.5.4.6",
        "2.5.4.10",
        "2.5.4.11",
        "2.5.4.46",
        "1.2.840.113549.1.9.1",
        "0.9.2342.19200300.100.1.25",
        "1.3.6.1.4.1.99999.1",
    ];
    prop_oneof![
        20 => prop::sample::select(known.to_vec()).prop_map(oid),
        // 2.5.2147483647, 2.5.2147483648, and an identifier under 2.25 of X.667 annex A
        1 => Just(b"\x06\x06\x55\x87\xff\xff\xff\x7f".to_vec()),
        1 => Just(b"\x06\x06\x55\x88\x80\x80\x80\x00".to_vec()),
        1 => Just(hex::decode("06146983f8aaae9aa5b6ce83c7f4abd2cd8fd3dfcb02").unwrap()),
    ]
}

/// A value of a string type, or of another one.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let types = [0x0c, 0x0c, 0x13, 0x13, 0x12, 0x14, 0x16, 0x1a, 0x1b, 0x1c, 0x1e, 0x02, 0x04, 0x18];
    let content = prop_oneof![
        6 => "[A-Za-z0-9 .'-]{1,20}".prop_map(String::into_bytes),
        2 => "[0-9]{1,8}".prop_map(String::into_bytes),
        2 => "[A-Z]{2}".prop_map(String::into_bytes),
        1 => "[A-Za-z0-9@_*&]{0,70}".prop_map(String::into_bytes),
        1 => "\\PC{0,20}".prop_map(String::into_bytes),
        1 => any::<String>().prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..12),
        1 => vec(any::<u16>(), 0..12).prop_map(|units| units.into_iter().flat_map(u16::to_be_bytes).collect()),
    ];
    (prop::sample::select(types.to_vec()), content)
        .prop_map(|(identifier, content)| tlv(identifier, &content))
}

fn alternative_name() -> impl Strategy<Value = Vec<u8>> {
    let text =
        |number: u8, pattern: &'static str| pattern.prop_map(move |text| tlv(0x80 | number, text.as_bytes()));
    prop_oneof![
        6 => text(2, "(\\*\\.)?[a-z0-9]([a-z0-9-]{0,5}[a-z0-9])?(\\.[a-z]{2,8}){0,3}"),
        1 => text(2, "[a-zA-Z0-9._*-]{0,12}"),
        1 => text(2, "(0x)?[0-9a-f]{1,3}(\\.[0-9]{1,3}){0,3}"),
        1 => text(2, "\\PC{0,12}"),
        3 => text(1, "[a-z.+]{1,8}@[a-z]{1,5}(\\.[a-z]{2,4})?"),
        1 => text(1, "[\\x20-\\x7e]{0,12}@[\\x20-\\x7e]{0,12}"),
        3 => text(6, "[a-z]{2,6}://([a-z]{1,4}(:[a-z]{0,3})?@)?[a-z_]{1,8}(\\.[a-z]{2})?(:[0-9]{0,6})?/[a-z%0-9]{0,6}"),
        1 => text(6, "https?://(\\[[0-9a-f:.]{2,12}\\]|[0-9.]{3,9})(:[0-9]{1,5})?[/?#a-z]{0,5}"),
        1 => text(6, "[a-z]{1,4}:[!-~]{0,20}"),
        2 => prop_oneof![vec(any::<u8>(), 4), vec(any::<u8>(), 16), vec(any::<u8>(), 0..20)]
            .prop_map(|octets| tlv(0x87, &octets)),
        1 => (any::<u8>(), vec(any::<u8>(), 0..6))
            .prop_filter("its tag number has one octet", |(tag, _)| tag & 0x1f != 0x1f && tag & 0xc0 != 0)
            .prop_map(|(tag, octets)| tlv(tag, &octets)),
    ]
}

fn extension_id() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["2.5.29.15", "2.5.29.19", "1.3.6.1.5.5.7.1.24", "2.5.29.32", "1.2.3.4"])
}

/// An attribute that requests nothing.
fn attribute() -> impl Strategy<Value = Vec<u8>> {
    (attribute_type(), vec(value(), 0..3))
        .prop_map(|(ty, values)| sequence(&[&ty, &tlv(0x31, &values.concat())]))
}
