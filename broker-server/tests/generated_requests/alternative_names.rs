//! Generates subject alternative names (RFC 5280 4.2.1.6): the contents of the extension's extnValue.

use proptest::{collection::vec, prelude::*, sample::select};

use crate::{
    der::{self, context, dotted, sequence, tlv},
    names,
};

/// Names that every reader loads and that RFC 5280 permits, all of the form that `dns_only` selects or of four forms.
pub fn common(dns_only: bool) -> BoxedStrategy<Vec<u8>> {
    let dns = "(\\*\\.)?[a-z]([a-z0-9]{0,9}[a-z])?(\\.[a-z][a-z0-9]{0,8}){1,3}(\\.svc)?\\.example"
        .prop_map(|name: String| context(2, false, name.as_bytes()));
    if dns_only {
        return vec(dns, 1..5).prop_map(|names| sequence(&names)).boxed();
    }
    let name = prop_oneof![
        4 => dns,
        1 => any::<[u8; 4]>().prop_map(|octets| context(7, false, &octets)),
        1 => any::<[u8; 16]>().prop_map(|octets| context(7, false, &octets)),
        1 => "[a-z]([a-z0-9.+]{0,8}[a-z])?@[a-z]{1,9}\\.example".prop_filter("no empty atom", |text: &String| !text.contains(".."))
            .prop_map(|text| context(1, false, text.as_bytes())),
        1 => "(https://[a-z]{1,9}\\.example(:8443)?(/[a-z0-9]{1,5}){0,2}|spiffe://[a-z]{1,9}/[a-z]{1,9}|urn:example:[a-z0-9]{1,9})"
            .prop_map(|text: String| context(6, false, text.as_bytes())),
    ];
    vec(name, 1..6).prop_map(|names| sequence(&names)).boxed()
}

/// Lists with everything that can be wrong in one.
pub fn odd() -> BoxedStrategy<Vec<u8>> {
    let name = prop_oneof![
        10 => odd_dns(),
        2 => odd_ip(),
        3 => odd_text(1, EMAILS),
        3 => odd_text(6, URIS),
        3 => other_form(),
        1 => common_dns(),
    ];
    prop_oneof![
        20 => vec(name, 1..3).prop_map(|names| sequence(&names)),
        1 => Just(sequence(&[])),
        1 => common_dns().prop_map(|name| sequence(&[name.clone(), name])),
        1 => common_dns().prop_map(|name| sequence(&vec![name; 200])),
        1 => select(vec![
            vec![],
            tlv(der::NULL, &[]),
            tlv(der::OCTET_STRING, b"a"),
            der::set(&[context(2, false, b"a.example")]),
            context(2, false, b"a.example"),
            [sequence(&[context(2, false, b"a.example")]), vec![0]].concat(),
            vec![0x30, 0x80, 0x82, 1, b'a', 0, 0],
            vec![0x30, 0x81, 3, 0x82, 1, b'a'],
            vec![0x30, 9, 0x82, 1, b'a'],
        ]),
    ]
    .boxed()
}

fn common_dns() -> BoxedStrategy<Vec<u8>> {
    Just(context(2, false, b"a.svc.example")).boxed()
}

const HOSTS: &[&str] = &[
    "",
    ".",
    "..",
    "*",
    "*.",
    "*.*",
    "*.*.example",
    "a*.example",
    "*a.example",
    "a.*.example",
    "**.example",
    "*.example",
    "*.svc.example",
    "10.0.0.1",
    "127.1",
    "0x7f.1",
    "0x7f000001",
    "1.2.3.0x4",
    "1.2.3.0X",
    "0",
    "1",
    "1a",
    "a.1",
    "a.1b",
    "1.example",
    "256.256.256.256",
    "010.0.0.1",
    "*.1",
    "*.0.0.1",
    "::1",
    "[::1]",
    "fe80::1%eth0",
    "localhost",
    "a_b.example",
    "_dmarc.example",
    "a._tcp.svc.example",
    "a_",
    "a.example.",
    "a.svc.example.",
    ".svc.example",
    "svc.example",
    "a..svc.example",
    "-a.example",
    "a-.example",
    "a--b.example",
    "xn--mnchen-3ya.example",
    "xn--zzzz---.example",
    "xn--.example",
    "xn--a",
    "ab--cd.example",
    "a b.example",
    " a.example",
    "a.example ",
    "a\0.svc.example",
    "a.example\n",
    "A.SVC.EXAMPLE",
    "a.example:443",
    "a@b.example",
    "https://a.example",
    "a/b.example",
    "a,b.example",
    "a%2eexample",
    "münchen.example",
    "a。example",
    "\u{7f}",
    "a+b.example",
    "a~b",
    "a!b",
    "a\"b",
];

fn odd_dns() -> BoxedStrategy<Vec<u8>> {
    let lengths =
        select(&[62usize, 63, 64, 100][..]).prop_map(|length| format!("{}.svc.example", "a".repeat(length)));
    let labels = select(&[240usize, 250, 251, 252, 253, 254, 255, 256, 300, 3000][..]).prop_map(|length| {
        let tail = ".svc.example";
        let head: String = (0..length - tail.len()).map(|i| if i % 50 == 49 { '.' } else { 'a' }).collect();
        head + tail
    });
    let text = prop_oneof![
        8 => select(HOSTS).prop_map(str::to_owned),
        1 => lengths,
        1 => labels,
        2 => "[a*_.0-9x@ -]{0,12}(\\.svc\\.example)?",
        1 => "[!-~]{1,12}",
        1 => "\\PC{0,8}",
    ];
    prop_oneof![
        12 => text.prop_map(|text| context(2, false, text.as_bytes())),
        1 => vec(any::<u8>(), 0..12).prop_map(|octets| context(2, false, &octets)),
        1 => Just(context(2, true, &tlv(der::IA5_STRING, b"a.svc.example"))),
    ]
    .boxed()
}

