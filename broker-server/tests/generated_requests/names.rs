//! Generates distinguished names (RFC 5280 4.1.2.4): common ones, and such as no one should write.

use std::collections::HashSet;

use proptest::{collection::vec, prelude::*, sample::select};

use crate::der::{self, dotted, oid, sequence, set, set_of, tlv};

/// An attribute type of which common names are made: its OID, the string types that RFC 5280 A.1 gives it, and the
/// largest number of characters.
type Known = (&'static str, &'static [u8], usize);

const DIRECTORY_STRING: &[u8] = &[der::UTF8_STRING, der::PRINTABLE_STRING, der::BMP_STRING, der::T61_STRING];
const PRINTABLE: &[u8] = &[der::PRINTABLE_STRING];
const IA5: &[u8] = &[der::IA5_STRING];

const KNOWN: &[Known] = &[
    ("2.5.4.3", DIRECTORY_STRING, 64),                   // commonName
    ("2.5.4.10", DIRECTORY_STRING, 64),                  // organizationName
    ("2.5.4.11", DIRECTORY_STRING, 64),                  // organizationalUnitName
    ("2.5.4.7", DIRECTORY_STRING, 128),                  // localityName
    ("2.5.4.8", DIRECTORY_STRING, 128),                  // stateOrProvinceName
    ("2.5.4.12", DIRECTORY_STRING, 64),                  // title
    ("2.5.4.4", DIRECTORY_STRING, 40),                   // surname
    ("2.5.4.42", DIRECTORY_STRING, 40),                  // givenName
    ("2.5.4.5", PRINTABLE, 64),                          // serialNumber
    ("2.5.4.46", PRINTABLE, 64),                         // dnQualifier
    ("0.9.2342.19200300.100.1.25", IA5, 63),             // domainComponent
    ("0.9.2342.19200300.100.1.1", DIRECTORY_STRING, 64), // userId
    ("2.5.4.13", DIRECTORY_STRING, 200),                 // description
    ("2.5.4.97", DIRECTORY_STRING, 64),                  // organizationIdentifier
    ("1.3.6.1.4.1.55555.1", DIRECTORY_STRING, 64),       // an enterprise's own
];

/// Names that every reader loads and that RFC 5280 permits.
pub fn common() -> impl Strategy<Value = Vec<u8>> {
    let rdn = prop_oneof![
        12 => common_attribute().prop_map(|attribute| set(&[attribute])),
        1 => vec(common_attribute(), 2..4).prop_map(|mut attributes| {
            // An RDN has no type twice (X.501 9.3).
            let mut types = HashSet::new();
            attributes.retain(|attribute| types.insert(der::first_value(attribute).to_vec()));
            attributes.sort();
            set(&attributes)
        }),
    ];
    vec(rdn, 1..6).prop_map(|rdns| sequence(&rdns))
}

fn common_attribute() -> BoxedStrategy<Vec<u8>> {
    let known = select(KNOWN).prop_flat_map(|(attribute, tags, longest)| {
        select(tags).prop_flat_map(move |tag| {
            common_text(tag, longest)
                .prop_map(move |text| sequence(&[dotted(attribute), tlv(tag, &encoded(tag, &text))]))
        })
    });
    let country = select(&["DE", "CH", "US"][..])
        .prop_map(|code| sequence(&[dotted("2.5.4.6"), tlv(der::PRINTABLE_STRING, code.as_bytes())]));
    let email = "[a-z]{1,12}@[a-z]{2,9}\\.example".prop_map(|mailbox: String| {
        sequence(&[dotted("1.2.840.113549.1.9.1"), tlv(der::IA5_STRING, mailbox.as_bytes())])
    });
    prop_oneof![10 => known, 2 => country, 1 => email].boxed()
}

/// Texts in the alphabet of the string type, without spaces at the ends, control characters and dots: a name with
/// dots may be judged as a DNS name.
fn common_text(tag: u8, longest: usize) -> BoxedStrategy<String> {
    let inside = longest - 2;
    let pattern = match tag {
        der::PRINTABLE_STRING => format!("[A-Za-z]([A-Za-z0-9 '()+,/:=?-]{{0,{inside}}}[a-z0-9])?"),
        der::IA5_STRING => format!("[a-z]([a-z0-9-]{{0,{inside}}}[a-z0-9])?"),
        der::T61_STRING => format!("[A-Za-z]([A-Za-z0-9 ]{{0,{inside}}}[a-z0-9])?"),
        _ => format!("[A-Za-zÄ-öΑ-Ωа-яא-ת一-三]([A-Za-z0-9 ß-öА-я、ぁ-ん'&@_/-]{{0,{inside}}}[a-z0-9é])?"),
    };
    proptest::string::string_regex(&pattern).unwrap().boxed()
}

/// Encodes a text in the encoding of the string type.
fn encoded(tag: u8, text: &str) -> Vec<u8> {
    match tag {
        der::BMP_STRING => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        der::UNIVERSAL_STRING => text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect(),
        _ => text.as_bytes().to_vec(),
    }
}

