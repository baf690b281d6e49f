//! Which operations a run calls, and how often each.

use std::{fmt, str::FromStr};

use clap::ValueEnum as _;

use crate::operation::Operation;

/// Operations with their weights. No operation occurs twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mix(Vec<Share>);

/// One operation of a mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The operation.
    pub operation: Operation,
    /// Its share of all calls, relative to the sum of all weights.
    pub weight: u32,
}

/// The maximum sum of the weights: the call order has one entry for each unit of weight.
const MAX_WEIGHT: u32 = 1000;

impl Mix {
    /// Returns the mix that consists of one operation.
    pub fn single(operation: Operation) -> Self {
        Self(vec![Share { operation, weight: 1 }])
    }

    /// Returns the shares in the order in which they were given.
    pub fn shares(&self) -> &[Share] {
        &self.0
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = self.0.as_slice() {
            return write!(f, "{}", only.operation);
        }
        for (index, share) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{}={}", share.operation, share.weight)?;
        }
        Ok(())
    }
}

impl FromStr for Mix {
    type Err = String;

    /// Parses `hash-data`, or `hash-data=9,sign-data=1`.
    fn from_str(text: &str) -> Result<Self, String> {
        let shares = text.split(',').map(parse_share).collect::<Result<Vec<_>, _>>()?;
        if shares.iter().map(|share| share.weight).sum::<u32>() > MAX_WEIGHT {
            return Err(format!("the sum of the weights is more than {MAX_WEIGHT}"));
        }
        for (index, share) in shares.iter().enumerate() {
            if shares.iter().take(index).any(|earlier| earlier.operation == share.operation) {
                return Err(format!("`{}` is given twice", share.operation));
            }
        }
        Ok(Self(shares))
    }
}

fn parse_share(text: &str) -> Result<Share, String> {
    let (name, weight) = text.split_once('=').unwrap_or((text, "1"));
    let weight = weight.parse().ok().filter(|weight| (1..=MAX_WEIGHT).contains(weight));
    let weight =
        weight.ok_or_else(|| format!("the weight in `{text}` is not a number from 1 to {MAX_WEIGHT}"))?;
    let operation = Operation::from_str(name, false).map_err(|_| {
        let names: Vec<String> = Operation::value_variants().iter().map(Operation::to_string).collect();
        format!("`{name}` is not an operation; the operations are {}", names.join(", "))
    })?;
    Ok(Share { operation, weight })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_mix_is_displayed_as_it_is_parsed() {
        let parse = Mix::from_str;
        for text in ["hash-data", "hash-data=9,sign-data=1", "health=2,keygen=3"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        assert_eq!(parse("hash").unwrap(), Mix::single(Operation::HashData));
        assert_eq!(parse("HashData=2,Encapsulate").unwrap().to_string(), "hash-data=2,kem-encapsulate=1");
        assert_eq!(parse("hash-data,health").unwrap().to_string(), "hash-data=1,health=1");
    }

    #[test]
    fn rejects_malformed_mixes_with_the_reason() {
        for (text, reason) in [
            ("", "not an operation"),
            ("hash-date", "the operations are hash-data, sign-certificate"),
            ("hash-data=0", "from 1 to 1000"),
            ("hash-data=x", "from 1 to 1000"),
            ("hash-data=999,health=2", "sum of the weights"),
            ("health,health", "twice"),
        ] {
            let error = text.parse::<Mix>().unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
