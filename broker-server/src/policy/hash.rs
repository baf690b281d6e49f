//! `HashData` and `HashStream`, which have no checks but those of every operation.

use super::{
    Denial, Facts,
    decide::{Check, Decide},
    permit::{HashData, HashStream},
    profile::{HashDataRule, Profile},
};
use crate::request;

impl Decide for HashData {
    const CHECKS: &'static [Check<Self>] = &[];

    fn facts(_: &request::HashData, now: i64) -> Facts<'_> {
        Facts::new(now)
    }

    fn grant(_: &Profile, _: &HashDataRule, _: &Facts<'_>) -> Result<(), Denial> {
        Ok(())
    }
}

impl Decide for HashStream {
    const CHECKS: &'static [Check<Self>] = &[];

    fn facts(_: &request::HashStream, now: i64) -> Facts<'_> {
        Facts::new(now)
    }

    fn grant(_: &Profile, _: &HashDataRule, _: &Facts<'_>) -> Result<(), Denial> {
        Ok(())
    }
}
