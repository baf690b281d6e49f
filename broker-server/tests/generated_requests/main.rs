//! Sends generated certification requests to the broker: strings, names, extensions and attributes of every kind,
//! valid and broken. Everything that is issued must load in `x509-parser`, in OpenSSL and, in `interop/run`, in Go, and be
//! what was requested; everything that is refused must have a reason and a field or rule.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `GENERATED_REQUESTS` | the number of requests | 500 |
//! | `GENERATED_REQUESTS_SEED` | a number; each selects other requests | 0 |
//! | `ISSUED_CERTIFICATES_DIR` | a folder for each issued certificate and its request, for other readers | none |
//!
//! A failure is printed with the smallest request that shows it, in PEM.
#![allow(missing_docs, unreachable_pub)] // a test's modules
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)]

mod alternative_names;
mod attributes;
mod case;
mod der;
mod harness;
mod issued;
mod names;
mod refused;
mod request;
#[path = "../support/mod.rs"]
mod support;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use case::Case;
use harness::{Harness, Outcome};
use proptest::{
    strategy::{BoxedStrategy, Strategy as _, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

/// The number of calls in flight.
const CONCURRENT: u64 = 24;
/// The number of kinds of failure that are made small and printed.
const PRINTED: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn issued_certificates_load_and_refusals_say_why() {
    let count: u64 = variable("GENERATED_REQUESTS").unwrap_or(500);
    let seed: u64 = variable("GENERATED_REQUESTS_SEED").unwrap_or(0);
    let temporary = support::private_folder();
    let folder = variable("ISSUED_CERTIFICATES_DIR").unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder).unwrap();

    let harness = Harness::start().await;
    let strategy = case::case();
    let mut failures = Failures::default();
    let mut issued = Vec::new();
    let mut refused = BTreeMap::<String, usize>::new();
    for first in (0..count).step_by(CONCURRENT as usize) {
        let cases: Vec<_> = (first..count.min(first + CONCURRENT))
            .map(|index| tree(&strategy, seed, index).current())
            .collect();
        let outcomes = futures_util::future::join_all(cases.iter().map(|case| harness.call(case))).await;
        for (index, outcome) in (first..).zip(outcomes) {
            match outcome.verdict {
                Ok(Outcome::Issued(certificate)) => {
                    let file = folder.join(format!("{index:06}.der"));
                    std::fs::write(&file, certificate).unwrap();
                    std::fs::write(file.with_extension("csr"), outcome.request).unwrap();
                    issued.push(file);
                }
                Ok(Outcome::Refused(reason)) => *refused.entry(reason).or_default() += 1,
                Err(failure) => failures.add(index, failure),
            }
        }
    }
    for (file, message) in issued::refused_by_openssl(&harness.authorities, &issued) {
        let index = file.file_stem().and_then(|name| name.to_str()).unwrap().parse().unwrap();
        failures.add(index, openssl_failure(&message));
    }

    println!(
        "seed {seed}: {} of {count} issued, {} wrong; refused: {refused:#?}",
        issued.len(),
        failures.count
    );
    if !failures.first.is_empty() {
        let mut report = format!("{} of {count} requests, seed {seed}", failures.count);
        for (kind, (index, count)) in failures.first.iter().take(PRINTED) {
            let (case, request) = smallest(&harness, tree(&strategy, seed, *index), kind).await;
            report += &format!("\n\n{kind}\n  {count} times, first in request {index}: {case}\n{request}");
        }
        panic!("{report}");
    }
    let refused: usize = refused.values().sum();
    for (what, number) in [("issued", issued.len()), ("refused", refused)] {
        assert!(
            number as u64 * 5 >= count,
            "only {number} of {count} were {what}: the generator is one-sided"
        );
    }
}

fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} cannot be read")))
}

/// Returns the request with this number among those of `seed`.
fn tree(strategy: &BoxedStrategy<Case>, seed: u64, index: u64) -> impl ValueTree<Value = Case> + use<> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    bytes[8..16].copy_from_slice(&index.to_be_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    strategy.new_tree(&mut TestRunner::new_with_rng(Config::default(), random)).unwrap()
}

/// What went wrong: for each kind of failure the first request and the number of requests.
#[derive(Default)]
struct Failures {
    count: usize,
    first: BTreeMap<String, (u64, usize)>,
}

impl Failures {
    fn add(&mut self, index: u64, failure: String) {
        self.count += 1;
        self.first.entry(kind(&failure)).or_insert((index, 0)).1 += 1;
    }
}

/// Returns a failure without the numbers and quoted texts that differ from request to request.
fn kind(failure: &str) -> String {
    let mut kind = String::new();
    let mut is_quoted = false;
    for c in failure.chars().take(300) {
        if matches!(c, '`' | '"') {
            is_quoted = !is_quoted;
        }
        let c = if c.is_ascii_digit() { '#' } else { c };
        let repeats = c == '#' && kind.ends_with('#');
        if !is_quoted && !repeats {
            kind.push(c);
        }
    }
    kind
}

/// Returns what OpenSSL's message says is wrong. Its lines have the form
/// `thread:error:code:library:function:reason:file:…`.
fn openssl_failure(message: &str) -> String {
    let mut reasons: Vec<_> = message
        .lines()
        .filter(|line| line.contains(":error:"))
        .filter_map(|line| line.split(':').nth(5))
        .collect();
    if reasons.is_empty() {
        reasons = message.lines().filter(|line| line.contains("error ")).collect();
    }
    format!("OpenSSL: {}", reasons.join(", "))
}

/// Returns the smallest request that fails in the same way, with its certification request in PEM.
async fn smallest(
    harness: &Harness,
    mut tree: impl ValueTree<Value = Case>,
    wanted: &str,
) -> (String, String) {
    let mut best = tree.current();
    let mut may_continue = tree.simplify();
    for _ in 0..400 {
        if !may_continue {
            break;
        }
        let case = tree.current();
        if failure(harness, &case).await.is_some_and(|failure| kind(&failure) == wanted) {
            best = case;
            may_continue = tree.simplify();
        } else {
            may_continue = tree.complicate();
        }
    }
    let request = harness.pem(&best);
    (harness::describe(&best), request)
}

/// Makes the call and all checks.
async fn failure(harness: &Harness, case: &Case) -> Option<String> {
    match harness.call(case).await.verdict {
        Ok(Outcome::Issued(certificate)) => {
            let folder = support::private_folder();
            let file: PathBuf = folder.path().join("issued.der");
            std::fs::write(&file, certificate).unwrap();
            let refused = issued::refused_by_openssl(Path::new(&harness.authorities), &[file]);
            refused.first().map(|(_, message)| openssl_failure(message))
        }
        Ok(Outcome::Refused(_)) => None,
        Err(failure) => Some(failure),
    }
}
