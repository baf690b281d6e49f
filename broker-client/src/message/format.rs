//! The encodings of keys, signatures and hashes.

use broker_proto::v1;

/// The encoding of the keys of a new pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyEncoding {
    /// The octets that the standard defines; a private key is its seed. Available for ML-KEM and ML-DSA (FIPS 203,
    /// FIPS 204), X-Wing and Ed25519, but not for RSA and ECDSA.
    Raw,
    /// SubjectPublicKeyInfo (RFC 5280) and PKCS#8 (RFC 5958).
    Der,
    /// `Der` as text with the labels `PUBLIC KEY` and `PRIVATE KEY` (RFC 7468).
    Pem,
}

impl KeyEncoding {
    /// Returns the number of the encoding in the protocol.
    pub(crate) fn to_wire(encoding: Option<Self>) -> i32 {
        let encoding = match encoding {
            None => v1::KeyEncoding::Unspecified,
            Some(Self::Raw) => v1::KeyEncoding::Raw,
            Some(Self::Der) => v1::KeyEncoding::Der,
            Some(Self::Pem) => v1::KeyEncoding::Pem,
        };
        encoding.into()
    }
}

/// The format of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureFormat {
    /// The octets of the signature; for ECDSA these are r and s, each as long as the order of the curve.
    Raw,
    /// The content of the BIT STRING of an X.509 signature: Ecdsa-Sig-Value for ECDSA (RFC 3279 2.2.3), and the same
    /// octets as `Raw` for other algorithms.
    Der,
    /// `Der` as text with the label `SIGNATURE` (RFC 7468).
    Pem,
    /// Detached SignedData (RFC 5652) in DER, which identifies the signer by subject key identifier. Verification also takes
    /// BER, and signers that are identified by issuer and serial number if the key is a certificate.
    Cms,
}

impl SignatureFormat {
    /// Returns the number of the format in the protocol.
    pub(crate) fn to_wire(format: Option<Self>) -> i32 {
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

/// Defines the setter of the signature's format.
macro_rules! signature_format_option {
    () => {
        /// Sets the format of the signature. Default: the profile's.
        pub fn format(mut self, format: crate::message::SignatureFormat) -> Self {
            self.format = Some(format);
            self
        }
    };
}
pub(crate) use signature_format_option;

/// Defines the setter of the signature's context.
macro_rules! signature_context_option {
    ($purpose:literal) => {
        #[doc = $purpose]
        ///
        /// A context has at most 255 bytes; the empty one is the same as none. It needs a profile with `AllowContext: true`, one
        /// ML-DSA key, and the format [`Raw`](crate::SignatureFormat::Raw).
        pub fn context(mut self, context: impl Into<Vec<u8>>) -> Self {
            self.context = Some(crate::message::Data(context.into()));
            self
        }
    };
}
pub(crate) use signature_context_option;

/// Defines the setters of the hash's format.
macro_rules! hash_format_options {
    () => {
        /// Requests the hash as lower-case hex, which is the default.
        pub fn hex(mut self) -> Self {
            self.format = broker_proto::v1::HashOutputFormat::Hex;
            self
        }

        /// Requests the bytes of the hash.
        pub fn raw(mut self) -> Self {
            self.format = broker_proto::v1::HashOutputFormat::Raw;
            self
        }
    };
}
pub(crate) use hash_format_options;
