//! May it? A profile document becomes typed rules that cannot be wrong; a parsed request and its profile become a
//! [`Permit`] or a [`Denial`].

mod aead;
mod canonical;
mod capabilities;
pub mod catalogue;
mod check;
pub mod decide;
mod denial;
pub mod document;
mod explain;
mod facts;
mod kem;
mod names;
pub mod permit;
pub mod profile;
mod signature;

pub use capabilities::{Capabilities, Need, Objection};
pub use catalogue::Catalogue;
pub use denial::{Denial, DenialKind};
pub use document::{DocumentError, Mistake};
pub use explain::explain;
pub use facts::{CaFacts, Facts};
pub use permit::Permit;