/// Names with everything that can be wrong in one, beside common attributes.
pub fn odd() -> impl Strategy<Value = Vec<u8>> {
    let rdn = prop_oneof![
        4 => common_attribute().prop_map(|attribute| set(&[attribute])),
        8 => odd_attribute().prop_map(|attribute| set(&[attribute])),
        1 => vec(prop_oneof![common_attribute(), odd_attribute()], 2..5).prop_map(set_of),
        1 => vec(prop_oneof![common_attribute(), odd_attribute()], 2..5).prop_map(|unsorted| set(&unsorted)),
        1 => common_attribute().prop_map(|twice| set(&[twice.clone(), twice])),
        1 => Just(set(&[])),
    ];
    prop_oneof![
        20 => vec(rdn, 1..4).prop_map(|rdns| sequence(&rdns)),
        1 => Just(sequence(&[])),
        1 => common_attribute().prop_map(|attribute| sequence(&vec![set(&[attribute]); 150])),
        1 => odd_structure(),
    ]
}

/// Names that are not a SEQUENCE OF SET OF AttributeTypeAndValue.
fn odd_structure() -> impl Strategy<Value = Vec<u8>> {
    let value = || tlv(der::UTF8_STRING, b"a");
    let common_name = || dotted("2.5.4.3");
    select(vec![
        sequence(&[sequence(&[sequence(&[common_name(), value()])])]),
        sequence(&[set(&[set(&[common_name(), value()])])]),
        sequence(&[set(&[sequence(&[common_name()])])]),
        sequence(&[set(&[sequence(&[])])]),
        sequence(&[set(&[sequence(&[common_name(), value(), value()])])]),
        sequence(&[set(&[sequence(&[value(), common_name()])])]),
        sequence(&[value()]),
        set(&[set(&[sequence(&[common_name(), value()])])]),
    ])
}

fn odd_attribute() -> BoxedStrategy<Vec<u8>> {
    let odd_value = (attribute_type(), odd_value()).prop_map(|(kind, value)| sequence(&[kind, value]));
    let odd_type = (odd_oid(), common_value()).prop_map(|(kind, value)| sequence(&[kind, value]));
    prop_oneof![5 => odd_value, 1 => odd_type].boxed()
}

fn common_value() -> impl Strategy<Value = Vec<u8>> {
    select(DIRECTORY_STRING)
        .prop_flat_map(|tag| common_text(tag, 40).prop_map(move |text| tlv(tag, &encoded(tag, &text))))
}

fn attribute_type() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => Just("2.5.4.3"),
        3 => select(KNOWN).prop_map(|known| known.0),
        1 => Just("2.5.4.6"),
        1 => Just("1.2.840.113549.1.9.1"),
        // unstructuredName, unstructuredAddress, postalAddress, uniqueIdentifier,
        // jurisdictionOfIncorporationCountryName
        1 => select(&["1.2.840.113549.1.9.2", "1.2.840.113549.1.9.8", "2.5.4.16", "2.5.4.45",
            "1.3.6.1.4.1.311.60.2.1.3"][..]),
    ]
    .prop_map(dotted)
}

/// OIDs that some reader does not take: large arcs, many arcs, and malformed contents.
pub fn odd_oid() -> BoxedStrategy<Vec<u8>> {
    prop_oneof![
        2 => any::<u128>().prop_map(|uuid| oid(&[2, 25, uuid])),
        2 => select(&[1 << 28, (1 << 31) - 1, 1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63, 1 << 64][..])
            .prop_map(|arc| oid(&[1, 3, 6, 1, 4, 1, arc])),
        1 => select(&["0.0", "1.39", "2.999", "2.48.1", "2.100.3"][..]).prop_map(dotted),
        1 => (10..60usize).prop_map(|arcs| oid(&vec![1; arcs])),
        1 => select(vec![vec![], vec![0x80], vec![0x55, 0x80, 3], vec![0x55, 0x84], vec![0xff; 30]])
            .prop_map(|content| tlv(der::OBJECT_IDENTIFIER, &content)),
    ]
    .boxed()
}

/// Texts that mean something to a reader of names.
const TEXTS: &[&str] = &[
    "",
    " ",
    "a ",
    " a",
    "  a  b ",
    "www.bank.example",
    "*.bank.example",
    "WWW.BANK.EXAMPLE.",
    "www.svc.example",
    "localhost",
    "10.0.0.1",
    "0x7f.1",
    "::1",
    "[::1]",
    "xn--mnchen-3ya.example",
    "www。bank。example",
    "www．bank．example",
    "a@b.example",
    "a_b",
    "a*b",
    "a&b",
    "a\0b",
    "www.bank.example\0.svc.example",
    "\0",
    "a\nb",
    "a\tb",
    "a\rb",
    "\u{7f}",
    "\u{80}",
    "\u{85}",
    "\u{9f}",
    "\u{200b}",
    "\u{202e}elpmaxe",
    "\u{feff}a",
    "\u{fffd}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{e000}",
    "\u{1f600}",
    "e\u{301}",
    "a\"b",
    "a,b=c+d",
    "#0401",
    "\\",
    "<a>;",
    "\u{2028}",
    "Müller",
    "日本語",
    "عربى",
    "a\u{1b}[31m",
];

