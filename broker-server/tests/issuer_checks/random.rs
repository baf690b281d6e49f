//! Random name constraints and names: the broker and `openssl verify` agree.

use super::{CA, Setup};

const SUBTREES: [&str; 15] = [
    "DNS:a.example",
    "DNS:.a.example",
    "DNS:b.a.example",
    "DNS:example",
    "IP:10.0.0.0/255.0.0.0",
    "IP:10.1.0.0/255.255.0.0",
    "IP:fc00:0:0:0:0:0:0:0/fe00:0:0:0:0:0:0:0",
    "email:a.example",
    "email:.a.example",
    "email:me@a.example",
    "URI:a.example",
    "URI:.a.example",
    "dirName:one",
    "dirName:two",
    "dirName:three",
];

const SECTIONS: &str = "\n[one]\nO=Org\n[two]\nO=ORG\nOU=One\n[three]\nC=DE\n";

const SUBJECTS: [&str; 6] = [
    "/O=Org/CN=app",
    "/O=org/OU=one/CN=www.a.example",
    "/O=Org/OU=Two/CN=b.a.example/emailAddress=me@a.example",
    "/C=DE/O=Org/CN=www.b.example",
    "/C=DE/CN=app/emailAddress=me@b.a.example",
    "/CN=A.Example",
];

const NAMES: [&str; 16] = [
    "DNS:a.example",
    "DNS:B.a.example",
    "DNS:c.b.a.example",
    "DNS:ba.example",
    "DNS:b.test",
    "IP:10.1.2.3",
    "IP:10.2.0.1",
    "IP:192.0.2.1",
    "IP:fd00::1",
    "IP:2001:db8::1",
    "email:me@a.example",
    "email:ME@A.example",
    "email:me@b.a.example",
    "URI:https://a.example/x",
    "URI:https://b.A.example:8443/x",
    "URI:urn:x:y",
];

/// A linear congruential generator (Knuth's MMIX): the test has the same cases in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    /// Returns up to `limit` of the texts, of which some may repeat.
    fn some<'a>(&mut self, texts: &[&'a str], limit: usize) -> Vec<&'a str> {
        (0..self.below(limit + 1)).map(|_| texts[self.below(texts.len())]).collect()
    }
}

#[tokio::test]
async fn verdicts_agree_on_random_names() {
    let setup = Setup::new();
    let mut random = Random(15);
    let mut verdicts = [0, 0];
    for _ in 0..120 {
        let mut subtrees: Vec<String> =
            random.some(&SUBTREES, 4).iter().map(|subtree| format!("permitted;{subtree}")).collect();
        subtrees.extend(random.some(&SUBTREES, 2).iter().map(|subtree| format!("excluded;{subtree}")));
        if subtrees.is_empty() {
            continue;
        }
        let constraints = subtrees.join(",");
        let subject = SUBJECTS[random.below(SUBJECTS.len())];
        let names = random.some(&NAMES, 2).join(",");
        let case = format!("{constraints}\n{subject} {names}");
        setup.make_ca(&format!("{CA}nameConstraints=critical,{constraints}\n{SECTIONS}"));
        let csr = setup.csr(subject, &names);
        let free = setup.issue("Free", &csr).await.unwrap_or_else(|refusal| panic!("{case}: {refusal:?}"));
        let openssl = setup.verifies(&free, &[]);
        let checked = setup.issue("Checked", &csr).await;
        assert_eq!(checked.is_ok(), openssl.is_ok(), "{case}\n{checked:?}\n{openssl:?}");
        verdicts[usize::from(openssl.is_ok())] += 1;
    }
    assert!(verdicts.iter().all(|count| *count >= 20), "{verdicts:?}");
}
