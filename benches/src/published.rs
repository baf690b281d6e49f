//! Figures that the Go broker's project has published, measured on an Apple M2 Pro. The machines differ, so only orders of
//! magnitude can be compared.

use serde::Serialize;

/// The source of the figures, for headings.
pub const SOURCE: &str = "what the Go broker's project has published, Apple M2 Pro";

/// Published times of one call in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Published {
    /// The time without a socket.
    pub pure_us: Option<f64>,
    /// The time with one call at a time.
    pub one_us: Option<f64>,
    /// The time with ten calls at once.
    pub ten_us: Option<f64>,
}

/// Returns the published figures of a scenario. For certificates the publication does not name the curve; its example has a
/// P-384 CA.
pub fn go(id: &str) -> Published {
    let pure = |us| Published { pure_us: Some(us), ..Published::default() };
    let calls = |one, ten| Published { one_us: Some(one), ten_us: Some(ten), ..Published::default() };
    match id {
        "health/check" => calls(81.0, 37.0),
        "hash/sha-256/64B" => pure(0.42),
        "hash/sha3-256/64B" => pure(0.76),
        "hash/sha3-512/64B" => Published { pure_us: Some(1.25), ..calls(87.0, 39.0) },
        "sign_certificate/p256-sha256/csr-p256" => pure(129.0),
        "sign_certificate/p384-sha512/csr-p256" => calls(975.0, 160.0),
        "sign_certificate/p521-sha512/csr-p521" => pure(2658.0),
        "sign_certificate/rsa-4096-sha256/csr-p256" => pure(1658.0),
        _ => Published::default(),
    }
}
