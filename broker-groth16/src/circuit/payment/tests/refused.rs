//! Payments that are not what the verifier asks for. Each property holds for 1,000 random payments.

use ark_ff::AdditiveGroup;

use super::*;

/// The distance of a number from a bound, often none.
fn step() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), any::<u64>()]
}

/// A number from 2^64 on.
fn beyond(step: u64) -> Fr {
    Fr::from((1 << 64) + u128::from(step))
}

/// r − x for an x from 1 on.
fn negative(step: u64) -> Fr {
    -Fr::from(1 + u128::from(step))
}

/// Asserts that the witness is refused at the constraints of this name, and also if the signals that the constraints
/// compare are chosen by somebody who wants it to pass.
fn assert_refused(values: Values, name: &str, choice: u64) {
    assert_eq!(values.violated(), Some(name));
    let (honest, _) = values.witness();
    let bits = signals_named(name);

    let mut any_bits = honest.clone();
    for (place, bit) in bits.iter().enumerate() {
        any_bits[*bit] = Fr::from(choice >> (place % 64) & 1);
    }
    assert_eq!(unsatisfied(any_bits).map(constraint_name), Some(name), "with bits of its own choice");

    // The bits add up to the value, so the last constraint holds, and one of them is not a bit.
    let last = (0..CONSTRAINTS.system.constraints()).rfind(|index| constraint_name(*index) == name).unwrap();
    let mut fitting = honest;
    let row = CONSTRAINTS.system.a.iter().nth(last).unwrap();
    let missing = row.evaluate(&fitting);
    fitting[bits[0]] += missing;
    assert_eq!(row.evaluate(&fitting), Fr::ZERO);
    assert_eq!(unsatisfied(fitting).map(constraint_name), Some(name), "with bits that are not");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn payments_are_accepted(payment in payment()) {
        prop_assert_eq!(payment.violated(), None);
    }

    #[test]
    fn underpayments_are_refused(payment in payment(), (x, y) in ordered(), bits: u64) {
        prop_assume!(x < y);
        let payment = payment.with(AMOUNT, x).with(MIN_AMOUNT, y).committed();
        assert_refused(payment, "amount >= minAmount", bits);
    }

    #[test]
    fn payments_in_the_future_are_refused(payment in payment(), (x, y) in ordered(), bits: u64) {
        prop_assume!(x < y);
        let payment = payment.with(CURRENT_TIME, x).with(PAYMENT_TIME, y).committed();
        assert_refused(payment, "paymentTime <= currentTime", bits);
    }

    #[test]
    fn payments_that_are_too_old_are_refused(payment in payment(), (x, y) in ordered(), less: u64, bits: u64) {
        prop_assume!(x < y);
        let payment = payment.with(PAYMENT_TIME, x).with(CURRENT_TIME, y).committed();
        assert_refused(payment.with(MAX_AGE, less % (y - x)), "currentTime - paymentTime <= maxAge", bits);
    }

    #[test]
    fn amounts_from_2_to_the_64_on_are_refused(payment in payment(), step in step(), bits: u64) {
        let payment = payment.with(AMOUNT, beyond(step)).committed();
        assert_refused(payment, "amount < 2^64", bits);
    }

    #[test]
    fn negative_amounts_are_refused(payment in payment(), step in step(), bits: u64) {
        let payment = payment.with(AMOUNT, negative(step)).committed();
        assert_refused(payment, "amount < 2^64", bits);
    }

    #[test]
    fn other_numbers_beyond_64_bits_are_refused(
        payment in payment(), place in 0..4_usize, step in step(), sign: bool, bits: u64
    ) {
        let (input, name) = [
            (MIN_AMOUNT, "minAmount < 2^64"),
            (MAX_AGE, "maxAge < 2^64"),
            (CURRENT_TIME, "currentTime < 2^64"),
            (PAYMENT_TIME, "paymentTime < 2^64"),
        ][place];
        let value = if sign { negative(step) } else { beyond(step) };
        assert_refused(payment.with(input, value).committed(), name, bits);
    }

    #[test]
    fn other_commitments_are_refused(payment in payment(), other in field()) {
        prop_assume!(other != payment.0[COMMITMENT]);
        prop_assert_eq!(payment.with(COMMITMENT, other).violated(), Some(COMMITTED));
    }

    #[test]
    fn other_nullifiers_are_refused(payment in payment(), other in field()) {
        prop_assume!(other != payment.0[NULLIFIER]);
        prop_assert_eq!(payment.with(NULLIFIER, other).violated(), Some(NULLIFIED));
    }

    #[test]
    fn other_recipients_are_refused(payment in payment(), other in field()) {
        prop_assume!(other != payment.0[RECIPIENT]);
        prop_assert_eq!(payment.with(RECIPIENT, other).violated(), Some(COMMITTED));
    }

    #[test]
    fn other_senders_are_refused(payment in payment(), other in field()) {
        prop_assume!(other != payment.0[SENDER]);
        prop_assert_eq!(payment.with(SENDER, other).violated(), Some(COMMITTED));
    }

    /// The witness of one context is no witness of another. Whoever has a proof has not even the witness.
    #[test]
    fn other_contexts_are_refused(payment in payment(), other in field()) {
        let (mut witness, _) = payment.witness();
        let context = payment.0[CONTEXT];
        prop_assume!(other != context && other != -context);
        witness[1 + CONTEXT] = other;
        prop_assert_eq!(unsatisfied(witness).map(constraint_name), Some("context * context"));
    }

    /// The amount of another payment does not pass under a commitment to a small one.
    #[test]
    fn amounts_that_were_not_committed_to_are_refused(payment in payment(), (small, large) in ordered()) {
        prop_assume!(small < large);
        let committed = payment.with(AMOUNT, small).with(MIN_AMOUNT, large).committed();
        prop_assert_eq!(committed.with(AMOUNT, large).violated(), Some(COMMITTED));
    }
}

