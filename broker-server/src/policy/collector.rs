//! Collects the denials of one request.

use super::{Denial, DenialKind, facts::FactName};

/// Collects the denials of the checks, and the facts that were missing for a check. A decision stops at the first denial;
/// an explanation continues and collects all denials.
#[derive(Debug)]
pub struct DenialCollector {
    stop_at_first: bool,
    denials: Vec<Denial>,
    missing_facts: Vec<FactName>,
}

impl DenialCollector {
    /// Returns the collector of a decision, which stops at the first denial or the first missing fact.
    pub(super) const fn for_decision() -> Self {
        Self { stop_at_first: true, denials: Vec::new(), missing_facts: Vec::new() }
    }

    /// Returns the collector of an explanation, which collects all denials and missing facts.
    pub(super) const fn for_explanation() -> Self {
        Self { stop_at_first: false, denials: Vec::new(), missing_facts: Vec::new() }
    }

    /// Adds a denial.
    ///
    /// # Errors
    /// Fails with the denial in a decision, which stops at it.
    pub(super) fn add(&mut self, denial: Denial) -> Result<(), Denial> {
        if self.stop_at_first {
            return Err(denial);
        }
        self.denials.push(denial);
        Ok(())
    }

    /// Adds the denial of a check that failed.
    ///
    /// # Errors
    /// Fails like [`add`](Self::add).
    pub(super) fn record(&mut self, result: Result<(), Denial>) -> Result<(), Denial> {
        result.or_else(|denial| self.add(denial))
    }

    /// Returns the value of a fact that a check needs. Returns `None` where an explanation lacks it; the check
    /// is skipped then.
    ///
    /// # Errors
    /// Fails where a decision lacks the fact, because a request must not pass a check that cannot be made.
    pub(super) fn require<T>(&mut self, fact: FactName, value: Option<T>) -> Result<Option<T>, Denial> {
        if value.is_none() {
            if self.stop_at_first {
                return Err(Denial {
                    kind: DenialKind::MissingFact,
                    profile: String::new(),
                    rule: String::new(),
                    line: None,
                    message: format!("policy lacks a fact that it needs: {fact}"),
                });
            }
            if !self.missing_facts.contains(&fact) {
                self.missing_facts.push(fact);
            }
        }
        Ok(value)
    }

    /// Returns the denials in the order of the checks, and the facts that were missing.
    pub(super) fn into_parts(self) -> (Vec<Denial>, Vec<FactName>) {
        (self.denials, self.missing_facts)
    }
}