/// Octets that are not text in UTF-8: stray, overlong, a surrogate, beyond U+10FFFF, cut off.
const NOT_UTF8: &[&[u8]] = &[
    b"\x80",
    b"\xff",
    b"a\xc0\xafb",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"a\xe2\x82",
    b"\xfe\xff\0a",
    b"M\xfcller",
];

/// Octets that are not text in UTF-16 or UTF-32, or that are with characters which some readers refuse.
const WIDE: &[&[u8]] = &[
    b"",
    b"\0",
    b"\0a\0",
    b"\xd8\x3d\xde\0",
    b"\xd8\0",
    b"\xdc\0\0a",
    b"\xff\xfe",
    b"\xff\xff",
    b"\0\0",
    b"\0\0\0",
    b"\0\0\0a",
    b"\0\x11\0\0",
    b"\0\0\xd8\0",
    b"\0\x01\xf6\0",
    b"\x7f\xff\xff\xff",
    b"\xfd\xd0",
    b"\0\x1b",
    b"\0a\0\n",
];

const STRING_TAGS: &[u8] = &[
    der::UTF8_STRING,
    der::PRINTABLE_STRING,
    der::IA5_STRING,
    der::T61_STRING,
    der::BMP_STRING,
    der::UNIVERSAL_STRING,
    der::NUMERIC_STRING,
    der::VISIBLE_STRING,
    27,
    25,
    21,
    7,
];

/// Values of attributes: string types with contents of every kind, and types that are not strings.
fn odd_value() -> BoxedStrategy<Vec<u8>> {
    let text = |texts: BoxedStrategy<String>| {
        (select(STRING_TAGS), texts).prop_map(|(tag, text)| tlv(tag, &encoded(tag, &text)))
    };
    prop_oneof![
        6 => text(select(TEXTS).prop_map(str::to_owned).boxed()),
        2 => text("\\PC{0,20}".boxed()),
        2 => text("[0-9 ]{0,12}".boxed()),
        2 => text("[ -~]{0,12}".boxed()),
        1 => text("(?s).{0,12}".boxed()),
        1 => text(select(&[1usize, 2, 3, 32, 40, 63, 64, 65, 127, 128, 129, 200, 255, 256, 257, 5000][..])
            .prop_map(|length| "x".repeat(length)).boxed()),
        2 => (select(STRING_TAGS), select(NOT_UTF8)).prop_map(|(tag, octets)| tlv(tag, octets)),
        2 => (select(&[der::BMP_STRING, der::UNIVERSAL_STRING][..]), select(WIDE))
            .prop_map(|(tag, octets)| tlv(tag, octets)),
        1 => (select(STRING_TAGS), vec(any::<u8>(), 0..12)).prop_map(|(tag, octets)| tlv(tag, &octets)),
        4 => not_a_string(),
    ]
    .boxed()
}

fn not_a_string() -> BoxedStrategy<Vec<u8>> {
    let text = || tlv(der::UTF8_STRING, b"a");
    select(vec![
        tlv(der::INTEGER, &[5]),
        tlv(der::INTEGER, &[0, 5]),
        tlv(der::INTEGER, &[]),
        tlv(der::INTEGER, &[0x7f; 40]),
        tlv(der::BOOLEAN, &[0xff]),
        tlv(der::BOOLEAN, &[1]),
        tlv(der::BOOLEAN, &[]),
        tlv(der::NULL, &[]),
        tlv(der::NULL, &[0]),
        tlv(der::OCTET_STRING, b"octets"),
        tlv(der::BIT_STRING, &[0, 1]),
        tlv(der::BIT_STRING, &[9, 1]),
        tlv(der::BIT_STRING, &[]),
        tlv(der::ENUMERATED, &[1]),
        tlv(9, &[0x80, 1, 1]),
        dotted("1.2.3"),
        tlv(der::OBJECT_IDENTIFIER, &[]),
        tlv(der::UTC_TIME, b"260101000000Z"),
        tlv(24, b"20260101000000Z"),
        sequence(&[]),
        sequence(&[text()]),
        sequence(&[text(), text()]),
        tlv(der::SEQUENCE, &[0xff]),
        set(&[text()]),
        tlv(0x2c, &text()),
        tlv(0x33, &tlv(der::PRINTABLE_STRING, b"a")),
        der::context(0, false, b"a"),
        der::context(0, true, &text()),
        tlv(0x40, b"a"),
        tlv(0xc1, b"a"),
        vec![0x1f, 0x81, 1, 1, b'a'],
        vec![0x0c, 0x81, 1, b'a'],
        vec![0x2c, 0x80, 0x0c, 1, b'a', 0, 0],
        vec![0x0c, 5, b'a'],
        vec![0, 0],
        vec![],
    ])
    .boxed()
}
