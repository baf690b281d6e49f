//! Keys, certificates and requests that the scenarios use: see `material/README.md`.

/// What belongs to one key, all in PEM.
pub(super) struct Material {
    /// PKCS#8.
    pub(super) key: &'static str,
    /// Of a CA with this key.
    pub(super) certificate: &'static str,
    /// PKCS#10, of a subject with this key.
    pub(super) csr: &'static str,
}

macro_rules! material {
    ($($(#[$doc:meta])* $name:ident: $file:literal;)+) => {$(
        $(#[$doc])*
        pub(super) const $name: Material = Material {
            key: include_str!(concat!("../../material/", $file, ".key")),
            certificate: include_str!(concat!("../../material/", $file, ".pem")),
            csr: include_str!(concat!("../../material/", $file, ".csr")),
        };
    )+};
}

material! {
    P256: "p256";
    P384: "p384";
    P521: "p521";
    RSA_4096: "rsa-4096";
    ED25519: "ed25519";
}
