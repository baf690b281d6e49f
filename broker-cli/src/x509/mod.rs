//! Certificates and certification requests on this machine: read without a broker, and made for tests and small setups.

pub(crate) mod build;
pub(crate) mod certificate;
pub(crate) mod der;
pub(crate) mod distinguished_name;
pub(crate) mod extension_value;
pub(crate) mod file;
pub(crate) mod general_name;
pub(crate) mod local_key;
pub(crate) mod names;
pub(crate) mod public_key;
pub(crate) mod time;
