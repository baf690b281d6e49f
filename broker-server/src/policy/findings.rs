//! The results of the checks of one request.

use super::{Denial, DenialKind, facts::Fact};

/// Collects the results of the checks. A decision ends with the first denial; an explanation continues and
/// collects all denials.
#[derive(Debug)]
pub struct Findings {
    explaining: bool,
    denials: Vec<Denial>,
    not_judged: Vec<Fact>,
}

impl Findings {
    /// Returns findings for a decision, which ends with the first denial or the first missing fact.
    pub(super) const fn for_decision() -> Self {
        Self { explaining: false, denials: Vec::new(), not_judged: Vec::new() }
    }

    /// Returns findings for an explanation, which collects all denials and missing facts.
    pub(super) const fn for_explanation() -> Self {
        Self { explaining: true, denials: Vec::new(), not_judged: Vec::new() }
    }

    /// Records a denial.
    ///
    /// # Errors
    /// Fails with the denial where it ends the decision.
    pub(super) fn deny(&mut self, denial: Denial) -> Result<(), Denial> {
        if !self.explaining {
            return Err(denial);
        }
        self.denials.push(denial);
        Ok(())
    }

    /// Records the result of a check.
    ///
    /// # Errors
    /// Fails like [`deny`](Self::deny).
    pub(super) fn record(&mut self, result: Result<(), Denial>) -> Result<(), Denial> {
        result.or_else(|denial| self.deny(denial))
    }

    /// Returns the value of a fact that a check needs. Returns `None` where an explanation lacks it; the check
    /// is skipped then.
    ///
    /// # Errors
    /// Fails where a decision lacks the fact, because a request must not pass a check that cannot be made.
    pub(super) fn require<T>(&mut self, fact: Fact, value: Option<T>) -> Result<Option<T>, Denial> {
        if value.is_none() {
            if !self.explaining {
                return Err(Denial {
                    kind: DenialKind::NotJudged,
                    profile: String::new(),
                    rule: String::new(),
                    line: None,
                    message: format!("policy lacks a fact that it needs: {fact}"),
                });
            }
            if !self.not_judged.contains(&fact) {
                self.not_judged.push(fact);
            }
        }
        Ok(value)
    }

    /// Returns the denials in the order of the checks, and the facts that were missing.
    pub(super) fn into_parts(self) -> (Vec<Denial>, Vec<Fact>) {
        (self.denials, self.not_judged)
    }
}
