//! The record of instruction counts, and the comparison of new counts with it.
//!
//! A count depends on the code, on the compiler, and where a library chooses its code by the features of the CPU, on these
//! too. So the record describes its machine, and counts that cannot be compared with it are reported as skipped.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

/// The allowed increase of a count in percent.
pub const TOLERANCE: f64 = 5.0;
/// The allowed increase where another compiler built the code, in percent.
pub const TOLERANCE_OF_ANOTHER_COMPILER: f64 = 15.0;

/// Prefixes of benchmarks whose code is the same on every CPU of an architecture: Rust without special instructions. The others
/// call AWS-LC or SHA-2, which choose their code by the CPU.
const PORTABLE: [&str; 5] = [
    "request_path::",
    "parse::",
    "operation::hash_sha3_512",
    "operation::decapsulate_ml_kem",
    "operation::encapsulate_ml_kem",
];

/// Counts by the names of their benchmarks.
pub type Counts = BTreeMap<String, u64>;

/// Counts with the machine that they are from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The machine.
    pub machine: Machine,
    /// The counts.
    pub instructions: Counts,
}

/// The conditions that counts depend on besides the measured code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The architecture, such as `x86_64`.
    pub architecture: String,
    /// The CPU's instruction sets that callgrind reports to programs and that libraries check for.
    pub features: Vec<String>,
    /// The version of valgrind, such as `valgrind-3.19.0`.
    pub valgrind: String,
    /// The compiler, such as `rustc 1.90.0 (…)`.
    pub compiler: String,
}

/// The result of one comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// The count is within the tolerance.
    Same,
    /// The count has decreased by more than the tolerance; the record should be updated.
    Better,
    /// The count has increased by more than the tolerance.
    Worse,
    /// The benchmark is not in the record.
    New,
    /// The benchmark is only in the record.
    Gone,
    /// The machine differs, and the code depends on it.
    Skipped,
}

impl Verdict {
    /// Reports whether the gate fails.
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

/// One benchmark with both counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// The name of the benchmark.
    pub name: String,
    /// The count in the record.
    pub before: Option<u64>,
    /// The new count.
    pub now: Option<u64>,
    /// The result.
    pub verdict: Verdict,
}

impl Compared {
    /// Returns the increase in percent.
    pub fn percent(&self) -> Option<f64> {
        let (before, now) = self.before.zip(self.now)?;
        Some((now as f64 - before as f64) * 100.0 / before as f64)
    }
}

/// Compares all benchmarks of both records by name. On another architecture nothing is comparable; on another CPU or valgrind
/// only what is portable.
pub fn compare(before: &Record, now: &Record) -> Vec<Compared> {
    let (was, is) = (&before.machine, &now.machine);
    let comparable = |name: &str| {
        let same_features = was.features == is.features && was.valgrind == is.valgrind;
        was.architecture == is.architecture
            && (same_features || PORTABLE.iter().any(|portable| name.starts_with(portable)))
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

/// Returns the tolerance in percent.
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
    fn increase_over_the_tolerance_fails_and_decrease_is_reported() {
        let before = record(&[("a", 1000), ("b", 1000), ("c", 1000), ("d", 1000)]);
        let now = record(&[("a", 1050), ("b", 1051), ("c", 950), ("d", 949)]);
        let verdicts = verdicts(&before, &now);
        assert_eq!(verdicts, [Verdict::Same, Verdict::Worse, Verdict::Same, Verdict::Better]);
        assert_eq!(verdicts.iter().filter(|verdict| verdict.fails()).count(), 1);
    }

    #[test]
    fn added_and_removed_benchmarks_fail() {
        let verdicts = verdicts(&record(&[("a", 1), ("b", 1)]), &record(&[("b", 1), ("c", 1)]));
        assert_eq!(verdicts, [Verdict::Gone, Verdict::Same, Verdict::New]);
        assert!(verdicts[0].fails() && verdicts[2].fails());
    }

    #[test]
    fn another_cpu_skips_code_that_depends_on_it() {
        let before = record(&[("operation::verify", 1000), ("request_path::hash", 1000)]);
        let mut now = record(&[("operation::verify", 9000), ("request_path::hash", 9000)]);
        now.machine.features.clear();
        assert_eq!(verdicts(&before, &now), [Verdict::Skipped, Verdict::Worse]);
        now.machine.architecture = "aarch64".into();
        assert_eq!(verdicts(&before, &now), [Verdict::Skipped, Verdict::Skipped]);
    }

    #[test]
    fn another_compiler_has_a_higher_tolerance() {
        let before = record(&[("a", 1000), ("b", 1000)]);
        let mut now = record(&[("a", 1140), ("b", 1160)]);
        now.machine.compiler = "rustc 2".into();
        assert_eq!(verdicts(&before, &now), [Verdict::Same, Verdict::Worse]);
    }
}
