//! KemService and SignatureKeyService.

use super::{Client, method};
use crate::{
    error::Error,
    request::{DecapsulateRequest, EncapsulateRequest, GenerateKeyPairRequest},
    response::{DecapsulateResponse, EncapsulateResponse, GenerateKeyPairResponse},
};

impl Client {
    /// Makes a key pair for key encapsulation: an encapsulation key and a decapsulation key.
    ///
    /// ```no_run
    /// use broker_client::{DecapsulateRequest, EncapsulateRequest, GenerateKeyPairRequest};
    /// use subtle::ConstantTimeEq as _;
    ///
    /// # async fn run(client: broker_client::Client) -> Result<(), broker_client::Error> {
    /// let pair = client.generate_kem_key_pair(GenerateKeyPairRequest::new().profile("PQC-KEM")).await?;
    /// let sent = client.encapsulate(EncapsulateRequest::new(pair.public_key).profile("PQC-KEM")).await?;
    ///
    /// let request = DecapsulateRequest::new(pair.private_key, sent.ciphertext).profile("PQC-KEM");
    /// let received = client.decapsulate(request).await?;
    /// assert!(bool::from(sent.shared_secret.ct_eq(&received.shared_secret)));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) with the server's reason and the rule of the profile, or what kept the call from being
    /// answered.
    pub async fn generate_kem_key_pair(
        &self,
        request: GenerateKeyPairRequest,
    ) -> Result<GenerateKeyPairResponse, Error> {
        GenerateKeyPairResponse::from_message(self.call(&method::GENERATE_KEM_KEY_PAIR, request).await?)
    }

    /// Makes a shared secret, and its ciphertext for the holder of the decapsulation key.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) with the server's reason and the rule of the profile, or what kept the call from being
    /// answered.
    pub async fn encapsulate(&self, request: EncapsulateRequest) -> Result<EncapsulateResponse, Error> {
        EncapsulateResponse::from_message(self.call(&method::ENCAPSULATE, request).await?)
    }

    /// Takes the shared secret out of a ciphertext. One that was tampered with gives another secret and no error
    /// (implicit rejection, FIPS 203 6.3).
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) with the server's reason and the rule of the profile, or what kept the call from being
    /// answered.
    pub async fn decapsulate(&self, request: DecapsulateRequest) -> Result<DecapsulateResponse, Error> {
        DecapsulateResponse::from_message(self.call(&method::DECAPSULATE, request).await?)
    }

    /// Makes a key pair for signatures, of the algorithm that the profile has for SignData.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) with the server's reason and the rule of the profile, or what kept the call from being
    /// answered.
    pub async fn generate_signature_key_pair(
        &self,
        request: GenerateKeyPairRequest,
    ) -> Result<GenerateKeyPairResponse, Error> {
        GenerateKeyPairResponse::from_message(self.call(&method::GENERATE_SIGNATURE_KEY_PAIR, request).await?)
    }
}
