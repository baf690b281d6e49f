//! What is verified: the public signals of a proof, and who supplies them.
//!
//! A proof says only that its public signals fit together, and the prover chose them. Those of `multiply` and `cube_root`
//! are verified as given. A payment is verified against the **verifier's** own amount, recipient, commitment and context
//! ([`Expectation`]); from the prover come the time and the nullifier alone, and the time must be near the verifier's.
//!
//! What is not proven: that `sender` is who it says, or ever paid, since anybody can make a commitment; whether that is
//! so, the verifier must know from where it has the commitment. Nor that the proof is the first one: whoever must not
//! accept a payment twice records the nullifiers ([`Statement::nullifier`]).

use ark_bn254::Fr;
use ark_ff::PrimeField;

use super::{
    built_in::Circuit,
    description::{Input, Kind, Verification, Visibility},
    inputs::{InputError, NamedValues, Value},
};
use crate::text;

/// The public signals of a circuit whose statement is verified as given.
///
/// # Errors
///
/// [`StatementError`] if the circuit's statement is not verified as given, if there are not exactly as many values as
/// public signals, or if a value is refused.
pub fn as_given<F: PrimeField>(circuit: &Circuit<F>, values: &[Value<'_>]) -> Result<Vec<F>, StatementError> {
    let description = circuit.description();
    if description.verification != Verification::AsGiven {
        return Err(StatementError::VerifiersOwn { circuit: description.name });
    }
    let expected = description.public().count();
    if values.len() != expected {
        return Err(StatementError::Count { expected, found: values.len() });
    }
    let field = |(input, value): (&Input, &Value<'_>)| {
        value.to_field(input.name, input.kind, circuit.text).map_err(StatementError::from)
    };
    description.public().zip(values).map(field).collect()
}

/// The verifier's own values for a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The least amount that is accepted.
    pub min_amount: u64,
    /// Who must have been paid.
    pub recipient: Fr,
    /// How long before the proof's time the payment may have been made, in seconds.
    pub max_age: u64,
    /// The commitment to the payment.
    pub commitment: Fr,
    /// The request for which the proof must have been made.
    pub context: Fr,
    /// The verifier's time, in seconds since 1970-01-01T00:00:00Z.
    pub now: u64,
    /// How far the proof's time may be from `now`, before or after it, in seconds.
    pub skew: u64,
}

impl Expectation {
    /// The names that [`Expectation::parse`] takes.
    pub const INPUTS: &[Input] = &[
        uint64("minAmount", "the least amount that is accepted"),
        required("recipient", Kind::Text, "who must have been paid"),
        uint64("maxAge", "how long before the proof's time the payment may have been made, in seconds"),
        required("commitment", Kind::Field, "the commitment to the payment"),
        required("context", Kind::Text, "the request for which the proof must have been made"),
        optional("now", "the verifier's time, in seconds since 1970"),
        optional("skew", "how far the proof's time may be from now, in seconds"),
    ];

    /// Reads the values by name. `now` and `skew` count for those of these names that are not given.
    ///
    /// # Errors
    ///
    /// [`StatementError::FromProver`] for the names of the prover's values, and [`StatementError::Input`] for unknown,
    /// repeated and missing names, and for values that are refused.
    pub fn parse<'a>(
        given: impl IntoIterator<Item = (&'a str, Value<'a>)>,
        now: u64,
        skew: u64,
    ) -> Result<Self, StatementError> {
        let mut values = NamedValues::new(PAYMENT, Self::INPUTS, Some(text::to_field));
        for (name, value) in given {
            if let Some(name) = FROM_PROVER.into_iter().find(|own| *own == name) {
                return Err(StatementError::FromProver { name });
            }
            values.set(name, value)?;
        }
        match *values.get()? {
            [
                Some(min),
                Some(recipient),
                Some(max_age),
                Some(commitment),
                Some(context),
                given_now,
                given_skew,
            ] => Ok(Self {
                min_amount: to_u64(min),
                recipient,
                max_age: to_u64(max_age),
                commitment,
                context,
                now: given_now.map_or(now, to_u64),
                skew: given_skew.map_or(skew, to_u64),
            }),
            // `get` has already named what is missing.
            _ => Err(InputError::Missing { name: PAYMENT }.into()),
        }
    }

    /// The statement of a proof with these values by the prover.
    ///
    /// # Errors
    ///
    /// [`StatementError::Input`] for values that are refused, and [`StatementError::Skew`] if the proof's time is further
    /// from the verifier's than the skew.
    pub fn statement(
        &self,
        current_time: Value<'_>,
        nullifier: Value<'_>,
    ) -> Result<Statement, StatementError> {
        let [time, name] = FROM_PROVER;
        let current_time: Fr = current_time.to_field(time, Kind::Uint64, None)?;
        let nullifier: Fr = nullifier.to_field(name, Kind::Field, None)?;
        if to_u64(current_time).abs_diff(self.now) > self.skew {
            let (current_time, now, skew) = (to_u64(current_time), self.now, self.skew);
            return Err(StatementError::Skew { current_time, now, skew });
        }
        let public = [
            self.min_amount.into(),
            self.recipient,
            self.max_age.into(),
            current_time,
            self.commitment,
            nullifier,
            self.context,
        ];
        Ok(Statement { public, nullifier })
    }
}

