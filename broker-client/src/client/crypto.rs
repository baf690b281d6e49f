//! CryptoService.

use super::{Client, method};
use crate::{
    error::Error,
    request::{
        DecryptDataRequest, EncryptDataRequest, HashDataRequest, SignCertificateRequest, SignDataRequest,
        VerifyDataRequest,
    },
    response::{
        DecryptDataResponse, EncryptDataResponse, HashDataResponse, SignCertificateResponse,
        SignDataResponse, VerifyDataResponse,
    },
};

impl Client {
    /// Hashes some bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) with the server's reason, or what kept the call from being answered.
    pub async fn hash_data(&self, request: HashDataRequest) -> Result<HashDataResponse, Error> {
        HashDataResponse::from_message(self.call(&method::HASH_DATA, request).await?)
    }

    /// Issues a certificate.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) with the server's reason and the rule of the profile, or what kept the call from being
    /// answered.
    pub async fn sign_certificate(
        &self,
        request: SignCertificateRequest,
    ) -> Result<SignCertificateResponse, Error> {
        SignCertificateResponse::from_message(self.call(&method::SIGN_CERTIFICATE, request).await?)
    }

    /// Signs some bytes.
    ///
    /// ```no_run
    /// use broker_client::{SignDataRequest, SignatureFormat, VerifyDataRequest};
    ///
    /// # async fn run(client: broker_client::Client, private_pem: String, public_pem: String) -> Result<(), broker_client::Error> {
    /// let request = SignDataRequest::new(private_pem, "a message").profile("Default").format(SignatureFormat::Der);
    /// let signature = client.sign_data(request).await?.signature;
    ///
    /// let request = VerifyDataRequest::new(public_pem, "a message", signature).profile("Default");
    /// client.verify_data(request.format(SignatureFormat::Der)).await?.require_valid()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) with the server's reason and the rule of the profile, or what kept the call from being
    /// answered.
    pub async fn sign_data(&self, request: SignDataRequest) -> Result<SignDataResponse, Error> {
        SignDataResponse::from_message(self.call(&method::SIGN_DATA, request).await?)
    }

    /// Verifies a signature over some bytes. One that does not match is `valid: false` and no error.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) with INVALID_ARGUMENT for what is no signature at all and with the server's reason for
    /// anything else, or what kept the call from being answered.
    pub async fn verify_data(&self, request: VerifyDataRequest) -> Result<VerifyDataResponse, Error> {
        Ok(VerifyDataResponse::from_message(self.call(&method::VERIFY_DATA, request).await?))
    }

    /// Encrypts and authenticates some bytes. An attempt that is sent again has the same nonce and the same plaintext, so
    /// that no nonce is used for two texts.
    ///
    /// ```no_run
    /// use broker_client::{DecryptDataRequest, EncryptDataRequest};
    ///
    /// # async fn run(client: broker_client::Client, key: [u8; 32], nonce: [u8; 12]) -> Result<(), broker_client::Error> {
    /// let request = EncryptDataRequest::new(key, "a secret").profile("Default").nonce(nonce).aad("order 4711");
    /// let sealed = client.encrypt_data(request).await?;
    ///
    /// let request = DecryptDataRequest::new(key, sealed.ciphertext, sealed.nonce, sealed.tag).profile("Default");
    /// let opened = client.decrypt_data(request.aad("order 4711")).await?;
    /// assert_eq!("a secret".len(), opened.plaintext.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) with the server's reason and the rule of the profile, or what kept the call from being
    /// answered.
    pub async fn encrypt_data(&self, request: EncryptDataRequest) -> Result<EncryptDataResponse, Error> {
        let length = request.length();
        EncryptDataResponse::from_message(self.call(&method::ENCRYPT_DATA, request).await?, length)
    }

    /// Decrypts what [`encrypt_data`](Self::encrypt_data) made.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) with INVALID_ARGUMENT where authentication fails and with the server's reason for anything
    /// else, or what kept the call from being answered.
    pub async fn decrypt_data(&self, request: DecryptDataRequest) -> Result<DecryptDataResponse, Error> {
        let length = request.length();
        DecryptDataResponse::from_message(self.call(&method::DECRYPT_DATA, request).await?, length)
    }
}
