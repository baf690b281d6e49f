//! Hostile and unusual requests, keys and certificates: parsing returns the right values or a typed error and never panics.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use super::{material::OpenSsl, *};
use crate::{
    algorithm::{Curve, KeyForm, KeyType},
    request::{asn1, signing_key},
};

fn parse(mut message: v1::SignCertificateRequest) -> Result<SignCertificate, FieldError> {
    SignCertificate::parse(&mut message, &Limits::default())
}

fn refused(message: v1::SignCertificateRequest) -> (&'static str, String) {
    let error = parse(message).unwrap_err();
    (error.field, error.kind.to_string())
}

fn prepared(kind: &str) -> OpenSsl {
    let openssl = OpenSsl::new();
    openssl.ca("ca", kind);
    openssl.csr("ca", &["-subj", "/CN=x", "-addext", "subjectAltName=DNS:a.example,IP:1.2.3.4"]);
    openssl
}

#[test]
fn accepts_every_form_of_key_and_text() {
    let openssl = prepared("ec:P-384");
    let message = openssl.message("ca", "ca");
    let request = parse(message.clone()).unwrap();
    assert_eq!(request.issuer_key.key_type(), KeyType::Ec(Curve::P384));
    assert_eq!(request.issuer_key.form(), KeyForm::Pkcs8);
    assert_eq!(request.ca_certificate.key_type(), KeyType::Ec(Curve::P384));
    assert!(request.ca_certificate.is_ca());
    assert_eq!(request.ca_certificate.key_usage(), Some(0b110_0000));
    assert_eq!(
        request.csr.subject_alternative_names(),
        [AlternativeName::Dns("a.example".into()), AlternativeName::Ip("1.2.3.4".parse().unwrap())]
    );

    openssl.run("ec -in ca.key -out sec1.key");
    let sec1 = openssl.read("sec1.key");
    let parameters = String::from_utf8(openssl.run("ecparam -name secp384r1")).unwrap();
    openssl.key("r", "rsa:2048");
    openssl.run("rsa -in r.key -traditional -out pkcs1.key");
    for (key, form) in [
        (format!("{parameters}{sec1}"), KeyForm::Sec1),
        (sec1.replace('\n', "\r\n"), KeyForm::Sec1),
        (sec1.replace("EC PRIVATE KEY", "ANY PRIVATE KEY"), KeyForm::Sec1),
        (sec1.replace("EC PRIVATE KEY", "PRIVATE KEY"), KeyForm::Sec1),
        (
            format!("Bag Attributes\n  friendlyName: x\n\n{}\n{}", openssl.read("ca.key"), message.ca_cert),
            KeyForm::Pkcs8,
        ),
        (openssl.read("pkcs1.key"), KeyForm::Pkcs1),
    ] {
        let mut message = message.clone();
        message.ca_private_key = key;
        message.csr = format!("leading text\r\n\r\n{}trailing", message.csr.replace('\n', "\r\n"))
            .replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST");
        message.ca_cert = format!("chain:\n{0}{0}", message.ca_cert);
        assert_eq!(parse(message).unwrap().issuer_key.form(), form);
    }
}

