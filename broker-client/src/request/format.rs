//! How keys and signatures are written.

use broker_proto::v1;

/// How the keys of a new pair are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyEncoding {
    /// The standard's own octets; a private key is its seed. ML-KEM and ML-DSA (FIPS 203, FIPS 204), X-Wing and
    /// Ed25519; RSA and ECDSA have no such form.
    Raw,
    /// SubjectPublicKeyInfo (RFC 5280) and PKCS#8 (RFC 5958).
    Der,
    /// The same as text, `PUBLIC KEY` and `PRIVATE KEY` (RFC 7468).
    Pem,
}

impl KeyEncoding {
    pub(crate) fn wire(encoding: Option<Self>) -> i32 {
        let encoding = match encoding {
            None => v1::KeyEncoding::Unspecified,
            Some(Self::Raw) => v1::KeyEncoding::Raw,
            Some(Self::Der) => v1::KeyEncoding::Der,
            Some(Self::Pem) => v1::KeyEncoding::Pem,
        };
        encoding.into()
    }
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureFormat {
    /// The signature's own octets; of ECDSA r and s, each as long as the order of the curve.
    Raw,
    /// What the BIT STRING of an X.509 signature holds: of ECDSA Ecdsa-Sig-Value (RFC 3279 2.2.3), of the others as
    /// `Raw`.
    Der,
    /// `Der` as text, `SIGNATURE` (RFC 7468).
    Pem,
    /// Detached SignedData (RFC 5652) in DER; the signer is named by subject key identifier.
    Cms,
}

impl SignatureFormat {
    pub(crate) fn wire(format: Option<Self>) -> i32 {
        let format = match format {
            None => v1::SignatureFormat::Unspecified,
            Some(Self::Raw) => v1::SignatureFormat::Raw,
            Some(Self::Der) => v1::SignatureFormat::Der,
            Some(Self::Pem) => v1::SignatureFormat::Pem,
            Some(Self::Cms) => v1::SignatureFormat::Cms,
        };
        format.into()
    }
}

/// The setter of the signature's format, the same for every request that has one.
macro_rules! signature_format {
    () => {
        /// How the signature is written. Default: what the profile says.
        pub fn format(mut self, format: crate::request::SignatureFormat) -> Self {
            self.format = Some(format);
            self
        }
    };
}

/// The setters of the hash's format.
macro_rules! hash_format {
    () => {
        /// The answer is to be lower-case hex.
        pub fn hex(mut self) -> Self {
            self.format = broker_proto::v1::HashOutputFormat::Hex;
            self
        }

        /// The answer is to be the bytes of the hash.
        pub fn raw(mut self) -> Self {
            self.format = broker_proto::v1::HashOutputFormat::Raw;
            self
        }
    };
}