/// A statement on a payment, which a proof may prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The public signals.
    pub public: [Fr; 7],
    /// What tells this payment from all others, once the proof is verified. Whoever must not accept a payment twice
    /// records it.
    pub nullifier: Fr,
}

/// The circuit's name.
const PAYMENT: &str = "payment";

/// The public signals of `payment` that come from the prover.
const FROM_PROVER: [&str; 2] = ["currentTime", "nullifier"];

/// The value of an input of the kind [`Kind::Uint64`].
fn to_u64(value: Fr) -> u64 {
    value.into_bigint().as_ref().first().copied().unwrap_or_default()
}

const fn required(name: &'static str, kind: Kind, description: &'static str) -> Input {
    Input { name, kind, visibility: Visibility::Public, optional: false, description }
}

const fn uint64(name: &'static str, description: &'static str) -> Input {
    required(name, Kind::Uint64, description)
}

const fn optional(name: &'static str, description: &'static str) -> Input {
    Input { optional: true, ..uint64(name, description) }
}

/// Why there is no statement to verify.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// A value is missing or refused.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The circuit's statement must be the verifier's own.
    #[error(
        "a proof of the circuit `{circuit}` is verified against the verifier's own values, and not as given"
    )]
    VerifiersOwn {
        /// The circuit's name.
        circuit: &'static str,
    },
    /// The number of public signals is wrong.
    #[error("{found} public signals are given, and the circuit has {expected}")]
    Count {
        /// The circuit's number of public signals.
        expected: usize,
        /// The number of values.
        found: usize,
    },
    /// The verifier cannot expect what the prover chooses.
    #[error("`{name}` comes from the prover and cannot be expected")]
    FromProver {
        /// The name.
        name: &'static str,
    },
    /// The proof's time is too far from the verifier's.
    #[error("`currentTime` is {current_time}, which is more than {skew} s from the verifier's time {now}")]
    Skew {
        /// The proof's time.
        current_time: u64,
        /// The verifier's time.
        now: u64,
        /// The difference that is allowed, in seconds.
        skew: u64,
    },
}

#[cfg(test)]
mod tests {
    use ark_bn254::Bn254;

    use super::*;
    use crate::circuit::{BuiltIn, CircuitCurve};

    const EXPECTED: [(&str, &str); 5] = [
        ("minAmount", "100"),
        ("recipient", "text:shop"),
        ("maxAge", "60"),
        ("commitment", "7"),
        ("context", "hex:00ff"),
    ];

    fn parse(more: &[(&'static str, &'static str)]) -> Result<Expectation, StatementError> {
        let given = EXPECTED.iter().chain(more).map(|(name, value)| (*name, Value::from(*value)));
        Expectation::parse(given, 1000, 30)
    }