#[test]
fn rejects_each_invalid_field() {
    let openssl = prepared("ec:P-256");
    let good = openssl.message("ca", "ca");
    let mut cases: Vec<(v1::SignCertificateRequest, &str, &str)> = Vec::new();
    let mut case = |field, text, change: &dyn Fn(&mut v1::SignCertificateRequest)| {
        let mut message = good.clone();
        change(&mut message);
        cases.push((message, field, text));
    };
    openssl.run("pkcs8 -topk8 -in ca.key -passout pass:x -out encrypted.key");
    openssl.run("ec -in ca.key -aes128 -passout pass:x -out legacy.key");
    let (encrypted, legacy) = (openssl.read("encrypted.key"), openssl.read("legacy.key"));
    case("csr", "is required", &|m| m.csr.clear());
    case("csr", "at most 65536", &|m| m.csr = " ".repeat(65537));
    case("csr", "no line", &|m| m.csr = " ".repeat(65536));
    case("csr", "more than one", &|m| m.csr = format!("{0}{0}", m.csr));
    case("csr", "no PEM block", &|m| m.csr = m.ca_cert.clone());
    case("ca_private_key", "is required", &|m| m.ca_private_key.clear());
    case("ca_private_key", "more than one", &|m| m.ca_private_key = format!("{0}{0}", m.ca_private_key));
    case("ca_private_key", "openssl pkey", &|m| m.ca_private_key = encrypted.clone());
    case("ca_private_key", "openssl pkey", &|m| m.ca_private_key = legacy.clone());
    case("ca_private_key", "no PEM block", &|m| m.ca_private_key = m.ca_cert.clone());
    case("ca_cert", "is required", &|m| m.ca_cert.clear());
    case("ca_cert", "no PEM block", &|m| m.ca_cert = m.csr.clone());
    case("subject", "at most 1024", &|m| m.subject = Some("x".repeat(1025)));
    case("subject", "component 1", &|m| m.subject = Some("x".repeat(1024)));
    case("valid_not_after", "9999", &|m| m.valid_not_after = Some(253_402_300_800));
    case("valid_not_before", "9999", &|m| m.valid_not_before = Some(u64::MAX));
    case("output_format", "unknown value 3", &|m| m.output_format = 3);
    case("crl_distribution_points", "more than 16 entries", &|m| {
        m.crl_distribution_points = vec!["http://a".into(); 17]
    });
    case("crl_distribution_points", "2049 bytes", &|m| {
        m.crl_distribution_points = vec![format!("http://{}", "a".repeat(2042))];
    });
    for url in [
        "",
        "ftp://a",
        "http:///x",
        "http://:80/",
        "http://a b",
        "http://ä",
        "ldap://x",
        "http://a\0",
        "http://[]/",
        "http:a",
        "http://a_b:x",
        "http://10.1",
    ] {
        case("crl_distribution_points", "entry 1 something other than an http or https URL", &|m| {
            m.crl_distribution_points = vec![url.into()]
        });
    }
    case(
        "crl_distribution_points",
        "entry 2 something other than an http or https URL with a host: it has a host",
        &|m| m.crl_distribution_points = vec!["http://a".into(), "http://127.1/".into()],
    );
    case("subject", "no attribute", &|m| m.subject = Some(" ".into()));
    case("subject", "no attribute", &|m| m.subject = Some(",".into()));
    for (message, field, text) in cases {
        let (found, kind) = refused(message);
        assert_eq!(found, field, "{kind}");
        assert!(kind.contains(text), "{field}: {kind} has no `{text}`");
    }

    let mut limits = good.clone();
    limits.valid_not_after = Some(253_402_300_799);
    limits.crl_distribution_points = vec![format!("http://a/{}", "a".repeat(2039)); 16];
    limits.subject = Some(String::new());
    assert!(parse(limits).unwrap().subject.is_none());
}

#[test]
fn rejects_unsupported_keys_with_reason() {
    let openssl = prepared("ec:P-256");
    let check = |make: &str, text: &str| {
        openssl.run(make);
        openssl.csr("k", &["-subj", "/CN=x"]);
        let (field, kind) = refused(openssl.message("k", "ca"));
        assert!(field == "csr" && kind.contains(text), "{make}: {kind}");
    };
    check("ecparam -name prime256v1 -genkey -noout -param_enc explicit -out k.key", "named curves");
    check("ecparam -name secp256k1 -genkey -noout -out k.key", "1.3.132.0.10");
    check("ecparam -name brainpoolP256r1 -genkey -noout -out k.key", "P-224");
    check("ec -in ca.key -conv_form compressed -out k.key", "compressed");
    check("genrsa -3 -out k.key 2048", "exponent");
    check("genpkey -algorithm ED448 -out k.key", "1.3.101.113");
    check("genpkey -algorithm RSA-PSS -out k.key", "1.2.840.113549.1.1.10");

    openssl.key("k", "rsa:2048");
    for (options, text) in [
        (&["-sha1"][..], "SHA-1"),
        (&["-md5"][..], "SHA-1 or MD5"),
        (&["-sha3-256"][..], "2.16.840.1.101.3.4.3.14"),
        (&["-sha1", "-sigopt", "rsa_padding_mode:pss"][..], "RSASSA-PSS"),
        (&["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_mgf1_md:sha512"][..], "RSASSA-PSS"),
    ] {
        openssl.csr("k", &[options, &["-subj", "/CN=x"]].concat());
        let (_, kind) = refused(openssl.message("k", "ca"));
        assert!(kind.contains(text), "{options:?}: {kind}");
    }
}

