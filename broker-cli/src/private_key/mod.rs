//! Private keys from files, decrypted where they are encrypted (RFC 5958 3). The broker gets no password.

mod pbes2;
mod prompt;

use clap::{Args, ValueHint};
use zeroize::Zeroizing;

use crate::{
    error::Failure,
    input,
    location::Location,
    pem::BlockKind,
    pem_block::{self, Block, PemError},
};

/// `--key-password-file`.
#[derive(Args, Clone, Debug)]
pub(crate) struct KeyPassword {
    /// The password of an encrypted private key (PKCS#8): the first line of this file [default: asked for on the terminal]
    #[arg(id = "key_password_file", long = "key-password-file", value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(value_parser = password_file)]
    file: Option<Location>,
}

/// Refuses standard input, which the data or another file may need.
fn password_file(text: &str) -> Result<Location, String> {
    match text {
        "-" => Err("a password is not read from standard input; name a file, such as /dev/fd/3".to_owned()),
        path => Ok(Location::File(path.into())),
    }
}

impl KeyPassword {
    /// Returns the file with the password, which no output may replace.
    pub(crate) fn location(&self) -> Option<&Location> {
        self.file.as_ref()
    }

    /// Reads a private key. Bytes that are not an encrypted key are returned as they are; an encrypted key is returned
    /// decrypted, as PKCS#8 in PEM.
    ///
    /// # Errors
    /// Fails where a file cannot be read, where there is no password, and where the key cannot be decrypted.
    pub(crate) fn read_key(&self, location: &Location) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let bytes = input::secret(location)?;
        let Some(encrypted) = encrypted_key(&bytes).map_err(|reason| refused(location, reason))? else {
            return Ok(bytes);
        };
        // Parsed first: nobody types a password for a key that cannot be decrypted.
        let scheme = pbes2::Scheme::parse(&encrypted).map_err(|error| refused(location, error))?;
        let password = self.password(location)?;
        let key = scheme.decrypt(&password).map_err(|error| refused(location, error))?;
        let mut text = pem_block::encode("PRIVATE KEY", &key);
        Ok(Zeroizing::new(std::mem::take(&mut *text).into_bytes()))
    }

    /// Reads a private key that the broker takes as text.
    ///
    /// # Errors
    /// Fails as [`Self::read_key`] does, and where the bytes are not text.
    pub(crate) fn read_key_text(&self, location: &Location) -> Result<Zeroizing<String>, Failure> {
        input::pem_text(location, self.read_key(location)?, BlockKind::PrivateKey)
    }

    fn password(&self, location: &Location) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let Some(Location::File(path)) = &self.file else {
            return prompt::password(&format!("Password of {location}: "))?.ok_or_else(|| {
                Failure::usage(format!(
                    "{location} is an encrypted private key, and there is no terminal to ask for its password: name a file \
                     with --key-password-file"
                ))
            });
        };
        let mut bytes = input::secret(&Location::File(path.clone()))?;
        let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len());
        bytes.truncate(end);
        Ok(bytes)
    }
}

/// Returns the DER of the encrypted key that the file holds; `None` where it holds none.
fn encrypted_key(bytes: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
    if pbes2::looks_encrypted(bytes) {
        return Ok(Some(Zeroizing::new(bytes.to_vec())));
    }
    let mut keys: Vec<Block> =
        pem_block::blocks(bytes).into_iter().filter(|block| block.kind() == BlockKind::PrivateKey).collect();
    if keys.iter().any(|key| matches!(key.der, Err(PemError::TraditionalEncryption))) {
        return Err(
            "is encrypted in OpenSSL's traditional form (`Proc-Type: 4,ENCRYPTED`), whose key derivation is one round of \
             MD5; convert it with `openssl pkcs8 -topk8 -v2 aes-256-cbc -in KEY -out NEW`"
                .to_owned(),
        );
    }
    match (keys.iter().any(|key| key.label == "ENCRYPTED PRIVATE KEY"), keys.len()) {
        (false, _) => Ok(None),
        (true, 1) => match keys.pop().map(|key| key.der) {
            Some(Ok(der)) => Ok(Some(der)),
            Some(Err(error)) => Err(format!("has a block ENCRYPTED PRIVATE KEY that {error}")),
            None => Ok(None),
        },
        (true, _) => Err("holds more than one private key".to_owned()),
    }
}

fn refused(location: &Location, reason: impl std::fmt::Display) -> Failure {
    Failure::invalid(format!("{location}: {reason}"))
}
