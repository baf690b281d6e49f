//! Where the time of proofs goes: the figures in each response, and what the caller waits beside them.

use std::time::Duration;

use broker_client::ProofFigures;
use broker_proto::v1;
use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

use crate::{
    error::LoadError,
    histogram::{histogram, saturating_nanos},
};

/// The names of the figures in JSON. The last one is the latency without check, proof and verification of the proof: what
/// the service costs beside the work.
const NAMES: [&str; 8] =
    ["queue", "key_load", "witness", "check", "prove", "self_verify", "other", "overhead"];

/// The figures of one response, in the order of their names; the overhead is not among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures([Duration; NAMES.len() - 1]);

impl From<ProofFigures> for Figures {
    fn from(figures: ProofFigures) -> Self {
        let ProofFigures { queue, key_load, witness, check, prove, self_verify, other, .. } = figures;
        Self([queue, key_load, witness, check, prove, self_verify, other])
    }
}

impl From<v1::ProofFigures> for Figures {
    fn from(figures: v1::ProofFigures) -> Self {
        let v1::ProofFigures { queue, key_load, witness, check, prove, self_verify, other, .. } = figures;
        let all = [queue, key_load, witness, check, prove, self_verify, other];
        // A duration that is absent or negative was not measured.
        Self(all.map(|duration| duration.and_then(|duration| duration.try_into().ok()).unwrap_or_default()))
    }
}

impl Figures {
    /// Returns the time of check, proof and verification of the proof.
    fn work(self) -> Duration {
        let Self([_, _, _, check, prove, self_verify, _]) = self;
        check + prove + self_verify
    }
}

/// The figures of many responses, in nanoseconds.
#[derive(Debug)]
pub(crate) struct FigureStats([Histogram<u64>; NAMES.len()]);

impl FigureStats {
    /// Returns empty counts.
    ///
    /// # Errors
    /// Fails where a histogram cannot be made.
    pub(crate) fn new() -> Result<Self, LoadError> {
        let empty = histogram()?;
        Ok(Self(std::array::from_fn(|_| empty.clone())))
    }

    /// Adds a response that arrived after `latency`.
    pub(crate) fn record(&mut self, figures: Figures, latency: Duration) {
        let overhead = latency.saturating_sub(figures.work());
        for (histogram, time) in self.0.iter_mut().zip(figures.0.into_iter().chain([overhead])) {
            histogram.saturating_record(saturating_nanos(time));
        }
    }

    /// Adds what another thread counted.
    ///
    /// # Errors
    /// Fails where a value is out of the bounds of the sum.
    pub(crate) fn add(&mut self, other: &Self) -> Result<(), LoadError> {
        for (sum, part) in self.0.iter_mut().zip(&other.0) {
            sum.add(part)
                .map_err(|source| LoadError::local("cannot add up the figures of proofs", source))?;
        }
        Ok(())
    }

    /// Returns each figure with its median in nanoseconds; empty where no proof was made.
    pub(crate) fn medians(&self) -> Vec<(&'static str, u64)> {
        let measured = NAMES.into_iter().zip(&self.0).filter(|(_, histogram)| !histogram.is_empty());
        measured.map(|(name, histogram)| (name, histogram.value_at_quantile(0.5))).collect()
    }

    /// Returns `{"queue","key_load","witness","check","prove","self_verify","other","overhead"}`, medians in microseconds.
    pub(crate) fn to_json(&self) -> Value {
        let micros = |(name, nanos): (&str, u64)| (name.to_owned(), json!(nanos as f64 / 1000.0));
        Value::Object(self.medians().into_iter().map(micros).collect::<Map<_, _>>())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn overhead_is_the_latency_without_the_work() {
        let micros = Duration::from_micros;
        let mut stats = FigureStats::new().unwrap();
        assert_eq!(stats.to_json(), json!({}));
        stats.record(Figures([1, 2, 3, 10, 20, 30, 4].map(micros)), micros(100));
        let mut sum = FigureStats::new().unwrap();
        sum.add(&stats).unwrap();
        let json = sum.to_json();
        for (name, expected) in NAMES.into_iter().zip([1.0, 2.0, 3.0, 10.0, 20.0, 30.0, 4.0, 40.0]) {
            let found = json.get(name).and_then(Value::as_f64).unwrap();
            // The histogram has three significant digits.
            assert!((found - expected).abs() <= expected / 1000.0, "{name}: {found}");
        }
    }
}
