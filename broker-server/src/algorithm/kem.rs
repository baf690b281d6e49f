//! Key encapsulation mechanisms.

/// A parameter set of FIPS 203.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names are the standard's
pub enum MlKem {
    MlKem512,
    MlKem768,
    MlKem1024,
}

impl MlKem {
    /// Every parameter set.
    pub const ALL: [Self; 3] = [Self::MlKem512, Self::MlKem768, Self::MlKem1024];

    /// The name in profiles, such as `ml-kem-768`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MlKem512 => "ml-kem-512",
            Self::MlKem768 => "ml-kem-768",
            Self::MlKem1024 => "ml-kem-1024",
        }
    }

    /// The length of an encapsulation key in bytes (FIPS 203 table 3).
    pub const fn encapsulation_key_length(self) -> usize {
        match self {
            Self::MlKem512 => 800,
            Self::MlKem768 => 1184,
            Self::MlKem1024 => 1568,
        }
    }

    /// The length of an expanded decapsulation key in bytes (FIPS 203 table 3).
    pub const fn decapsulation_key_length(self) -> usize {
        match self {
            Self::MlKem512 => 1632,
            Self::MlKem768 => 2400,
            Self::MlKem1024 => 3168,
        }
    }

    /// The length of a ciphertext in bytes (FIPS 203 table 3).
    pub const fn ciphertext_length(self) -> usize {
        match self {
            Self::MlKem512 => 768,
            Self::MlKem768 => 1088,
            Self::MlKem1024 => 1568,
        }
    }
}

/// A key encapsulation mechanism that `KemAlg` can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kem {
    /// ML-KEM (FIPS 203).
    MlKem(MlKem),
    /// X-Wing: X25519 and ML-KEM-768 (draft-connolly-cfrg-xwing-kem).
    XWing,
}

impl Kem {
    /// Every mechanism, in the order of the documentation.
    pub const ALL: [Self; 4] = [
        Self::MlKem(MlKem::MlKem512),
        Self::MlKem(MlKem::MlKem768),
        Self::MlKem(MlKem::MlKem1024),
        Self::XWing,
    ];

    /// The name in profiles and descriptors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MlKem(set) => set.name(),
            Self::XWing => "x-wing",
        }
    }

    /// The object identifier of the keys (RFC 9935 3, draft-connolly-cfrg-xwing-kem-10 5.8).
    pub const fn oid(self) -> &'static str {
        match self {
            Self::MlKem(MlKem::MlKem512) => "2.16.840.1.101.3.4.4.1",
            Self::MlKem(MlKem::MlKem768) => "2.16.840.1.101.3.4.4.2",
            Self::MlKem(MlKem::MlKem1024) => "2.16.840.1.101.3.4.4.3",
            Self::XWing => "1.3.6.1.4.1.62253.25722",
        }
    }

    /// The length in bytes of the seed that a key pair is generated from: d and z (FIPS 203 7.1), or the
    /// decapsulation key of X-Wing.
    pub const fn seed_length(self) -> usize {
        match self {
            Self::MlKem(_) => 64,
            Self::XWing => 32,
        }
    }

    /// The length of an encapsulation key in bytes.
    pub const fn encapsulation_key_length(self) -> usize {
        match self {
            Self::MlKem(set) => set.encapsulation_key_length(),
            Self::XWing => MlKem::MlKem768.encapsulation_key_length() + 32,
        }
    }

    /// The length of a ciphertext in bytes.
    pub const fn ciphertext_length(self) -> usize {
        match self {
            Self::MlKem(set) => set.ciphertext_length(),
            Self::XWing => MlKem::MlKem768.ciphertext_length() + 32,
        }
    }
}
