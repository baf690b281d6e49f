//! The types in which requests hold keys and data, which decide what is printed and what is wiped.

use std::{fmt, mem};

use broker_proto::v1::{self, key_source::Source, sign_key_source};
use zeroize::{Zeroize, Zeroizing};

/// A value that is wiped when it is dropped, and never printed.
#[derive(Clone)]
pub(crate) struct Wiped<T: Zeroize>(pub(crate) Zeroizing<T>);

impl<T: Zeroize + Default> Wiped<T> {
    /// Moves the value into a message, which wipes it in turn.
    pub(crate) fn into_inner(mut self) -> T {
        mem::take(&mut *self.0)
    }
}

impl<T: Zeroize> fmt::Debug for Wiped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Secret bytes such as a key, a seed or a plaintext. They are wiped when this value is dropped, and never printed.
///
/// A value that is passed by move (`Vec<u8>`, `String`, `Zeroizing`) is not copied. A reference or an array is copied,
/// and the caller remains responsible for wiping the original.
#[derive(Debug, Clone)]
pub struct Secret(Wiped<Vec<u8>>);

impl Secret {
    /// Moves the bytes into a message, which wipes them in turn.
    pub(crate) fn into_vec(self) -> Vec<u8> {
        self.0.into_inner()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.0.len()
    }
}

/// A key: PEM text, DER, or the raw octets where the operation takes them. Every key, public or private, is wiped when
/// this value is dropped, and never printed.
#[derive(Debug, Clone)]
pub struct Key(Secret);

impl Key {
    pub(crate) fn into_source(self) -> v1::KeySource {
        v1::KeySource { source: Some(Source::RawKey(self.0.into_vec())) }
    }
}

macro_rules! conversions {
    ($($source:ty: $value:ident => $bytes:expr),+ $(,)?) => {$(
        impl From<$source> for Secret {
            fn from($value: $source) -> Self {
                Self(Wiped($bytes))
            }
        }

        impl From<$source> for Key {
            fn from(key: $source) -> Self {
                Self(key.into())
            }
        }
    )+};
}
conversions! {
    Vec<u8>: bytes => Zeroizing::new(bytes),
    Zeroizing<Vec<u8>>: bytes => bytes,
    String: text => Zeroizing::new(text.into_bytes()),
    Zeroizing<String>: text => Zeroizing::new(Wiped(text).into_inner().into_bytes()),
    &[u8]: bytes => Zeroizing::new(bytes.to_vec()),
    &str: text => Zeroizing::new(text.as_bytes().to_vec()),
}

impl<const N: usize> From<[u8; N]> for Secret {
    fn from(bytes: [u8; N]) -> Self {
        let bytes = Zeroizing::new(bytes);
        bytes.as_slice().into()
    }
}

impl<const N: usize> From<&[u8; N]> for Secret {
    fn from(bytes: &[u8; N]) -> Self {
        bytes.as_slice().into()
    }
}

impl<const N: usize> From<[u8; N]> for Key {
    fn from(key: [u8; N]) -> Self {
        Self(key.into())
    }
}

impl<const N: usize> From<&[u8; N]> for Key {
    fn from(key: &[u8; N]) -> Self {
        Self(key.into())
    }
}

impl From<Secret> for Key {
    fn from(key: Secret) -> Self {
        Self(key)
    }
}

/// The key material that signs or verifies: one key, or the two keys of a composite.
#[derive(Debug, Clone)]
pub(crate) enum Keys {
    Single(Key),
    /// The traditional key first, then the ML-DSA key.
    Composite([Key; 2]),
}

impl Keys {
    pub(crate) fn composite(traditional: impl Into<Key>, ml_dsa: impl Into<Key>) -> Self {
        Self::Composite([traditional.into(), ml_dsa.into()])
    }

    pub(crate) fn into_source(self) -> v1::SignKeySource {
        let source = match self {
            Self::Single(key) => sign_key_source::Source::Single(key.into_source()),
            Self::Composite(keys) => sign_key_source::Source::ComponentKeys(v1::ComponentKeys {
                keys: keys.into_iter().map(Key::into_source).collect(),
            }),
        };
        v1::SignKeySource { source: Some(source) }
    }
}

