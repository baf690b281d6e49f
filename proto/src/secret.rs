//! What a message with a secret in it owes its sender.

use std::fmt;

use zeroize::Zeroize as _;

use crate::{
    crypto_broker, g0,
    v1::{
        DecapsulateResponse, DecryptDataResponse, EncapsulateResponse, EncryptDataRequest,
        GenerateKeyPairRequest, GenerateKeyPairResponse, KeySource, SignCertificateRequest,
        key_source::Source,
    },
};

/// Wipes the secret fields of a message when it is dropped, and prints the others only.
macro_rules! secret {
    ($message:path { $($secret:ident),+ } shows { $($shown:ident),* }) => {
        impl Drop for $message {
            fn drop(&mut self) {
                $(self.$secret.zeroize();)+
            }
        }

        impl fmt::Debug for $message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($message))
                    $(.field(stringify!($secret), &"[redacted]"))+
                    $(.field(stringify!($shown), &self.$shown))*
                    .finish()
            }
        }
    };
}

secret!(SignCertificateRequest { ca_private_key } shows {
    profile, csr, ca_cert, metadata, valid_not_before, valid_not_after, subject, crl_distribution_points, output_format
});
secret!(crypto_broker::SignCertificateRequest { ca_private_key } shows {
    profile, csr, ca_cert, metadata, valid_not_before, valid_not_after, subject, crl_distribution_points, output_format
});
secret!(crypto_broker::SignRequest { ca_private_key } shows {
    profile, csr, ca_cert, metadata, valid_not_before, valid_not_after, subject, crl_distribution_points
});
secret!(g0::SignRequest { ca_private_key } shows {
    profile, csr, ca_cert, metadata, valid_not_before_offset, valid_not_after_offset, subject, crl_distribution_points
});
secret!(EncryptDataRequest { plaintext } shows { profile, key_source, encrypt_metadata, metadata });
secret!(DecryptDataResponse { plaintext } shows { metadata });
secret!(GenerateKeyPairRequest { seed } shows { profile, key_encoding, metadata });
secret!(GenerateKeyPairResponse { private_key } shows { public_key, descriptor, metadata });
secret!(EncapsulateResponse { shared_secret } shows { ciphertext, descriptor, metadata });
secret!(DecapsulateResponse { shared_secret } shows { descriptor, metadata });

impl Drop for KeySource {
    fn drop(&mut self) {
        if let Some(Source::RawKey(key)) = &mut self.source {
            key.zeroize();
        }
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySource").field("source", &self.source).finish()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyId(id) => f.debug_tuple("KeyId").field(id).finish(),
            Self::RawKey(_) => f.write_str("RawKey([redacted])"),
        }
    }
}