fn odd_ip() -> BoxedStrategy<Vec<u8>> {
    prop_oneof![
        2 => select(&[0usize, 1, 3, 5, 8, 12, 15, 17, 32][..]).prop_map(|length| context(7, false, &vec![10; length])),
        1 => select(vec![vec![0; 4], vec![255; 4], vec![127, 0, 0, 1], vec![224, 0, 0, 1], vec![0; 16], vec![255; 16]])
            .prop_map(|octets| context(7, false, &octets)),
        1 => Just(context(7, false, b"\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x01")),
    ]
    .boxed()
}

const EMAILS: &[&str] = &[
    "",
    "a",
    "@",
    "@b.example",
    "a@",
    "a@b@c.example",
    "\"q q\"@b.example",
    "\"q\"@b.example",
    "a b@c.example",
    "a@[10.0.0.1]",
    "a@[IPv6:::1]",
    "a@b.example.",
    "a@b_c.example",
    "a@10.0.0.1",
    "a@-b.example",
    ".a@b.example",
    "a.@b.example",
    "a..b@c.example",
    "a@b",
    "a@b..example",
    "A <a@b.example>",
    "a@é.example",
    "é@b.example",
    "a@b.example\n",
    "a\0@b.example",
    "a@*.example",
    "a+b=c@d.example",
    "a@.example",
    "!#$%&'*+-/=?^_`{|}~@b.example",
    "a(c)@b.example",
];

const URIS: &[&str] = &[
    "",
    ":",
    "a",
    "a:",
    "//a.example",
    "/a",
    "http:",
    "http:a",
    "http:/",
    "http://",
    "http:///a",
    "http://a b/",
    "http://a/%zz",
    "http://a/%4",
    "http://[::1]/",
    "http://[::1",
    "http://[g]/",
    "http://a_b.example/",
    "http://u@h.example/",
    "http://u:p@h.example/",
    "mailto:a@b.example",
    "mailto:",
    "urn:",
    "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "1http://a.example",
    "ht_tp://a.example",
    "http://é.example/",
    "http://10.0.0.1/",
    "http://0x7f.1/",
    "http://a.example:99999/",
    "http://a.example:/",
    "http://a.example:b/",
    "ldap:///cn=a",
    "ldap://a.example/cn=a?b",
    "http://a.example/<>",
    "http://a.example/\"",
    "http://a.example/\n",
    "http://a.example/\0",
    "spiffe://A.example/x",
    "spiffe://",
    "http://*.example/",
    "http://a.example./",
    "http://.example/",
    "HTTP://A.EXAMPLE/",
    "tag:a.example,2026:x",
    "http://a.example/#f",
    "file:///etc/passwd",
    "data:,a",
    "x:[",
    "http://a.example/|",
];

fn odd_text(form: u8, texts: &'static [&'static str]) -> BoxedStrategy<Vec<u8>> {
    prop_oneof![
        6 => select(texts).prop_map(str::to_owned),
        1 => "[a-z:/@.%\\[\\]]{0,12}",
        1 => "\\PC{0,8}",
        1 => select(&[64usize, 65, 250, 254, 255, 256, 2000][..]).prop_map(move |length| match form {
            1 => format!("{}@b.example", "a".repeat(length)),
            _ => format!("http://a.example/{}", "a".repeat(length)),
        }),
    ]
    .prop_map(move |text| context(form, false, text.as_bytes()))
    .boxed()
}

/// otherName, x400Address, directoryName, ediPartyName, registeredID, undefined forms, and forms with the wrong
/// encoding.
fn other_form() -> BoxedStrategy<Vec<u8>> {
    let principal = || dotted("1.3.6.1.4.1.311.20.2.3");
    let fixed = vec![
        context(0, true, &[principal(), context(0, true, &tlv(der::UTF8_STRING, b"a@b.example"))].concat()),
        context(0, true, &[principal(), context(0, true, &tlv(der::UTF8_STRING, b"\xff"))].concat()),
        context(
            0,
            true,
            &[
                dotted("1.3.6.1.5.5.7.8.9"),
                context(0, true, &tlv(der::UTF8_STRING, "é@b.example".as_bytes())),
            ]
            .concat(),
        ),
        context(0, true, &principal()),
        context(0, true, &[]),
        context(0, false, b"a"),
        context(3, true, &[]),
        context(3, true, &sequence(&[sequence(&[])])),
        context(4, false, b"a"),
        context(4, true, &[]),
        context(5, true, &context(1, true, &tlv(der::UTF8_STRING, b"a"))),
        context(5, true, &[]),
        context(8, false, &[0x2a, 3]),
        context(8, false, &[]),
        context(8, false, &[0x80]),
        context(8, false, &[0x2a, 0x83]),
        context(9, false, b"a"),
        context(30, false, b"a"),
        tlv(der::IA5_STRING, b"a.svc.example"),
        tlv(0x42, b"a.svc.example"),
        tlv(der::NULL, &[]),
        vec![0x82, 9, b'a'],
        vec![0x82, 0x81, 1, b'a'],
        vec![0x9f, 0x81, 1, 1, b'a'],
    ];
    let directory_name =
        prop_oneof![names::common().boxed(), names::odd().boxed()].prop_map(|name| context(4, true, &name));
    let registered = names::odd_oid().prop_map(|oid| [&[0x88], &oid[1..]].concat());
    prop_oneof![6 => select(fixed), 2 => directory_name, 1 => registered].boxed()
}
