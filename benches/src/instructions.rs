//! The record of instruction counts, and how a new count is compared with it.
//!
//! A count depends on the code, on the compiler, and where a library chooses its code by what the CPU can do, on that
//! too. So the record names the machine that it is of, and what cannot be compared with it is said to be skipped.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

/// How much a count may grow, in percent.
pub const TOLERANCE: f64 = 5.0;
/// The same where another compiler has built it.
pub const TOLERANCE_OF_ANOTHER_COMPILER: f64 = 15.0;

/// What a benchmark's name begins with whose code is the same on each CPU of an architecture: Rust without special
/// instructions. The others call AWS-LC or SHA-2, which look at the CPU first.
const PORTABLE: [&str; 5] = [
    "request_path::",
    "parse::",
    "operation::hash_sha3_512",
    "operation::decapsulate_ml_kem",
    "operation::encapsulate_ml_kem",
];

/// Counts, by the names of their benchmarks.
pub type Counts = BTreeMap<String, u64>;

/// What was counted, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What built it, and what it ran on.
    pub machine: Machine,
    /// The counts.
    pub instructions: Counts,
}

/// What counts depend on besides the code that is measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Such as `x86_64`.
    pub architecture: String,
    /// Which of the instruction sets the CPU has that callgrind hands on and libraries look for.
    pub features: Vec<String>,
    /// Such as `valgrind-3.19.0`.
    pub valgrind: String,
    /// Such as `rustc 1.90.0 (…)`.
    pub compiler: String,
}

/// What became of one benchmark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// Within the tolerance.
    Same,
    /// Less than before by more than the tolerance: the record should learn of it.
    Better,
    /// More than the tolerance.
    Worse,
    /// It is not in the record.
    New,
    /// It is in the record only.
    Gone,
    /// The machine is another one, and the code looks at it.
    Skipped,
}

impl Verdict {
    /// Whether the gate is to be shut.
    pub const fn fails(self) -> bool {
        matches!(self, Self::Worse | Self::New | Self::Gone)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Same => "",
            Self::Better => "less than recorded",
            Self::Worse => "MORE THAN RECORDED",
            Self::New => "NOT IN THE RECORD",
            Self::Gone => "ONLY IN THE RECORD",
            Self::Skipped => "skipped: another CPU",
        })
    }
}

/// One benchmark, before and now.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// The benchmark.
    pub name: String,
    /// In the record.
    pub before: Option<u64>,
    /// Now.
    pub now: Option<u64>,
    /// What that means.
    pub verdict: Verdict,
}

impl Compared {
    /// By how much it has grown, in percent.
    pub fn percent(&self) -> Option<f64> {
        let (before, now) = self.before.zip(self.now)?;
        Some((now as f64 - before as f64) * 100.0 / before as f64)
    }
}

/// All benchmarks of both, by name. Of another architecture nothing can be compared; of another CPU or valgrind only what
/// is portable.
pub fn compare(before: &Record, now: &Record) -> Vec<Compared> {
    let (was, is) = (&before.machine, &now.machine);
    let comparable = |name: &str| {
        let sees_the_same = was.features == is.features && was.valgrind == is.valgrind;
        was.architecture == is.architecture
            && (sees_the_same || PORTABLE.iter().any(|portable| name.starts_with(portable)))
    };
    let tolerance = tolerance(was, is);
    let names = before.instructions.keys().chain(now.instructions.keys());
    let mut names: Vec<&String> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .map(|name| {
            let counts = [before, now].map(|record| record.instructions.get(name).copied());
            let [before, now] = counts;
            let mut compared = Compared { name: name.clone(), before, now, verdict: Verdict::Same };
            compared.verdict = match (counts, compared.percent()) {
                ([None, _], _) => Verdict::New,
                ([_, None], _) => Verdict::Gone,
                _ if !comparable(name) => Verdict::Skipped,
                (_, Some(percent)) if percent > tolerance => Verdict::Worse,
                (_, Some(percent)) if percent < -tolerance => Verdict::Better,
                _ => Verdict::Same,
            };
            compared
        })
        .collect()
}

/// In percent.
pub fn tolerance(before: &Machine, now: &Machine) -> f64 {
    if before.compiler == now.compiler { TOLERANCE } else { TOLERANCE_OF_ANOTHER_COMPILER }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;

    fn record(counts: &[(&str, u64)]) -> Record {
        Record {
            machine: Machine {
                architecture: "x86_64".into(),
                features: vec!["avx2".into()],
                valgrind: "valgrind-3.19.0".into(),
                compiler: "rustc 1".into(),
            },
            instructions: counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
        }
    }

    fn verdicts(before: &Record, now: &Record) -> Vec<Verdict> {
        compare(before, now).iter().map(|compared| compared.verdict).collect()
    }

    #[test]
    fn more_than_the_tolerance_fails_and_less_is_said() {
        let before = record(&[("a", 1000), ("b", 1000), ("c", 1000), ("d", 1000)]);
        let now = record(&[("a", 1050), ("b", 1051), ("c", 950), ("d", 949)]);
        let verdicts = verdicts(&before, &now);
        assert_eq!(verdicts, [Verdict::Same, Verdict::Worse, Verdict::Same, Verdict::Better]);
        assert_eq!(verdicts.iter().filter(|verdict| verdict.fails()).count(), 1);
    }

    #[test]
    fn a_benchmark_that_comes_or_goes_must_be_recorded() {
        let verdicts = verdicts(&record(&[("a", 1), ("b", 1)]), &record(&[("b", 1), ("c", 1)]));
        assert_eq!(verdicts, [Verdict::Gone, Verdict::Same, Verdict::New]);
        assert!(verdicts[0].fails() && verdicts[2].fails());
    }

    #[test]
    fn on_another_cpu_only_what_is_portable_is_compared() {
        let before = record(&[("operation::verify", 1000), ("request_path::hash", 1000)]);
        let mut now = record(&[("operation::verify", 9000), ("request_path::hash", 9000)]);
        now.machine.features.clear();
        assert_eq!(verdicts(&before, &now), [Verdict::Skipped, Verdict::Worse]);
        now.machine.architecture = "aarch64".into();
        assert_eq!(verdicts(&before, &now), [Verdict::Skipped, Verdict::Skipped]);
    }

    #[test]
    fn another_compiler_may_differ_more() {
        let before = record(&[("a", 1000), ("b", 1000)]);
        let mut now = record(&[("a", 1140), ("b", 1160)]);
        now.machine.compiler = "rustc 2".into();
        assert_eq!(verdicts(&before, &now), [Verdict::Same, Verdict::Worse]);
    }
}
