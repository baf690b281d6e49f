//! The circuit `payment`.
//!
//! The prover knows a payment of at least `minAmount` to `recipient`, made at most `maxAge` before `currentTime` and not
//! after it, which somebody committed to with `commitment`.

#[cfg(test)]
mod tests;

use ark_bn254::Fr;
use zeroize::Zeroizing;

use super::{
    builder::Builder,
    definition::Definition,
    description::{Description, Input, Kind, Verification, Visibility},
    gadget::{poseidon::enforce_hash, range::enforce_64_bits},
};
use crate::{
    curve::CurveName,
    linear_combination::LinearCombination,
    poseidon::{self, Inputs as _},
};

/// The prover knows the payment behind a commitment.
pub(super) struct Payment;

impl Definition<Fr, 13> for Payment {
    const INPUTS: [Input; 13] = INPUTS;
    const DESCRIPTION: Description = DESCRIPTION;

    fn complete(inputs: &mut [Option<Fr>; 13]) {
        let [_, recipient, _, _, commitment, nullifier, _, amount, sender, transaction, time, secret, salt] =
            inputs;
        if let (None, Some(transaction), Some(secret)) = (&nullifier, &transaction, &secret) {
            *nullifier = Some(poseidon::hash(&*Zeroizing::new([*transaction, *secret])));
        }
        let opening = [amount, sender, recipient, transaction, time, secret, salt];
        if commitment.is_none()
            && let [Some(a), Some(b), Some(c), Some(d), Some(e), Some(f), Some(g)] = opening
        {
            *commitment = Some(poseidon::hash(&*Zeroizing::new([*a, *b, *c, *d, *e, *f, *g])));
        }
    }

    fn constrain<B: Builder<Fr>>(builder: &mut B, inputs: [B::Combination; 13]) {
        let inputs = Zeroizing::new(inputs);
        let [
            min_amount,
            recipient,
            max_age,
            current_time,
            commitment,
            nullifier,
            context,
            amount,
            sender,
            transaction,
            payment_time,
            secret,
            salt,
        ] = &*inputs;
        enforce_64_bits(builder, "minAmount < 2^64", min_amount);
        enforce_64_bits(builder, "maxAge < 2^64", max_age);
        enforce_64_bits(builder, "currentTime < 2^64", current_time);
        enforce_64_bits(builder, "amount < 2^64", amount);
        enforce_64_bits(builder, "paymentTime < 2^64", payment_time);
        // Each of these differences of numbers below 2^64 is below 2^64 in the field if and only if it is not negative.
        let age = current_time.minus(payment_time);
        enforce_64_bits(builder, "amount >= minAmount", &amount.minus(min_amount));
        enforce_64_bits(builder, "paymentTime <= currentTime", &age);
        enforce_64_bits(builder, "currentTime - paymentTime <= maxAge", &max_age.minus(&age));
        let opening = [amount, sender, recipient, transaction, payment_time, secret, salt].map(Clone::clone);
        enforce_hash(
            builder,
            "commitment = Poseidon(amount, sender, recipient, transaction, paymentTime, secret, salt)",
            <[Fr; 7]>::parameters(),
            &*Zeroizing::new(opening),
            commitment,
        );
        enforce_hash(
            builder,
            "nullifier = Poseidon(transaction, secret)",
            <[Fr; 2]>::parameters(),
            &*Zeroizing::new([transaction, secret].map(Clone::clone)),
            nullifier,
        );
        // Nothing follows from the context. The constraint ties the proof to it, so that it proves nothing in another.
        builder.product("context * context", context, context);
    }
}

const INPUTS: [Input; 13] = [
    public("minAmount", Kind::Uint64, "the least amount that the verifier accepts"),
    public("recipient", Kind::Text, "who is paid"),
    public("maxAge", Kind::Uint64, "how long before currentTime the payment may have been made, in seconds"),
    public("currentTime", Kind::Uint64, "the time of the proof, in seconds since 1970"),
    computed(
        "commitment",
        "Poseidon(amount, sender, recipient, transaction, paymentTime, secret, salt), as the verifier knows it",
    ),
    computed("nullifier", "Poseidon(transaction, secret): the same for each proof of one payment"),
    public("context", Kind::Text, "the request for which the proof is made; it is worth nothing for another"),
    private("amount", Kind::Uint64, "the amount that was paid"),
    private("sender", Kind::Text, "who paid"),
    private("transaction", Kind::Text, "the transaction's identifier"),
    private("paymentTime", Kind::Uint64, "the time of the payment, in seconds since 1970"),
    private("secret", Kind::Field, "a random number that keeps others from computing the nullifier"),
    private("salt", Kind::Field, "a random number that hides the committed values"),
];

const DESCRIPTION: Description = Description {
    name: "payment",
    version: 1,
    statement: "the prover knows a payment of at least minAmount to recipient, at most maxAge before currentTime and not \
                after it, that opens commitment and has this nullifier",
    inputs: &INPUTS,
    verification: Verification::VerifiersOwn,
    constraints: 1134,
    signals: 1138,
    curves: &[CurveName::Bn254],
};

const fn public(name: &'static str, kind: Kind, description: &'static str) -> Input {
    Input { name, kind, visibility: Visibility::Public, optional: false, description }
}

const fn computed(name: &'static str, description: &'static str) -> Input {
    Input { name, kind: Kind::Field, visibility: Visibility::Public, optional: true, description }
}

const fn private(name: &'static str, kind: Kind, description: &'static str) -> Input {
    Input { name, kind, visibility: Visibility::Private, optional: false, description }
}
