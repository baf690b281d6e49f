//! ark-groth16 with circom's reduction, written after ark-circom (MIT or Apache-2.0).

use ark_ff::PrimeField;
use ark_groth16::{Groth16, r1cs_to_qap::R1CSToQAP};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use ark_relations::{
    gr1cs::{
        ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, R1CS_PREDICATE_LABEL, SynthesisError,
        Variable,
    },
    utils::matrix::Matrix as ReferenceMatrix,
};
use broker_prover::{
    constraint_system::ConstraintSystem,
    curve::Curve,
    key::{CircuitKey, ProvingKey, VerifyingKey},
    matrix::Matrix,
    proof::Proof,
};

/// circom's reduction in arkworks' terms.
pub(crate) struct CircomReduction;

type Map<F> = (Vec<F>, Vec<F>, Vec<F>, F, usize, usize);

impl R1CSToQAP for CircomReduction {
    fn instance_map_with_evaluation<F: PrimeField, D: EvaluationDomain<F>>(
        cs: ConstraintSystemRef<F>,
        t: &F,
    ) -> Result<Map<F>, SynthesisError> {
        let matrices = &cs.to_matrices()?[R1CS_PREDICATE_LABEL];
        let (constraints, inputs) = (cs.num_constraints(), cs.num_instance_variables());
        let domain = domain::<F>(constraints + inputs);
        let lagrange = domain.evaluate_all_lagrange_coefficients(*t);
        let variables = inputs + cs.num_witness_variables();
        let columns = |matrix: &ReferenceMatrix<F>| {
            let mut columns = vec![F::zero(); variables];
            for (row, lagrange) in matrix.iter().zip(&lagrange) {
                for (value, column) in row {
                    columns[*column] += *value * lagrange;
                }
            }
            columns
        };
        let (mut a, b, c) = (columns(&matrices[0]), columns(&matrices[1]), columns(&matrices[2]));
        for (place, lagrange) in a.iter_mut().zip(&lagrange[constraints..constraints + inputs]) {
            *place += lagrange;
        }
        let vanishing = domain.evaluate_vanishing_polynomial(*t);
        Ok((a, b, c, vanishing, variables - 1, domain.size()))
    }

    fn witness_map_from_matrices<F: PrimeField, D: EvaluationDomain<F>>(
        matrices: &[ReferenceMatrix<F>],
        inputs: usize,
        constraints: usize,
        assignment: &[F],
    ) -> Result<Vec<F>, SynthesisError> {
        let domain = domain::<F>(constraints + inputs);
        let evaluate = |matrix: &ReferenceMatrix<F>| {
            let rows =
                matrix.iter().map(|row| row.iter().map(|(value, index)| *value * assignment[*index]).sum());
            let mut values: Vec<F> = rows.collect();
            values.resize(domain.size(), F::zero());
            values
        };
        let mut a = evaluate(&matrices[0]);
        a[constraints..constraints + inputs].copy_from_slice(&assignment[..inputs]);
        let b = evaluate(&matrices[1]);
        let c = domain.mul_polynomials_in_evaluation_domain(&a, &b);

        let odd = self::domain::<F>(2 * domain.size()).element(1);
        let coset = domain.get_coset(odd).unwrap();
        let shift = |values: &Vec<F>| coset.fft(&domain.ifft(values));
        let product = domain.mul_polynomials_in_evaluation_domain(&shift(&a), &shift(&b));
        Ok(product.into_iter().zip(shift(&c)).map(|(ab, c)| ab - c).collect())
    }

    fn h_query_scalars<F: PrimeField, D: EvaluationDomain<F>>(
        max_power: usize,
        t: F,
        _: F,
        delta_inverse: F,
    ) -> Result<Vec<F>, SynthesisError> {
        let size = 2 * (max_power + 1);
        let mut scalars: Vec<F> = (0..size).map(|power| delta_inverse * t.pow([power as u64])).collect();
        domain::<F>(size).ifft_in_place(&mut scalars);
        Ok(scalars.into_iter().skip(1).step_by(2).collect())
    }
}

/// arkworks' domain with snarkjs' roots of unity, which are powers of 5 on both curves.
fn domain<F: PrimeField>(size: usize) -> Radix2EvaluationDomain<F> {
    let mut domain = Radix2EvaluationDomain::new(size).unwrap();
    domain.group_gen = F::from(5_u64).pow(F::TRACE);
    for _ in domain.log_size_of_group..F::TWO_ADICITY {
        domain.group_gen.square_in_place();
    }
    domain.group_gen_inv = domain.group_gen.inverse().unwrap();
    domain
}

