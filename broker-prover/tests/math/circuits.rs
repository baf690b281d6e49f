//! Synthetic circuits with assignments.

use ark_ff::{BigInteger, PrimeField};
use ark_std::{
    UniformRand,
    rand::{CryptoRng, Rng, RngCore},
};
use broker_prover::{
    assignment::Assignment, constraint_system::ConstraintSystem, interrupt::Never, matrix::Matrix,
};

/// Constraints, with values that satisfy them.
#[derive(Clone)]
pub(crate) struct Circuit<F: PrimeField> {
    pub(crate) constraints: ConstraintSystem<F>,
    pub(crate) values: Vec<F>,
}

impl<F: PrimeField> Circuit<F> {
    pub(crate) fn assignment(&self) -> Assignment<F> {
        Assignment::new(self.values.clone(), self.constraints.signals).unwrap()
    }

    pub(crate) fn public(&self) -> &[F] {
        &self.values[1..=self.constraints.public]
    }
}

type Terms<F> = Vec<(usize, F)>;

struct Builder<F> {
    public: usize,
    values: Vec<F>,
    rows: Vec<[Terms<F>; 3]>,
}

impl<F: PrimeField> Builder<F> {
    fn new(public: &[F]) -> Self {
        let values = [&[F::one()], public].concat();
        Self { public: public.len(), values, rows: Vec::new() }
    }

    fn private(&mut self, value: F) -> usize {
        self.values.push(value);
        self.values.len() - 1
    }

    fn constrain(&mut self, a: Terms<F>, b: Terms<F>, c: Terms<F>) {
        self.rows.push([a, b, c]);
    }

    fn signal(index: usize) -> Terms<F> {
        vec![(index, F::one())]
    }

    fn build(self) -> Circuit<F> {
        let matrix = |which: usize| {
            let mut matrix = Matrix::default();
            for row in &self.rows {
                for (column, value) in &row[which] {
                    matrix.push(*column as u32, *value);
                }
                matrix.end_row();
            }
            matrix
        };
        let constraints = ConstraintSystem {
            public: self.public,
            signals: self.values.len(),
            a: matrix(0),
            b: matrix(1),
            c: Some(matrix(2)),
        };
        let circuit = Circuit { constraints, values: self.values };
        circuit.constraints.check(&circuit.assignment(), &Never).unwrap();
        circuit
    }
}

/// a·b = c, with public c.
pub(crate) fn multiply<F: PrimeField>(rng: &mut (impl RngCore + CryptoRng)) -> Circuit<F> {
    let (a, b) = (F::rand(rng), F::rand(rng));
    let mut builder = Builder::new(&[a * b]);
    let (a, b) = (builder.private(a), builder.private(b));
    builder.constrain(Builder::signal(a), Builder::signal(b), Builder::signal(1));
    builder.build()
}

/// x³ = y, with public y.
pub(crate) fn cube_root<F: PrimeField>(rng: &mut (impl RngCore + CryptoRng)) -> Circuit<F> {
    let x = F::rand(rng);
    let mut builder = Builder::new(&[x * x * x]);
    let (x, square) = (builder.private(x), builder.private(x.square()));
    builder.constrain(Builder::signal(x), Builder::signal(x), Builder::signal(square));
    builder.constrain(Builder::signal(square), Builder::signal(x), Builder::signal(1));
    builder.build()
}

/// `count` constraints, each with the last two signals as factors and a sum in C; all values are random. The last
/// value is public.
pub(crate) fn chain<F: PrimeField>(count: usize, rng: &mut (impl RngCore + CryptoRng)) -> Circuit<F> {
    bits_and_chain(0, count, rng)
}

/// A circuit like `payment`: 1,150 constraints on a domain of 2,048, of which half are about bits.
pub(crate) fn payment_like<F: PrimeField>(rng: &mut (impl RngCore + CryptoRng)) -> Circuit<F> {
    bits_and_chain(640, 500, rng)
}

/// `bits` constraints of the form b·(b − 1) = 0 and one that adds 64 bits at a time, and `count` constraints of
/// [`chain`]. A circuit with comparisons and hashes, such as a payment's, has such values.
pub(crate) fn bits_and_chain<F: PrimeField>(
    bits: usize,
    count: usize,
    rng: &mut (impl RngCore + CryptoRng),
) -> Circuit<F> {
    let mut builder = Builder::new(&[F::zero()]);
    for _ in 0..bits / 64 {
        let number = rng.next_u64();
        let mut sum = Vec::new();
        let integer = F::from(number).into_bigint();
        for bit in 0..64 {
            let value = F::from(u8::from(integer.get_bit(bit)));
            let signal = builder.private(value);
            builder.constrain(Builder::signal(signal), vec![(signal, F::one()), (0, -F::one())], Vec::new());
            sum.push((signal, F::from(2).pow([bit as u64])));
        }
        let number = builder.private(F::from(number));
        builder.constrain(sum, Builder::signal(0), Builder::signal(number));
    }
    let mut before = builder.private(F::rand(rng));
    let mut last = builder.private(F::rand(rng));
    for step in 0..count {
        let value =
            (builder.values[last] + F::from(step as u64)) * (builder.values[before] - builder.values[last]);
        let next = if step + 1 == count {
            builder.values[1] = value;
            1
        } else {
            builder.private(value)
        };
        builder.constrain(
            vec![(last, F::one()), (0, F::from(step as u64))],
            vec![(before, F::one()), (last, -F::one())],
            Builder::signal(next),
        );
        (before, last) = (last, next);
    }
    builder.build()
}

/// No constraints, and no signal but the constant 1.
pub(crate) fn empty<F: PrimeField>() -> Circuit<F> {
    Builder::new(&[]).build()
}

/// A circuit without a pattern: signals that no matrix names, empty rows, equal rows, values that are often 0, 1 or −1.
pub(crate) fn random<F: PrimeField>(rng: &mut (impl RngCore + CryptoRng)) -> Circuit<F> {
    let value = |rng: &mut _| match Rng::gen_range(rng, 0..6) {
        0 => F::zero(),
        1 => F::one(),
        2 => -F::one(),
        3 => F::from(u64::rand(rng)),
        _ => F::rand(rng),
    };
    let public: Vec<F> = (0..rng.gen_range(0..4)).map(|_| value(rng)).collect();
    let mut builder = Builder::new(&public);
    for _ in 0..rng.gen_range(0..12) {
        let value = value(rng);
        builder.private(value);
    }
    for _ in 0..rng.gen_range(1..20) {
        let mut combination = || -> Terms<F> {
            let terms = rng.gen_range(0..4);
            (0..terms).map(|_| (rng.gen_range(0..builder.values.len()), value(rng))).collect()
        };
        let (a, b) = (combination(), combination());
        let sum = |terms: &Terms<F>| -> F {
            terms.iter().map(|(index, value)| builder.values[*index] * value).sum()
        };
        let product = sum(&a) * sum(&b);
        let index = rng.gen_range(0..builder.values.len());
        let c = match builder.values[index].inverse() {
            Some(inverse) => (index, product * inverse),
            None => (0, product),
        };
        builder.constrain(a, b, vec![c]);
    }
    builder.build()
}
