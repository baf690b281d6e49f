//! Do it. Every function here takes a [`crate::policy::Permit`] by value.

pub mod certificate;
pub mod hash;
