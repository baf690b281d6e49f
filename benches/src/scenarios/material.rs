//! Keys, certificates and requests that the scenarios use: see `material/README.md`.

/// A key with its certificate and request, all in PEM.
pub(super) struct Material {
    /// The private key, PKCS#8.
    pub(super) key: &'static str,
    /// The certificate of a CA with this key.
    pub(super) certificate: &'static str,
    /// The certification request of a subject with this key, PKCS#10.
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
