//! The reduction of a constraint system to a quadratic arithmetic program, as circom's tools do it.
//!
//! The matrix A has one more row for the constant 1 and for each public signal, after those of the constraints, with
//! the coefficient 1, so that the public signals' polynomials are independent. The quotient polynomial is not computed:
//! the key contains the Lagrange basis over the odd coset of the domain (the shift by the primitive 2n-th root of
//! unity), for which A·B − C on that coset is all that the prover needs. arkworks' own reduction (libsnark's) divides by
//! the vanishing polynomial and uses powers of τ; its keys are therefore different.

mod domain;
pub(crate) mod lagrange;
mod root;

use zeroize::Zeroizing;

pub use self::domain::{Domain, DomainError};
pub use self::root::root_of_unity;
use crate::{
    assignment::Assignment,
    constraint_system::ConstraintSystem,
    field::TransformField,
    interrupt::{Interrupt, Interrupted},
    matrix::Matrix,
};

/// Rows and their entries that are evaluated between two questions to the [`Interrupt`]: some hundred microseconds' work.
const STEPS: usize = 1 << 13;

/// The values of A·B − C on the odd coset of `domain`, in the order of a key's `h_query`: element i belongs to the
/// (2i + 1)-th power of the primitive 2n-th root of unity. C is taken as the product of A and B on the domain, which
/// is right for every assignment that satisfies the constraints. The values tell the assignment, and are wiped.
///
/// # Errors
///
/// [`Interrupted`] if the interrupt is requested.
pub fn witness_map<F: TransformField>(
    domain: &Domain<F>,
    constraints: &ConstraintSystem<F>,
    assignment: &Assignment<F>,
    interrupt: &dyn Interrupt,
) -> Result<Zeroizing<Vec<F>>, Interrupted> {
    let values = assignment.values();
    let mut a = evaluate(domain, &constraints.a, values, interrupt)?;
    let mut b = evaluate(domain, &constraints.b, values, interrupt)?;
    let extra = a.iter_mut().skip(constraints.constraints());
    extra.zip(values.iter().take(constraints.public + 1)).for_each(|(place, value)| *place = *value);

    domain.quotient(&mut a, &mut b, interrupt)?;
    // The domain leaves descending exponents of ω, the first of which is 0.
    a.get_mut(1..).unwrap_or_default().reverse();
    Ok(a)
}

fn evaluate<F: TransformField>(
    domain: &Domain<F>,
    matrix: &Matrix<F>,
    assignment: &[F],
    interrupt: &dyn Interrupt,
) -> Result<Zeroizing<Vec<F>>, Interrupted> {
    let mut values = Zeroizing::new(vec![F::zero(); domain.size()]);
    let mut steps = STEPS;
    for (place, row) in values.iter_mut().zip(matrix.iter()) {
        steps += 1 + row.entries().len();
        if steps > STEPS {
            interrupt.check()?;
            steps = 0;
        }
        *place = row.evaluate(assignment);
    }
    Ok(values)
}