#[test]
fn rejects_invalid_names_and_extensions() {
    for (value, text) in [
        (&b"\x30\x04\x82\x02a\0"[..], "the dNSName `a\\x00`, which has the character U+0000 at position 2"),
        (b"\x30\x04\x82\x02\xc3\xa9", "which has the octet 0xC3 at position 1, which IA5String"),
        (b"\x30\x05\x82\x03a b", "U+0020"),
        (b"\x30\x02\x82\x00", "the dNSName ``, which is empty"),
        (b"\x30\x04\x82\x02-a", "hyphen"),
        (b"\x30\x05\x82\x03a..", "empty label"),
        (b"\x30\x0a\x82\x0810.0.0.1", "the dNSName `10.0.0.1`, which is an IP address"),
        (b"\x30\x05\x87\x03abc", "an iPAddress of 3 bytes"),
        (b"\x30\x04\x81\x02ab", "the rfc822Name `ab`, which has no `@`"),
        (b"\x30\x04\x86\x02ab", "the uniformResourceIdentifier `ab`, which is not absolute"),
        (b"\x30\x00", "is empty"),
        (b"\x30\x03\x89\x01a", "undefined form"),
        (b"\x31\x03\x82\x01a", "is not a SEQUENCE"),
        (b"\x04\x01a", "is not a SEQUENCE"),
        (b"\x1c\x04\0\0\0a", "is not a SEQUENCE"),
        (b"\x30\x06\x1c\x04\0\0\0a", "undefined form"),
        (b"\x30\x80\x82\x01a\0\0", "is not DER: a length is indefinite"),
        (b"\x30\x81\x03\x82\x01a", "is not DER: a length has more octets than it needs"),
        (b"\x30\x04\x82\x81\x01a", "is not DER: a length has more octets than it needs"),
        (b"\x30\x03\x82\x02a", "well-formed"),
        (b"\x30\x03\x82\x01ab", "has bytes after its end"),
        (b"\x30\x84\xff\xff\xff\xff\x82", "well-formed"),
    ] {
        let names = alternative_name::alternative_names(value);
        let [AlternativeName::Invalid(fault)] = &names[..] else { panic!("{value:?}: {names:?}") };
        assert!(fault.contains(text), "{value:?}: {fault}");
    }
    let found = |value| alternative_name::alternative_names(value);
    assert_eq!(found(b"\x30\x02\xa4\x00"), [AlternativeName::Other("directoryName")]);
    let mixed = found(b"\x30\x09\x82\x01-\x82\x01a\x82\x01.");
    assert!(matches!(
        &mixed[..],
        [AlternativeName::Invalid(_), AlternativeName::Dns(_), AlternativeName::Invalid(_)]
    ));
    let many = asn1::encode(der::Tag::Sequence, &b"\x82\x00".repeat(20_000)).unwrap();
    assert_eq!(found(&many).len(), 32);

    let twice = b"\x30\x12\x30\x07\x06\x03\x55\x1d\x0f\x04\x00\x30\x07\x06\x03\x55\x1d\x0f\x04\x00";
    let list = asn1::Tlv::only(twice).unwrap();
    assert!(extension::extensions(list).err().unwrap().to_string().contains("twice"));
}

/// A valid structure, and a function that reports whether bytes are accepted as one.
type Reader<'a> = (&'a [u8], &'a dyn Fn(&[u8]) -> bool);

/// Tries every prefix, changes of every byte, trailing bytes and huge lengths.
#[test]
fn damaged_der_does_not_panic() {
    for kind in ["ec:P-256", "ed25519", "rsa:2048"] {
        let openssl = prepared(kind);
        let csr = openssl.run("req -in ca.csr -outform DER");
        let certificate = openssl.run("x509 -in ca.crt -outform DER");
        let key = openssl.run("pkcs8 -topk8 -nocrypt -in ca.key -outform DER");
        let is_key = |der: &[u8]| signing_key::key_type(KeyForm::Pkcs8, der).is_ok();
        let is_csr = |der: &[u8]| Csr::from_der(der).is_ok();
        let is_certificate = |der: &[u8]| CaCertificate::from_der(der).is_ok();
        let readers: [Reader<'_>; 3] = [(&csr, &is_csr), (&certificate, &is_certificate), (&key, &is_key)];
        for (der, accepts) in readers {
            assert!(accepts(der));
            for end in 0..der.len() {
                assert!(!accepts(&der[..end]), "cut at {end}");
            }
            assert!(!accepts(&[der, &[0]].concat()));
            for position in 0..der.len() {
                for change in [0x01, 0x20, 0x80, 0xff] {
                    let mut damaged = der.to_vec();
                    damaged[position] ^= change;
                    accepts(&damaged);
                    if position == 0 {
                        assert!(!accepts(&damaged));
                    }
                }
            }
            for huge in
                [&b"\x84\xff\xff\xff\xff"[..], b"\x88\xff\xff\xff\xff\xff\xff\xff\xff", b"\x80", b"\xff"]
            {
                assert!(!accepts(&[&[0x30], huge, &der[2..]].concat()));
            }
        }
    }
}
