//! Generates calls: the certification request, the profile and the other fields of SignCertificateRequest.

use proptest::{collection::vec, prelude::*, sample::select};

use crate::{attributes, names, request::Damage};

/// The profiles of `profiles.yaml`, with the CA that each needs.
pub const PROFILES: [(&str, Authority); 8] = [
    ("Any", Authority::Ecdsa),
    ("NoNames", Authority::Ecdsa),
    ("DnsOnly", Authority::Ecdsa),
    ("Suffixes", Authority::Ecdsa),
    ("Checked", Authority::Ecdsa),
    ("SubordinateCa", Authority::Rsa),
    ("Ed25519", Authority::Ed25519),
    ("Subjects", Authority::Ecdsa),
];

/// The profile that refuses no common request.
const PERMISSIVE: usize = 0;

/// The key of a CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    Ecdsa,
    Rsa,
    Ed25519,
}

/// The key of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKey {
    P256,
    Ed25519,
    Rsa2048,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Case {
    /// The index in [`PROFILES`].
    pub profile: usize,
    pub key: SubjectKey,
    /// The DER of the subject.
    pub subject: Vec<u8>,
    /// The DER of each attribute.
    pub attributes: Vec<Vec<u8>>,
    pub damage: Option<Damage>,
    /// The field `subject`.
    pub subject_text: Option<String>,
    pub crl_urls: Vec<String>,
    /// Seconds from now.
    pub not_before: Option<i64>,
    pub not_after: Option<i64>,
    /// Whether each part is what usual clients send, so that a permissive profile must not refuse it.
    pub is_common: bool,
}

impl Case {
    /// Reports whether the certificate must be issued.
    pub fn must_be_issued(&self) -> bool {
        self.is_common && self.profile == PERMISSIVE
    }
}

/// The parts of a case that vary independently.
#[derive(Clone, Debug)]
struct Parts {
    subject: BoxedStrategy<Vec<u8>>,
    attributes: BoxedStrategy<Vec<Vec<u8>>>,
    damage: BoxedStrategy<Option<Damage>>,
    subject_text: BoxedStrategy<Option<String>>,
    crl_urls: BoxedStrategy<Vec<String>>,
    times: BoxedStrategy<(Option<i64>, Option<i64>)>,
    is_common: bool,
}

/// Returns calls of which about half are common in every part, and the others odd in one part or in all.
pub fn case() -> BoxedStrategy<Case> {
    let common = Parts {
        subject: names::common().boxed(),
        attributes: prop_oneof![attributes::common(false), attributes::common(true)].boxed(),
        damage: Just(None).boxed(),
        subject_text: prop_oneof![6 => Just(None), 1 => Just(Some("CN=leaf, O=Example".to_owned()))].boxed(),
        crl_urls: select(vec![vec![], vec!["http://crl.example/ca.crl".to_owned()]]).boxed(),
        times: select(vec![(None, None), (None, Some(86_400)), (Some(0), Some(3600))]).boxed(),
        is_common: true,
    };
    let odd = Parts { is_common: false, ..common.clone() };
    let odd_subject = Parts { subject: names::odd().boxed(), ..odd.clone() };
    let odd_names = Parts { attributes: attributes::odd_names(), ..odd.clone() };
    let odd_attributes = Parts { attributes: attributes::odd(), ..odd.clone() };
    let odd_fields =
        Parts { subject_text: odd_text(), crl_urls: odd_urls(), times: odd_times(), ..odd.clone() };
    let damaged = Parts { damage: Damage::any().prop_map(Some).boxed(), ..odd.clone() };
    let odd_everywhere = Parts {
        subject: odd_subject.subject.clone(),
        attributes: prop_oneof![attributes::odd(), attributes::odd_names()].boxed(),
        ..odd_fields.clone()
    };
    prop_oneof![
        6 => common.cases(),
        5 => odd_subject.cases(),
        4 => odd_names.cases(),
        4 => odd_attributes.cases(),
        2 => odd_fields.cases(),
        1 => damaged.cases(),
        1 => odd_everywhere.cases(),
    ]
    .boxed()
}

