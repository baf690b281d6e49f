//! Assignments that no honest prover makes.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    /// No signal is free: whichever is altered alone, public or private, a constraint is not satisfied.
    #[test]
    fn each_signal_that_is_altered_alone_is_noticed(payment in payment(), difference in field()) {
        let (honest, violation) = payment.witness();
        prop_assume!(violation.is_none() && difference != Fr::from(0));
        for signal in 1..honest.len() {
            let mut forged = honest.clone();
            // A bit is also exchanged for the other bit.
            for value in [honest[signal] + difference, Fr::from(1) - honest[signal]] {
                // The context's square is that of its negative, which is another context with another proof.
                if value != honest[signal] {
                    forged[signal] = value;
                    prop_assert!(unsatisfied(forged.clone()).is_some(), "{:?}", CONSTRAINTS.signals.get(signal));
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Parts of one payment do not fit the rest of another: the signals of each name come from either of two witnesses.
    #[test]
    fn parts_of_two_payments_do_not_fit(one in payment(), other in payment(), choice: u32) {
        let (one, other) = (one.witness().0, other.witness().0);
        let mut names = Vec::new();
        let mut spliced = one.clone();
        for (signal, value) in spliced.iter_mut().enumerate() {
            let name = CONSTRAINTS.signals.get(signal).unwrap().name;
            let place = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            });
            if choice >> place & 1 == 1 {
                *value = other[signal];
            }
        }
        // Nothing but the context's square depends on the context, so these two may come from another witness than the
        // rest.
        let from_other = |signal: usize| spliced[signal] == other[signal] && one[signal] != other[signal];
        let differing = (1..one.len()).filter(|signal| one[*signal] != other[*signal]);
        let (of_context, rest): (Vec<_>, Vec<_>) = differing.partition(|signal| {
            ["context", "context * context"].contains(&CONSTRAINTS.signals.get(*signal).unwrap().name)
        });
        let fits = [of_context, rest].iter().all(|signals| {
            signals.iter().all(|signal| from_other(*signal)) || !signals.iter().any(|signal| from_other(*signal))
        });
        prop_assert_eq!(unsatisfied(spliced.clone()).is_none(), fits);
    }
}