#[test]
fn the_bounds_themselves_are_accepted() {
    let zero = Values([Fr::ZERO; 13]).committed();
    assert_eq!(zero.violated(), None);
    for input in [AMOUNT, MAX_AGE, CURRENT_TIME] {
        let values = zero.with(input, u64::MAX).with(MAX_AGE, u64::MAX).committed();
        assert_eq!(values.violated(), None, "{input}");
    }
    let most = zero.with(AMOUNT, u64::MAX).with(MIN_AMOUNT, u64::MAX);
    let most = most.with(CURRENT_TIME, u64::MAX).with(PAYMENT_TIME, u64::MAX).committed();
    assert_eq!(most.violated(), None);
    let beyond = most.with(AMOUNT, Fr::from(1_u128 << 64)).committed();
    assert_eq!(beyond.violated(), Some("amount < 2^64"));
}

/// A number that is often near a bound, and its value as an integer, if it is below 2^65.
fn near_a_bound() -> impl Strategy<Value = (Fr, Option<u128>)> {
    let near = |bound: u128| (0..3_u128).prop_map(move |step| bound + step);
    let small = prop_oneof![near(0), near((1 << 63) - 1), near((1 << 64) - 2), near((1 << 64) - 1)];
    prop_oneof![
        4 => small.prop_map(|value| (Fr::from(value), Some(value))),
        2 => any::<u64>().prop_map(|value| (Fr::from(value), Some(value.into()))),
        1 => (1..4_u64).prop_map(|value| (-Fr::from(value), None)),
        1 => field().prop_filter("small", |value| *value > Fr::from(1_u128 << 65)).prop_map(|value| (value, None)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// The constraints hold exactly if the statement is true of the integers.
    #[test]
    fn the_constraints_are_the_statement(
        payment in payment(),
        [min_amount, amount, max_age, payment_time, current_time] in proptest::array::uniform5(near_a_bound()),
    ) {
        let values = payment
            .with(MIN_AMOUNT, min_amount.0)
            .with(AMOUNT, amount.0)
            .with(MAX_AGE, max_age.0)
            .with(PAYMENT_TIME, payment_time.0)
            .with(CURRENT_TIME, current_time.0)
            .committed();
        let number = |(_, value): (Fr, Option<u128>)| value.filter(|value| *value < 1 << 64);
        let statement = || {
            let age = number(current_time)?.checked_sub(number(payment_time)?)?;
            Some(number(amount)? >= number(min_amount)? && age <= number(max_age)?)
        };
        prop_assert_eq!(values.violated().is_none(), statement() == Some(true));
    }
}