impl Parts {
    fn cases(self) -> BoxedStrategy<Case> {
        let key = prop_oneof![
            6 => Just(SubjectKey::P256),
            2 => Just(SubjectKey::Ed25519),
            1 => Just(SubjectKey::Rsa2048),
        ];
        let request = (self.subject, self.attributes, self.damage);
        let fields = (self.subject_text, self.crl_urls, self.times);
        let is_common = self.is_common;
        (0..PROFILES.len(), key, request, fields)
            .prop_map(
                move |(profile, key, (subject, attributes, damage), (subject_text, crl_urls, times))| Case {
                    profile,
                    key,
                    subject,
                    attributes,
                    damage,
                    subject_text,
                    crl_urls,
                    not_before: times.0,
                    not_after: times.1,
                    is_common,
                },
            )
            .boxed()
    }
}

fn odd_text() -> BoxedStrategy<Option<String>> {
    let fixed = select(vec![
        "",
        " ",
        "\t",
        ",",
        ", ,",
        "=",
        "CN",
        "CN=",
        "CN= ",
        "=a",
        "CN=a,",
        "CN=a,,O=b",
        "cn=a",
        "CN=a\0",
        "CN=a\nb",
        "CN=a+O=b",
        "X=1",
        "2.5.4.3=a",
        "CN=\"a,b\"",
        "CN=a\\,b",
        "CN=a\\2Cb",
        "C=DEU",
        "C=de",
        "C=D1",
        "C=",
        "CN=10.0.0.1",
        "CN=www.bank.example",
        "CN=www.svc.example",
        "CN=a, CN=b",
        "O=Müller, C=DE",
        "CN=日本",
        "CN=a@b.example",
        "CN=\u{202e}a",
        "CN=\u{ffff}",
        "CN=#0500",
        "OU=One, OU=Two, CN=c",
        "C=DE, ST=x, L=y, O=z, OU=u, CN=v",
    ]);
    let long =
        select(&[64usize, 65, 128, 129, 3000][..]).prop_map(|length| format!("CN={}", "x".repeat(length)));
    prop_oneof![
        6 => fixed.prop_map(str::to_owned),
        1 => long,
        1 => "[CNOSTL=, a]{0,16}",
        1 => "CN=\\PC{0,12}",
    ]
    .prop_map(Some)
    .boxed()
}

fn odd_urls() -> BoxedStrategy<Vec<String>> {
    let fixed = select(vec![
        "",
        " ",
        "x",
        "ftp://crl.example/",
        "ldap:///cn=a",
        "http:",
        "http://",
        "http:///x",
        "http://a b/",
        "http://é.example/",
        "http://[::1]/ca.crl",
        "http://10.0.0.1/",
        "http://a_b.example/",
        "http://a.example/\n",
        "http://a.example/\0",
        "HTTP://A.EXAMPLE/",
        "https://a.example:8443/x?y#z",
        "http://u:p@a.example/",
        "http://a.example/%zz",
        "http://a.example/<>",
        "http://*.example/",
        "http://0x7f.1/",
        "http://a.example:99999/",
        "http://a.example.",
        "javascript:alert(1)",
    ]);
    let url = prop_oneof![
        5 => fixed.prop_map(str::to_owned),
        1 => "http://[a-z.0-9%:@/\\[\\]]{0,12}",
        1 => select(&[100usize, 1000, 2048, 9000][..]).prop_map(|length| format!("http://a.example/{}", "a".repeat(length))),
        2 => Just("http://crl.example/ca.crl".to_owned()),
    ];
    prop_oneof![8 => vec(url, 0..4), 1 => (10..40usize).prop_map(|n| vec!["http://crl.example/ca.crl".to_owned(); n])].boxed()
}

fn odd_times() -> BoxedStrategy<(Option<i64>, Option<i64>)> {
    const YEAR: i64 = 365 * 86_400;
    let time = || {
        select(vec![
            None,
            Some(-YEAR),
            Some(-3601),
            Some(-60),
            Some(0),
            Some(60),
            Some(YEAR),
            Some(30 * YEAR),
            Some(120 * YEAR),
            Some(9000 * YEAR),
        ])
    };
    (time(), time()).boxed()
}
