//! What a message with a private key in it owes its sender.

use std::fmt;

use zeroize::Zeroize as _;

use crate::v1::SignCertificateRequest;

impl Drop for SignCertificateRequest {
    fn drop(&mut self) {
        self.ca_private_key.zeroize();
    }
}

impl fmt::Debug for SignCertificateRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignCertificateRequest")
            .field("profile", &self.profile)
            .field("csr", &self.csr)
            .field("ca_private_key", &"[redacted]")
            .field("ca_cert", &self.ca_cert)
            .field("metadata", &self.metadata)
            .field("valid_not_before", &self.valid_not_before)
            .field("valid_not_after", &self.valid_not_after)
            .field("subject", &self.subject)
            .field("crl_distribution_points", &self.crl_distribution_points)
            .field("output_format", &self.output_format)
            .finish()
    }
}
