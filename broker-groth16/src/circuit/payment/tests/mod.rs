//! What the constraints of `payment` refuse, whoever makes the witness.

mod determined;
mod forged;
mod refused;

use std::sync::LazyLock;

use ark_bn254::{Bn254, Fr};
use ark_ff::PrimeField;
use proptest::prelude::*;

use super::{DESCRIPTION, Payment};
use crate::{
    assignment::Assignment,
    circuit::{
        BuiltIn, CircuitCurve,
        builder::{NamedConstraints, Violation, WitnessBuilder},
        definition::Definition,
    },
    constraint_system::Unsatisfied,
    interrupt::Never,
};

static CONSTRAINTS: LazyLock<NamedConstraints<Fr>> =
    LazyLock::new(|| Bn254::circuit(BuiltIn::Payment).unwrap().constraints());

const MIN_AMOUNT: usize = 0;
const RECIPIENT: usize = 1;
const MAX_AGE: usize = 2;
const CURRENT_TIME: usize = 3;
const COMMITMENT: usize = 4;
const NULLIFIER: usize = 5;
const CONTEXT: usize = 6;
const AMOUNT: usize = 7;
const SENDER: usize = 8;
const PAYMENT_TIME: usize = 10;

const COMMITTED: &str =
    "commitment = Poseidon(amount, sender, recipient, transaction, paymentTime, secret, salt)";
const NULLIFIED: &str = "nullifier = Poseidon(transaction, secret)";

/// The values of the inputs, which need not be those of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Values([Fr; 13]);

impl Values {
    fn with(mut self, input: usize, value: impl Into<Fr>) -> Self {
        self.0[input] = value.into();
        self
    }

    /// The values with the commitment to them and with their nullifier.
    fn committed(self) -> Self {
        let mut values = self.0.map(Some);
        (values[COMMITMENT], values[NULLIFIER]) = (None, None);
        Payment::complete(&mut values);
        Self(values.map(Option::unwrap))
    }

    /// The values of all signals that the prover's own code makes of these, and the first violation that it notices.
    fn witness(self) -> (Vec<Fr>, Option<Violation>) {
        let (mut builder, inputs) = WitnessBuilder::new(self.0, DESCRIPTION.signals);
        Payment::constrain(&mut builder, inputs);
        let (assignment, violation) = builder.finish();
        (assignment.values().to_vec(), violation)
    }

    /// The name of the constraint at which the witness fails. The matrices must agree with the builder on it.
    fn violated(self) -> Option<&'static str> {
        let (witness, violation) = self.witness();
        assert_eq!(unsatisfied(witness), violation.map(|violation| violation.index));
        violation.map(|violation| violation.name)
    }
}

/// The first constraint that these values of all signals do not satisfy.
fn unsatisfied(signals: Vec<Fr>) -> Option<usize> {
    let assignment = Assignment::new(signals, CONSTRAINTS.system.signals).unwrap();
    match CONSTRAINTS.system.check(&assignment, &Never) {
        Ok(()) => None,
        Err(Unsatisfied::Constraint { index }) => Some(index),
        Err(other) => panic!("{other}"),
    }
}

fn constraint_name(index: usize) -> &'static str {
    CONSTRAINTS.constraints.get(index).unwrap().name
}

/// The indices of the signals of this name.
fn signals_named(name: &str) -> Vec<usize> {
    (0..CONSTRAINTS.system.signals)
        .filter(|index| CONSTRAINTS.signals.get(*index).unwrap().name == name)
        .collect()
}

fn field() -> impl Strategy<Value = Fr> {
    any::<[u8; 32]>().prop_map(|bytes| Fr::from_le_bytes_mod_order(&bytes))
}

/// Two numbers, the first of which is not the larger one.
fn ordered() -> impl Strategy<Value = (u64, u64)> {
    any::<(u64, u64)>().prop_map(|(x, y)| (x.min(y), x.max(y)))
}

/// A payment that satisfies the constraints.
fn payment() -> impl Strategy<Value = Values> {
    let fields = proptest::array::uniform6(field());
    (ordered(), ordered(), any::<u64>(), fields).prop_map(
        |((min_amount, amount), (payment_time, current_time), slack, fields)| {
            let [recipient, context, sender, transaction, secret, salt] = fields;
            let max_age = (current_time - payment_time).saturating_add(slack);
            let zero = Fr::from(0);
            let values = [
                min_amount.into(),
                recipient,
                max_age.into(),
                current_time.into(),
                zero,
                zero,
                context,
                amount.into(),
                sender,
                transaction,
                payment_time.into(),
                secret,
                salt,
            ];
            Values(values).committed()
        },
    )
}
