//! May it? A profile document becomes typed rules that cannot be wrong; a parsed request and its profile become a
//! [`Permit`] or a [`Denial`].

pub mod catalogue;
pub mod decide;
pub mod document;
pub mod permit;
pub mod profile;

pub use catalogue::Catalogue;
pub use decide::{Denial, DenialKind};
pub use permit::Permit;
