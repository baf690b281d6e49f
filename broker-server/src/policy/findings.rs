//! What the checks of one request have found.

use super::{Denial, DenialKind, facts::Fact};

/// Takes what the checks of an operation say. A decision ends with the first denial; an explanation goes on and keeps
/// them all.
#[derive(Debug)]
pub struct Findings {
    explaining: bool,
    denials: Vec<Denial>,
    not_judged: Vec<Fact>,
}

impl Findings {
    /// For a decision: the first denial ends it, and so does a fact that is not known.
    pub(super) const fn of_a_decision() -> Self {
        Self { explaining: false, denials: Vec::new(), not_judged: Vec::new() }
    }

    /// For an explanation: denials are kept, and a fact that is not known is noted.
    pub(super) const fn of_an_explanation() -> Self {
        Self { explaining: true, denials: Vec::new(), not_judged: Vec::new() }
    }

    /// Takes a denial.
    ///
    /// # Errors
    /// Fails with the denial where it ends the decision.
    pub(super) fn refuse(&mut self, denial: Denial) -> Result<(), Denial> {
        if !self.explaining {
            return Err(denial);
        }
        self.denials.push(denial);
        Ok(())
    }

    /// Takes what a check came to.
    ///
    /// # Errors
    /// As [`refuse`](Self::refuse).
    pub(super) fn add(&mut self, checked: Result<(), Denial>) -> Result<(), Denial> {
        checked.or_else(|denial| self.refuse(denial))
    }

    /// Returns the value of a fact that a check needs, or `None` where nobody has said it; the check then says nothing.
    ///
    /// # Errors
    /// Fails where a decision lacks the fact: a check that cannot be made must not let a request through.
    pub(super) fn known<T>(&mut self, fact: Fact, value: Option<T>) -> Result<Option<T>, Denial> {
        if value.is_none() {
            if !self.explaining {
                return Err(Denial {
                    kind: DenialKind::NotJudged,
                    profile: String::new(),
                    rule: String::new(),
                    line: None,
                    message: format!("policy was not told {fact}"),
                });
            }
            if !self.not_judged.contains(&fact) {
                self.not_judged.push(fact);
            }
        }
        Ok(value)
    }

    /// Returns the denials in the order of the checks, and the facts that a check lacked.
    pub(super) fn into_parts(self) -> (Vec<Denial>, Vec<Fact>) {
        (self.denials, self.not_judged)
    }
}
