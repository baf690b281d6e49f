//! The key of a circuit: what identifies it and where it comes from; and the public signals of proofs under it.

use std::{fmt, str::FromStr};

use broker_proto::v1;

use crate::error::Error;

/// The identity of a circuit's key: SHA-256 of `cryptobroker-groth16-vk-v1`, the name of the curve, and the verifying key in
/// arkworks' uncompressed bytes. It is written in 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = Error;

    /// Parses 64 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, Error> {
        let malformed = || Error::invalid("fingerprint", "it must have 64 hexadecimal digits");
        let mut bytes = [0; 32];
        if text.len() != 2 * bytes.len() {
            return Err(malformed());
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = pair.iter().map(|digit| char::from(*digit).to_digit(16));
            let value = digits.map(|digit| digit.and_then(|digit| u8::try_from(digit).ok()));
            *byte = value
                .into_iter()
                .try_fold(0, |high: u8, low| Some(high << 4 | low?))
                .ok_or_else(malformed)?;
        }
        Ok(Self(bytes))
    }
}

impl Fingerprint {
    /// Returns the bytes of the protocol, which are empty where no fingerprint is expected.
    pub(crate) fn to_wire(fingerprint: Option<Self>) -> Vec<u8> {
        fingerprint.map_or_else(Vec::new, |Self(bytes)| bytes.to_vec())
    }
}

/// Defines the setter of the expected fingerprint.
macro_rules! fingerprint_option {
    () => {
        /// Sets the key that the broker must use. The call fails with the reason
        /// [`FingerprintMismatch`](crate::Reason::FingerprintMismatch) where the circuit has another one.
        pub fn expect_key(mut self, fingerprint: crate::message::Fingerprint) -> Self {
            self.expected_key = Some(fingerprint);
            self
        }
    };
}
pub(crate) use fingerprint_option;

/// How far the setup of a key can be trusted. Whoever knows the randomness of a setup can prove false statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SetupClass {
    /// One party made the setup, and knew the randomness.
    SingleParty,
    /// The operator declares that the key comes from a ceremony of several parties.
    CeremonyClaimed,
    /// The contributions of the ceremony were verified.
    CeremonyVerified,
    /// Nothing is known about the setup, as for a verifying key of the caller's, or this version of the library does not know
    /// the class.
    Unknown,
}

impl SetupClass {
    /// Returns the name as in profiles, such as `ceremony-claimed`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SingleParty => "single-party",
            Self::CeremonyClaimed => "ceremony-claimed",
            Self::CeremonyVerified => "ceremony-verified",
            Self::Unknown => "unknown",
        }
    }

    fn from_wire(class: i32) -> Self {
        match v1::SetupClass::try_from(class) {
            Ok(v1::SetupClass::SingleParty) => Self::SingleParty,
            Ok(v1::SetupClass::CeremonyClaimed) => Self::CeremonyClaimed,
            Ok(v1::SetupClass::CeremonyVerified) => Self::CeremonyVerified,
            Ok(v1::SetupClass::Unspecified) | Err(_) => Self::Unknown,
        }
    }
}

impl fmt::Display for SetupClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The key of a circuit, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CircuitKey {
    /// The identity of the key.
    pub fingerprint: Fingerprint,
    /// How far its setup can be trusted.
    pub setup_class: SetupClass,
    /// Indicates that only the running broker has the key, so that its proofs cannot be verified once it has ended.
    pub ephemeral: bool,
    /// The URL of the ceremony's record, from the profile.
    pub ceremony: Option<String>,
}

impl CircuitKey {
    /// Fails with a protocol error of the text `missing` where the response has no key.
    pub(crate) fn from_message(
        message: Option<v1::CircuitKeyInfo>,
        missing: &'static str,
    ) -> Result<Self, Error> {
        let message = message.ok_or_else(|| Error::protocol(missing))?;
        let setup_class = SetupClass::from_wire(message.setup_class);
        let fingerprint = message.fingerprint.try_into().map(Fingerprint);
        Ok(Self {
            fingerprint: fingerprint.map_err(|_| Error::protocol("a fingerprint that is not of 32 bytes"))?,
            setup_class,
            ephemeral: message.ephemeral,
            ceremony: Some(message.ceremony).filter(|ceremony| !ceremony.is_empty()),
        })
    }
}

/// The value of a public signal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublicSignal {
    /// The name of the input; `public[3]` where the circuit does not tell names.
    pub name: String,
    /// The value in decimal.
    pub value: String,
}

impl PublicSignal {
    pub(crate) fn from_messages(messages: Vec<v1::PublicSignal>) -> Vec<Self> {
        messages.into_iter().map(|v1::PublicSignal { name, value }| Self { name, value }).collect()
    }
}

/// The format of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ProofFormat {
    /// snarkjs' JSON.
    #[default]
    SnarkjsJson,
    /// arkworks' compressed canonical bytes.
    Arkworks,
}

impl ProofFormat {
    /// Returns the number of the format in the protocol.
    pub(crate) fn to_wire(self) -> i32 {
        let format = match self {
            Self::SnarkjsJson => v1::ProofFormat::SnarkjsJson,
            Self::Arkworks => v1::ProofFormat::Arkworks,
        };
        format.into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn info(fingerprint: &[u8], setup_class: i32) -> v1::CircuitKeyInfo {
        v1::CircuitKeyInfo { fingerprint: fingerprint.into(), setup_class, ..Default::default() }
    }

    #[test]
    fn fingerprint_is_written_and_parsed_in_hexadecimal() {
        let fingerprint = Fingerprint(std::array::from_fn(|index| index as u8 * 8));
        let text = fingerprint.to_string();
        assert!(text.starts_with("000810") && text.len() == 64, "{text}");
        assert_eq!(fingerprint, text.parse().unwrap());
        assert_eq!(fingerprint, text.to_uppercase().parse().unwrap());
        for wrong in ["", "00", &text[1..], &format!("{text}00"), &text.replace('0', "g"), &"é".repeat(32)] {
            assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn class_of_the_future_is_not_trusted() {
        for (class, expected) in [
            (0, SetupClass::Unknown),
            (1, SetupClass::SingleParty),
            (2, SetupClass::CeremonyClaimed),
            (3, SetupClass::CeremonyVerified),
            (4, SetupClass::Unknown),
        ] {
            let key = CircuitKey::from_message(Some(info(&[7; 32], class)), "").unwrap();
            assert_eq!(expected, key.setup_class, "{class}");
        }
    }

    #[test]
    fn rejects_key_without_fingerprint() {
        for message in [None, Some(info(&[], 1)), Some(info(&[7; 31], 1)), Some(info(&[7; 33], 1))] {
            assert!(CircuitKey::from_message(message, "no key").is_err());
        }
    }
}
