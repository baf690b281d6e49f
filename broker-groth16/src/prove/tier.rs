//! The choice of a prover.

use std::sync::Arc;

use super::{Arkworks, Buckets, Prover, ProverError, ShiftedBuckets, Tables, buckets::DELTA_WIDTH, finish};
use crate::{
    curve::Curve,
    interrupt::Interrupt,
    key::{CircuitKey, ProvingKey},
    scalar_mul::{Cut, FixedBase, Shifted, Windows},
};
use ark_ff::PrimeField;

/// The widths of tables' windows that are tried, from the fastest.
const WIDTHS: [u32; 5] = [8, 7, 6, 5, 4];

/// The numbers of copies that are tried, from the fastest. There are never more than 64 windows in use.
const COPIES: [usize; 6] = [64, 32, 16, 8, 4, 2];

/// Multiplications for an addition from a table. It is more than in a bucket, because tables are larger than caches.
const TABLE_ADDITION: usize = 8;

/// What a G2 addition takes, in G1 additions.
const G2: usize = 3;

/// The largest evaluation domain for which bases are shifted. The copies cost about 60 us for each base of G1 and three
/// times as much in G2, which is 2 seconds here.
const SHIFTED_DOMAIN: usize = 1 << 14;

/// Which prover a key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// The reference, [`Arkworks`].
    Arkworks,
    /// [`Tables`] with windows of `width` bits.
    Tables {
        /// From 1 to 16.
        width: u32,
    },
    /// [`ShiftedBuckets`] with up to `copies` copies of each base.
    Shifted {
        /// As many as there are windows at most.
        copies: usize,
    },
    /// [`Buckets`].
    Buckets,
}

impl Tier {
    /// The fastest tier for `key` whose tables and copies take `budget` bytes or less.
    #[must_use]
    pub fn choose<E: Curve>(key: &CircuitKey<E>, budget: usize) -> Self {
        let sizes = Sizes::new(&key.proving);
        let fits = |tier: &Self| tier.bytes::<E>(key, &sizes) <= budget;
        let tables = WIDTHS.map(|width| Self::Tables { width }).into_iter().find(fits);
        let shifted = COPIES.map(|copies| Self::Shifted { copies }).into_iter().find(fits);
        let shifted = shifted.filter(|_| key.constraints.domain_size() <= SHIFTED_DOMAIN);
        let tiers = [tables, shifted, Some(Self::Buckets), Some(Self::Arkworks)].into_iter().flatten();
        tiers.min_by_key(|tier| tier.cost::<E>(&sizes)).unwrap_or(Self::Buckets)
    }

    /// The prover for `key`.
    ///
    /// # Errors
    ///
    /// [`ProverError`].
    pub fn prover<E: Curve>(
        self,
        key: &Arc<CircuitKey<E>>,
        interrupt: &dyn Interrupt,
    ) -> Result<Box<dyn Prover<E>>, ProverError> {
        let key = Arc::clone(key);
        Ok(match self {
            Self::Arkworks => Box::new(Arkworks::new(key)?),
            Self::Tables { width } => Box::new(Tables::new(key, width, interrupt)?),
            Self::Shifted { copies } => Box::new(ShiftedBuckets::new(key, copies, interrupt)?),
            Self::Buckets => Box::new(Buckets::new(key)?),
        })
    }

    /// The memory for tables and copies, in bytes.
    fn bytes<E: Curve>(self, key: &CircuitKey<E>, sizes: &Sizes) -> usize {
        match self {
            Self::Arkworks | Self::Buckets => 0,
            Self::Tables { width } => Tables::bytes_for(key, width),
            Self::Shifted { copies } => {
                let g1 = sizes.g1.map(|bases| Shifted::<E::G1>::bytes_for(bases, copies));
                g1.into_iter()
                    .sum::<usize>()
                    .saturating_add(Shifted::<E::G2>::bytes_for(sizes.g2, copies))
                    .saturating_add(FixedBase::<E::G1>::bytes_for(DELTA_WIDTH))
                    .saturating_add(FixedBase::<E::G2>::bytes_for(DELTA_WIDTH))
            }
        }
    }

    /// The cost of a proof with random values, in multiplications of the base field of G1.
    fn cost<E: Curve>(self, sizes: &Sizes) -> usize {
        let cost = |each: &dyn Fn(usize) -> usize| {
            let g1: usize = sizes.g1.iter().map(|bases| each(*bases)).sum();
            g1.saturating_add(each(sizes.g2).saturating_mul(G2))
        };
        match self {
            Self::Arkworks => cost(&arkworks_cost::<E>),
            Self::Tables { width } => {
                let windows = Windows::new::<E::ScalarField>(width).count();
                cost(&|bases| bases.saturating_mul(windows).saturating_mul(TABLE_ADDITION))
            }
            Self::Shifted { copies } => {
                cost(&|bases| Cut::choose::<E::ScalarField>(bases, copies).cost(bases))
            }
            Self::Buckets => cost(&|bases| Cut::choose::<E::ScalarField>(bases, 1).cost(bases)),
        }
    }
}

/// The cost of arkworks' multi-scalar multiplication, by its own choice of windows.
fn arkworks_cost<E: Curve>(bases: usize) -> usize {
    let width = if bases < 32 { 3 } else { bases.ilog2() * 69 / 100 + 2 };
    let windows = E::ScalarField::MODULUS_BIT_SIZE.div_ceil(width) as usize;
    let each = bases.saturating_mul(10).saturating_add(24 << (width - 1));
    each.saturating_mul(windows)
}

/// The numbers of bases that are not at infinity.
struct Sizes {
    /// A, B, and L and H together.
    g1: [usize; 3],
    /// B.
    g2: usize,
}

impl Sizes {
    fn new<E: Curve>(key: &ProvingKey<E>) -> Self {
        let c = finish::finite(&key.l_query) + finish::finite(&key.h_query);
        Self {
            g1: [finish::finite(&key.a_query), finish::finite(&key.b_g1_query), c],
            g2: finish::finite(&key.b_g2_query),
        }
    }
}
