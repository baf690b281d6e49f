//! Which operations a run calls, and how often each.

use std::fmt;

use clap::ValueEnum as _;

use super::{Operation, words::each_once};

/// Operations with their weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mix(pub(crate) Vec<Share>);

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    /// What is called.
    pub(crate) operation: Operation,
    /// How often, of all weights together.
    pub(crate) weight: u32,
}

/// The order of calls has as many entries as the weights make together.
const MOST: u32 = 1000;

impl Mix {
    /// One operation and nothing else.
    pub(crate) fn of(operation: Operation) -> Self {
        Self(vec![Share { operation, weight: 1 }])
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = self.0.as_slice() {
            return write!(f, "{}", only.operation);
        }
        for (number, share) in self.0.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            write!(f, "{comma}{}={}", share.operation, share.weight)?;
        }
        Ok(())
    }
}

/// `hash-data`, or `hash-data=9,sign-data=1`.
pub(super) fn parse(text: &str) -> Result<Mix, String> {
    let shares = text.split(',').map(share).collect::<Result<Vec<_>, _>>()?;
    if shares.iter().map(|share| share.weight).sum::<u32>() > MOST {
        return Err(format!("the weights make more than {MOST} together"));
    }
    let operations: Vec<Operation> = shares.iter().map(|share| share.operation).collect();
    each_once(&operations)?;
    Ok(Mix(shares))
}

fn share(text: &str) -> Result<Share, String> {
    let (name, weight) = text.split_once('=').unwrap_or((text, "1"));
    let weight = weight.parse().ok().filter(|weight| (1..=MOST).contains(weight));
    let weight = weight.ok_or_else(|| format!("the weight in `{text}` is no number from 1 to {MOST}"))?;
    let operation = Operation::from_str(name, false).map_err(|_| {
        let names: Vec<String> = Operation::value_variants().iter().map(Operation::to_string).collect();
        format!("`{name}` is no operation; there are {}", names.join(", "))
    })?;
    Ok(Share { operation, weight })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_mix_reads_as_it_is_written() {
        for text in ["hash-data", "hash-data=9,sign-data=1", "health=2,keygen=3"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        assert_eq!(parse("hash").unwrap(), Mix::of(Operation::HashData));
        assert_eq!(parse("HashData=2,Encapsulate").unwrap().to_string(), "hash-data=2,kem-encapsulate=1");
        assert_eq!(parse("hash-data,health").unwrap().to_string(), "hash-data=1,health=1");
    }

    #[test]
    fn mistakes_are_named() {
        for (text, word) in [
            ("", "no operation"),
            ("hash-date", "there are hash-data, sign-certificate"),
            ("hash-data=0", "from 1 to 1000"),
            ("hash-data=x", "from 1 to 1000"),
            ("hash-data=999,health=2", "together"),
            ("health,health", "twice"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