    fn public(values: &[Value<'_>], circuit: BuiltIn) -> Result<Vec<Fr>, StatementError> {
        as_given(&Bn254::circuit(circuit).unwrap(), values)
    }

    #[test]
    fn the_signals_are_the_verifiers_own_but_for_two() {
        let expectation = parse(&[]).unwrap();
        let statement = expectation.statement(Value::from("1030"), Value::from("8")).unwrap();
        let (shop, context) = (text::to_field(b"shop"), text::to_field(&[0, 0xff]));
        let [min, max_age, time, commitment, nullifier] = [100_u64, 60, 1030, 7, 8].map(Fr::from);
        assert_eq!(statement.public, [min, shop, max_age, time, commitment, nullifier, context]);
        assert_eq!(statement.nullifier, nullifier);
    }

    /// The order is that of the circuit, and each value that is not from the prover is expected.
    #[test]
    fn all_public_signals_are_covered() {
        let public: Vec<_> = BuiltIn::Payment.description().public().collect();
        let own: Vec<_> = public.iter().filter(|input| !FROM_PROVER.contains(&input.name)).collect();
        assert_eq!(own.len() + FROM_PROVER.len(), public.len());
        assert_eq!(BuiltIn::Payment.description().name, PAYMENT);
        for (own, expected) in own.iter().zip(Expectation::INPUTS) {
            assert_eq!((own.name, own.kind), (expected.name, expected.kind));
        }
    }

    #[test]
    fn the_proofs_time_is_within_the_skew() {
        let at = |time: &str, more: &[_]| {
            parse(more)
                .unwrap()
                .statement(Value::from(time), Value::from("8"))
                .map(|statement| statement.public[3])
        };
        for time in ["970", "1000", "1030"] {
            assert_eq!(at(time, &[]), Ok(field(time)));
        }
        for (time, current_time) in
            [("969", 969), ("1031", 1031), ("0", 0), ("18446744073709551615", u64::MAX)]
        {
            assert_eq!(at(time, &[]), Err(StatementError::Skew { current_time, now: 1000, skew: 30 }));
        }
        assert_eq!(at("1", &[("now", "0"), ("skew", "1")]), Ok(field("1")));
        assert_eq!(
            at("1", &[("now", "0"), ("skew", "0")]).unwrap_err().to_string(),
            "`currentTime` is 1, which is more than 0 s from the verifier's time 0"
        );
        assert_eq!(
            at("18446744073709551616", &[]),
            Err(InputError::OutOfRange { name: "currentTime", kind: Kind::Uint64 }.into())
        );
    }

    #[test]
    fn an_expectation_is_complete_and_has_nothing_of_the_prover() {
        for (left_out, _) in EXPECTED {
            let given = EXPECTED.into_iter().filter(|(name, _)| *name != left_out);
            let given = given.map(|(name, value)| (name, Value::from(value)));
            let missing = InputError::Missing { name: left_out };
            assert_eq!(Expectation::parse(given, 1000, 30), Err(missing.into()));
        }
        for name in FROM_PROVER {
            assert_eq!(parse(&[(name, "1")]), Err(StatementError::FromProver { name }));
        }
        assert_eq!(parse(&[("maxAge", "60")]), Err(InputError::Duplicate { name: "maxAge" }.into()));
        assert_eq!(
            parse(&[("salt", "60")]).unwrap_err().to_string(),
            "the circuit `payment` has no input `salt`, but minAmount, recipient, maxAge, commitment, context, now, skew"
        );
        let nullifier = parse(&[]).unwrap().statement(Value::from("1000"), Value::from("text:8"));
        assert_eq!(nullifier, Err(InputError::NotText { name: "nullifier" }.into()));
    }

    #[test]
    fn other_circuits_take_exactly_their_public_signals() {
        let [value, sign] = ["33", "-1"].map(Value::from);
        assert_eq!(public(&[value], BuiltIn::Multiply), Ok(vec![33.into()]));
        assert_eq!(public(&[], BuiltIn::Multiply), Err(StatementError::Count { expected: 1, found: 0 }));
        assert_eq!(
            public(&[value; 2], BuiltIn::CubeRoot),
            Err(StatementError::Count { expected: 1, found: 2 })
        );
        assert_eq!(public(&[sign], BuiltIn::Multiply), Err(InputError::NotANumber { name: "c" }.into()));
        assert_eq!(
            public(&[value; 7], BuiltIn::Payment),
            Err(StatementError::VerifiersOwn { circuit: "payment" })
        );
    }

    fn field(number: &str) -> Fr {
        crate::field::parse(number).unwrap()
    }
}