/// A constraint system for arkworks' generator.
pub(crate) struct Synthesizer<'a, F>(pub(crate) &'a ConstraintSystem<F>);

impl<F: PrimeField> ConstraintSynthesizer<F> for Synthesizer<'_, F> {
    fn generate_constraints(self, cs: ConstraintSystemRef<F>) -> Result<(), SynthesisError> {
        let Self(system) = self;
        let mut variables = vec![Variable::One];
        for index in 1..system.signals {
            variables.push(if index <= system.public {
                cs.new_input_variable(|| Ok(F::zero()))?
            } else {
                cs.new_witness_variable(|| Ok(F::zero()))?
            });
        }
        let [a, b, c] = matrices(system);
        for ((a, b), c) in a.iter().zip(&b).zip(&c) {
            let combination = |row: &[(F, usize)]| {
                row.iter()
                    .fold(LinearCombination::zero(), |sum, (value, index)| sum + (*value, variables[*index]))
            };
            cs.enforce_r1cs_constraint(|| combination(a), || combination(b), || combination(c))?;
        }
        assert!(cs.has_predicate(R1CS_PREDICATE_LABEL));
        Ok(())
    }
}

/// A key in ark-groth16's types.
pub(crate) struct ReferenceKey<E: Curve> {
    pub(crate) key: ark_groth16::ProvingKey<E>,
    pub(crate) matrices: [ReferenceMatrix<E::ScalarField>; 3],
    pub(crate) public: usize,
    pub(crate) constraints: usize,
}

impl<E: Curve> ReferenceKey<E> {
    pub(crate) fn new(circuit: &CircuitKey<E>) -> Self {
        let CircuitKey { proving, constraints } = circuit;
        let verifying = &proving.verifying;
        let key = ark_groth16::ProvingKey {
            vk: ark_groth16::VerifyingKey {
                alpha_g1: verifying.alpha_g1,
                beta_g2: verifying.beta_g2,
                gamma_g2: verifying.gamma_g2,
                delta_g2: verifying.delta_g2,
                gamma_abc_g1: verifying.gamma_abc_g1.clone(),
            },
            beta_g1: proving.beta_g1,
            delta_g1: proving.delta_g1,
            a_query: proving.a_query.clone(),
            b_g1_query: proving.b_g1_query.clone(),
            b_g2_query: proving.b_g2_query.clone(),
            h_query: proving.h_query.clone(),
            l_query: proving.l_query.clone(),
        };
        let matrices = matrices(constraints);
        Self { key, matrices, public: constraints.public, constraints: constraints.constraints() }
    }

    /// ark-groth16's proof.
    pub(crate) fn prove(&self, r: E::ScalarField, s: E::ScalarField, values: &[E::ScalarField]) -> Proof<E> {
        let proof = Groth16::<E, CircomReduction>::create_proof_with_reduction_and_matrices(
            &self.key,
            r,
            s,
            &self.matrices,
            self.public + 1,
            self.constraints,
            values,
        )
        .unwrap();
        Proof { a: proof.a, b: proof.b, c: proof.c }
    }

    /// ark-groth16's verdict.
    pub(crate) fn verify(&self, proof: &Proof<E>, public: &[E::ScalarField]) -> bool {
        let prepared = ark_groth16::prepare_verifying_key(&self.key.vk);
        let proof = ark_groth16::Proof { a: proof.a, b: proof.b, c: proof.c };
        Groth16::<E, CircomReduction>::verify_proof(&prepared, &proof, public).unwrap()
    }
}

/// The proving key of ark-groth16 in our types.
pub(crate) fn from_reference<E: Curve>(key: ark_groth16::ProvingKey<E>) -> ProvingKey<E> {
    ProvingKey {
        verifying: VerifyingKey {
            alpha_g1: key.vk.alpha_g1,
            beta_g2: key.vk.beta_g2,
            gamma_g2: key.vk.gamma_g2,
            delta_g2: key.vk.delta_g2,
            gamma_abc_g1: key.vk.gamma_abc_g1,
        },
        beta_g1: key.beta_g1,
        delta_g1: key.delta_g1,
        a_query: key.a_query,
        b_g1_query: key.b_g1_query,
        b_g2_query: key.b_g2_query,
        l_query: key.l_query,
        h_query: key.h_query,
    }
}

fn matrices<F: PrimeField>(system: &ConstraintSystem<F>) -> [ReferenceMatrix<F>; 3] {
    let convert = |matrix: &Matrix<F>| {
        matrix.iter().map(|row| row.entries().map(|(column, value)| (value, column)).collect()).collect()
    };
    [convert(&system.a), convert(&system.b), convert(system.c.as_ref().unwrap())]
}
