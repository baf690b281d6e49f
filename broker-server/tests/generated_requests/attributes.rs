//! Generates the attributes of a certification request (RFC 2986 4.1) and the extensions in them (RFC 2985 5.4.2).

use proptest::{collection::vec, prelude::*, sample::select};

use crate::{
    alternative_names,
    der::{self, context, dotted, sequence, set, tlv},
    names,
};

const EXTENSION_REQUEST: &str = "1.2.840.113549.1.9.14";
const MICROSOFT_EXTENSION_REQUEST: &str = "1.3.6.1.4.1.311.2.1.14";

/// Returns an Extension; `critical` is what BOOLEAN contains, if there is one.
fn extension(oid: Vec<u8>, critical: Option<u8>, value: &[u8]) -> Vec<u8> {
    let critical = critical.map(|octet| tlv(der::BOOLEAN, &[octet])).unwrap_or_default();
    sequence(&[oid, critical, tlv(der::OCTET_STRING, value)])
}

fn alternative_names_extension(names: &[u8]) -> Vec<u8> {
    extension(dotted("2.5.29.17"), None, names)
}

fn attribute(oid: Vec<u8>, values: &[Vec<u8>]) -> Vec<u8> {
    sequence(&[oid, set(values)])
}

/// Returns an extensionRequest of these extensions.
fn request(extensions: &[Vec<u8>]) -> Vec<u8> {
    attribute(dotted(EXTENSION_REQUEST), &[sequence(extensions)])
}

/// What a usual client writes: nothing, or one extensionRequest with names and the extensions that tools add by
/// default.
pub fn common(dns_only: bool) -> BoxedStrategy<Vec<Vec<u8>>> {
    let usual = vec(select(usual_extensions()), 0..3).prop_map(|mut extensions| {
        extensions.sort();
        extensions.dedup();
        extensions
    });
    let password = attribute(dotted("1.2.840.113549.1.9.7"), &[tlv(der::UTF8_STRING, b"secret")]);
    let company = attribute(dotted("1.2.840.113549.1.9.2"), &[tlv(der::UTF8_STRING, b"Example")]);
    prop_oneof![
        1 => Just(vec![]),
        1 => Just(vec![password, company]),
        4 => (alternative_names::common(dns_only), usual).prop_map(|(names, mut extensions)| {
            extensions.push(alternative_names_extension(&names));
            vec![request(&extensions)]
        }),
    ]
    .boxed()
}

/// Names of which some are wrong, in an extensionRequest of their own.
pub fn odd_names() -> BoxedStrategy<Vec<Vec<u8>>> {
    alternative_names::odd().prop_map(|names| vec![request(&[alternative_names_extension(&names)])]).boxed()
}

fn usual_extensions() -> Vec<Vec<u8>> {
    vec![
        extension(dotted("2.5.29.15"), Some(0xff), &tlv(der::BIT_STRING, &[5, 0xa0])),
        extension(dotted("2.5.29.37"), None, &sequence(&[dotted("1.3.6.1.5.5.7.3.1")])),
        extension(dotted("2.5.29.19"), None, &sequence(&[])),
        extension(dotted("2.5.29.14"), None, &tlv(der::OCTET_STRING, &[7; 20])),
    ]
}

/// Attributes with everything that can be wrong in one.
pub fn odd() -> BoxedStrategy<Vec<Vec<u8>>> {
    let names = || tlv(der::SEQUENCE, &context(2, false, b"a.svc.example"));
    let other_names = || tlv(der::SEQUENCE, &context(2, false, b"b.svc.example"));
    let lists = vec(odd_extension(), 0..4);
    let attributes = prop_oneof![
        8 => lists.prop_map(|extensions| vec![request(&extensions)]),
        2 => vec(odd_extension(), 0..3)
            .prop_map(|extensions| vec![attribute(dotted(MICROSOFT_EXTENSION_REQUEST), &[sequence(&extensions)])]),
        6 => vec(odd_attribute(), 1..4),
        1 => vec(odd_attribute(), 100..=100),
    ];
    let fixed = vec![
        // The names in both attributes, equal and different.
        vec![
            request(&[alternative_names_extension(&names())]),
            attribute(
                dotted(MICROSOFT_EXTENSION_REQUEST),
                &[sequence(&[alternative_names_extension(&names())])],
            ),
        ],
        vec![
            request(&[alternative_names_extension(&names())]),
            attribute(
                dotted(MICROSOFT_EXTENSION_REQUEST),
                &[sequence(&[alternative_names_extension(&other_names())])],
            ),
        ],
        vec![attribute(
            dotted(MICROSOFT_EXTENSION_REQUEST),
            &[sequence(&[alternative_names_extension(&names())])],
        )],
        // The names twice: in one list, in two values, in two attributes.
        vec![request(&[alternative_names_extension(&names()), alternative_names_extension(&names())])],
        vec![request(&[alternative_names_extension(&names()), alternative_names_extension(&other_names())])],
        vec![attribute(
            dotted(EXTENSION_REQUEST),
            &[
                sequence(&[alternative_names_extension(&names())]),
                sequence(&[alternative_names_extension(&names())]),
            ],
        )],
        vec![
            request(&[alternative_names_extension(&names())]),
            request(&[alternative_names_extension(&other_names())]),
        ],
        vec![request(&[alternative_names_extension(&names())]), request(&usual_extensions())],
        // Values of another structure.
        vec![attribute(dotted(EXTENSION_REQUEST), &[])],
        vec![attribute(dotted(EXTENSION_REQUEST), &[tlv(der::NULL, &[])])],
        vec![attribute(dotted(EXTENSION_REQUEST), &[tlv(der::OCTET_STRING, &names())])],
        vec![sequence(&[dotted(EXTENSION_REQUEST), sequence(&[])])],
        vec![sequence(&[dotted(EXTENSION_REQUEST)])],
        vec![sequence(&[])],
        vec![tlv(der::NULL, &[])],
        vec![sequence(&[dotted(EXTENSION_REQUEST), set(&[sequence(&[])]), tlv(der::NULL, &[])])],
        vec![request(&[vec![0xff]])],
    ];
    prop_oneof![3 => attributes, 1 => select(fixed)].boxed()
}

