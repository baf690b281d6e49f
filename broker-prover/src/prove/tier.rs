//! The choice of a prover.

use std::sync::Arc;

use super::{
    Arkworks, Buckets, Estimate, Prover, ProverError, ShiftedBuckets, Tables,
    arkworks::G1_CHUNK,
    estimate::{Effort, Sizes},
};
use crate::{curve::Curve, interrupt::Interrupt, kernel::Kernel, key::CircuitKey, qap::Domain};

/// The widths of tables' windows that are tried, from the fastest.
const WIDTHS: [u32; 5] = [8, 7, 6, 5, 4];

/// The numbers of copies that are tried, from the fastest. There are never more than 64 windows in use.
const COPIES: [usize; 6] = [64, 32, 16, 8, 4, 2];

/// The largest evaluation domain for which bases are shifted. The copies cost about 60 us for each base of G1 and three
/// times as much in G2, which is 2 to 3 seconds here, and the gain over buckets without copies shrinks with the size.
const SHIFTED_DOMAIN: usize = 1 << 13;

/// Which prover a key has. [`Tier::choose`] chooses one, and [`Tier::prover`] makes it.
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
    /// The fastest tier for `key` whose tables and copies take `budget` bytes or less. With a budget of 0 it is
    /// [`Tier::Buckets`]. The roots of unity, which every prover keeps, are not counted.
    ///
    /// The choice depends on the key, the budget and the kernel alone, so it is the same at each start on one machine.
    #[must_use]
    pub fn choose<E: Curve>(key: &CircuitKey<E>, budget: usize, kernel: Kernel) -> Self {
        let sizes = Sizes::new(key, kernel);
        let fits = |tier: &Self| tier.kept::<E>(&sizes) <= budget;
        let tables = WIDTHS.map(|width| Self::Tables { width }).into_iter().find(fits);
        let shifted = COPIES.map(|copies| Self::Shifted { copies }).into_iter().find(fits);
        let shifted = shifted.filter(|_| key.constraints.domain_size() <= SHIFTED_DOMAIN);
        let tiers = [tables, shifted].into_iter().flatten();
        tiers.chain([Self::Buckets]).min_by_key(|tier| tier.effort::<E>(&sizes)).unwrap_or(Self::Buckets)
    }

    /// The memory that the tier's prover for `key` will keep beside it, in bytes, before the prover is made:
    /// [`Prover::bytes`], or a little more.
    #[must_use]
    pub fn bytes<E: Curve>(self, key: &CircuitKey<E>, kernel: Kernel) -> usize {
        let domain = Domain::<E::ScalarField>::bytes_for(key.constraints.domain_size());
        self.kept::<E>(&Sizes::new(key, kernel)).saturating_add(domain)
    }

    /// What a proof by the tier's prover for `key` takes: [`Prover::estimate`], before the prover is made.
    #[must_use]
    pub fn estimate<E: Curve>(self, key: &CircuitKey<E>, kernel: Kernel) -> Estimate {
        self.effort::<E>(&Sizes::new(key, kernel)).estimate::<E>()
    }

    /// The prover for `key`. For tables and copies it takes from milliseconds to a few seconds, and can be interrupted.
    ///
    /// # Errors
    ///
    /// [`ProverError`] if the parts of the key do not belong together, the field has no evaluation domain for it, or the
    /// interrupt is requested.
    pub fn prover<E: Curve>(
        self,
        key: &Arc<CircuitKey<E>>,
        kernel: Kernel,
        interrupt: &dyn Interrupt,
    ) -> Result<Box<dyn Prover<E>>, ProverError> {
        let key = Arc::clone(key);
        Ok(match self {
            Self::Arkworks => Box::new(Arkworks::new(key)?),
            Self::Tables { width } => Box::new(Tables::new(key, width, kernel, interrupt)?),
            Self::Shifted { copies } => Box::new(ShiftedBuckets::new(key, copies, kernel, interrupt)?),
            Self::Buckets => Box::new(Buckets::new(key, kernel)?),
        })
    }

    /// The memory for tables and copies, in bytes.
    fn kept<E: Curve>(self, sizes: &Sizes) -> usize {
        match self {
            Self::Arkworks | Self::Buckets => 0,
            Self::Tables { width } => Tables::<E>::bytes_for(sizes, width),
            Self::Shifted { copies } => ShiftedBuckets::<E>::bytes_for(sizes, copies),
        }
    }

    fn effort<E: Curve>(self, sizes: &Sizes) -> Effort {
        match self {
            Self::Arkworks => Effort::of_arkworks::<E>(&sizes.portable(), G1_CHUNK),
            Self::Tables { width } => Effort::of_tables::<E>(sizes, width, Tables::<E>::expands(sizes)),
            Self::Shifted { copies } => Effort::of_buckets::<E>(sizes, copies),
            Self::Buckets => Effort::of_buckets::<E>(sizes, 1),
        }
    }
}