/// Bytes that may be large or private, so that only their length is printed.
///
/// `Bytes` are shared with the transport, so they are not wiped here.
#[derive(Clone)]
pub(crate) struct Data<T>(pub(crate) T);

impl<T: AsRef<[u8]>> fmt::Debug for Data<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0.as_ref().len())
    }
}

#[cfg(test)]
mod tests {
    use zeroize::ZeroizeOnDrop;

    use super::*;
    use crate::{
        DecapsulateRequest, DecryptDataRequest, EncapsulateRequest, EncryptDataRequest,
        GenerateKeyPairRequest, SignDataRequest, SignStreamRequest, VerifyDataRequest, VerifyStreamRequest,
        message::OperationRequest,
    };

    const KEY: &str = "PRIVATE-KEY";

    #[test]
    fn debug_output_hides_keys_seeds_and_data() {
        fn texts<R: OperationRequest<Message: fmt::Debug> + fmt::Debug>(request: R) -> [String; 2] {
            [
                format!("{request:?} {request:#?}"),
                format!("{:?}", request.into_message("P".into(), v1::Metadata::default())),
            ]
        }
        for [request, message] in [
            texts(GenerateKeyPairRequest::new().profile("P").seed(KEY)),
            texts(EncapsulateRequest::new(KEY).profile("P")),
            texts(DecapsulateRequest::new(KEY, "TEXT").profile("P")),
            texts(SignDataRequest::new(KEY, "TEXT").profile("P").context("TEXT")),
            texts(SignDataRequest::composite(KEY, KEY, "TEXT").profile("P")),
            texts(VerifyDataRequest::new(KEY, "TEXT", "TEXT").profile("P")),
            texts(VerifyDataRequest::composite(KEY, KEY, "TEXT", "TEXT").profile("P")),
            texts(EncryptDataRequest::new(KEY, KEY).profile("P").aad("TEXT")),
            texts(DecryptDataRequest::new(KEY, "TEXT", "n", "t").profile("P").aad("TEXT")),
            texts(SignStreamRequest::new(KEY).profile("P")),
            texts(SignStreamRequest::composite(KEY, KEY).profile("P")),
            texts(VerifyStreamRequest::new(KEY, "TEXT").profile("P").context("TEXT")),
            texts(VerifyStreamRequest::composite(KEY, KEY, "TEXT").profile("P")),
        ] {
            assert!(request.contains("[redacted]") && message.contains("[redacted]"), "{request} {message}");
            // As text and as numbers.
            for text in [request.as_str(), &message] {
                assert!(!text.contains(KEY) && !text.contains("80, 82, 73"), "{text}");
            }
            assert!(!request.contains("TEXT") && !request.contains("84, 69, 88"), "{request}");
        }
    }

    #[test]
    fn every_conversion_to_secret_keeps_the_bytes_and_wipes_them() {
        fn wiped<T: ZeroizeOnDrop>(_: &T) {}
        for secret in [
            Secret::from(KEY),
            KEY.to_owned().into(),
            KEY.as_bytes().into(),
            KEY.as_bytes().to_vec().into(),
            b"PRIVATE-KEY".into(),
            (*b"PRIVATE-KEY").into(),
            Zeroizing::new(KEY.to_owned()).into(),
            Zeroizing::new(KEY.as_bytes().to_vec()).into(),
        ] {
            let Secret(Wiped(bytes)) = &secret;
            wiped(bytes);
            assert_eq!(KEY.as_bytes(), secret.into_vec());
        }
    }

    #[test]
    fn moves_owned_secrets_without_a_copy() {
        let text = KEY.to_owned();
        let pointer = text.as_ptr();
        assert_eq!(pointer, Secret::from(text).0.0.as_ptr());
        let text = Zeroizing::new(KEY.to_owned());
        let pointer = text.as_ptr();
        assert_eq!(pointer, Secret::from(text).0.0.as_ptr());
        let bytes = KEY.as_bytes().to_vec();
        let pointer = bytes.as_ptr();
        assert_eq!(pointer, Secret::from(bytes).0.0.as_ptr());
    }
}