fn odd_extension() -> BoxedStrategy<Vec<u8>> {
    let critical = || select(&[None, None, Some(0xff), Some(0), Some(1)][..]);
    let types = prop_oneof![
        // keyUsage, basicConstraints, extKeyUsage, subjectKeyIdentifier, authorityKeyIdentifier, nameConstraints,
        // certificatePolicies, TLS feature, CT poison, issuerAltName, netscape-cert-type, certificate template name
        6 => select(&["2.5.29.15", "2.5.29.19", "2.5.29.37", "2.5.29.14", "2.5.29.35", "2.5.29.30", "2.5.29.32",
            "1.3.6.1.5.5.7.1.24", "1.3.6.1.4.1.11129.2.4.3", "2.5.29.18", "2.16.840.1.113730.1.1",
            "1.3.6.1.4.1.311.20.2", "1.3.6.1.4.1.55555.2"][..]).prop_map(dotted),
        2 => names::odd_oid(),
    ];
    let values = prop_oneof![
        Just(sequence(&[])),
        Just(tlv(der::NULL, &[])),
        Just(sequence(&[tlv(der::BOOLEAN, &[0xff]), tlv(der::INTEGER, &[0])])),
        Just(tlv(der::BIT_STRING, &[1, 6])),
        Just(tlv(der::BMP_STRING, b"\0a")),
        Just(vec![]),
        vec(any::<u8>(), 0..12),
        vec(any::<u8>(), 3000..3001),
    ];
    prop_oneof![
        3 => (types, critical(), values).prop_map(|(oid, critical, value)| extension(oid, critical, &value)),
        1 => select(usual_extensions()),
        2 => (alternative_names::common(true), critical())
            .prop_map(|(names, critical)| extension(dotted("2.5.29.17"), critical, &names)),
        1 => (alternative_names::odd(), critical())
            .prop_map(|(names, critical)| extension(dotted("2.5.29.17"), critical, &names)),
        1 => select(vec![
            sequence(&[]),
            sequence(&[dotted("2.5.29.17")]),
            sequence(&[tlv(der::OCTET_STRING, b"a")]),
            sequence(&[dotted("2.5.29.17"), tlv(der::BIT_STRING, &[0, 1])]),
            sequence(&[dotted("2.5.29.17"), tlv(der::OCTET_STRING, b""), tlv(der::NULL, &[])]),
            tlv(der::NULL, &[]),
        ]),
    ]
    .boxed()
}

fn odd_attribute() -> BoxedStrategy<Vec<u8>> {
    let types = prop_oneof![
        // challengePassword, unstructuredName, Windows' OS version, CSP, client information and renewal certificate
        2 => select(&["1.2.840.113549.1.9.7", "1.2.840.113549.1.9.2", "1.3.6.1.4.1.311.13.2.3", "1.3.6.1.4.1.311.13.2.2",
            "1.3.6.1.4.1.311.21.20", "1.3.6.1.4.1.311.13.1", "1.3.6.1.4.1.55555.3"][..]).prop_map(dotted),
        2 => names::odd_oid(),
    ];
    let value = prop_oneof![
        2 => select(vec![
            tlv(der::UTF8_STRING, b"secret"),
            tlv(der::PRINTABLE_STRING, b"se_cr@et"),
            tlv(der::BMP_STRING, b"\0"),
            tlv(der::IA5_STRING, b"\xff"),
            tlv(der::UNIVERSAL_STRING, b"\0\0\0a"),
            tlv(der::INTEGER, &[1]),
            tlv(der::INTEGER, &[]),
            tlv(der::NULL, &[]),
            sequence(&[]),
            sequence(&[tlv(der::UTF8_STRING, b"a"), tlv(der::OCTET_STRING, &[0; 300])]),
            dotted("1.2.3"),
            dotted("2.25.329800735698586629295641978511506172918"),
            context(0, true, &tlv(der::NULL, &[])),
            tlv(der::UTF8_STRING, &[b'x'; 300]),
        ]),
        1 => vec(any::<u8>(), 0..12).prop_map(|octets| tlv(der::OCTET_STRING, &octets)),
    ];
    (types, vec(value, 0..3)).prop_map(|(oid, values)| attribute(oid, &values)).boxed()
}
