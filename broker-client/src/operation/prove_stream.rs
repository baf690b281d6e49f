//! The operation ProveStream: Prove from a witness that exceeds a message.

use std::io::{self, Read};

use broker_proto::v1;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::ProveResponse;
use crate::message::{
    Fingerprint, OperationRequest, Options, ProofFormat, common_options, fingerprint_option,
};

stream_operation! {
    /// Proves a statement from a witness of any length. The broker decides on the request, and reserves memory, before it
    /// reads the witness. The call behaves like [`hash_stream`](Self::hash_stream).
    prove_stream, prove_reader(ProveStreamRequest) -> ProveResponse {
        path: "/cryptobroker.v1.Groth16Service/ProveStream",
        header: ProveStreamHeader,
        key_use: Keyed,
    }
}

/// Requests a proof from a witness that need not fit into one message: a `.wtns` file, as circom's and snarkjs' programs
/// write it. The broker is told its length and its SHA-256 beforehand.
///
/// ```no_run
/// use std::{fs::File, io::{Seek, SeekFrom}};
/// use broker_client::ProveStreamRequest;
///
/// # async fn run(client: broker_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let mut witness = File::open("witness.wtns")?;
/// let request = ProveStreamRequest::of_reader("membership", &mut witness)?.profile("Proofs");
/// witness.seek(SeekFrom::Start(0))?;
/// let proved = client.prove_reader(request, witness).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct ProveStreamRequest {
    circuit: String,
    length: u64,
    sha256: [u8; 32],
    format: ProofFormat,
    expected_key: Option<Fingerprint>,
    options: Options,
}

/// The length of the buffer of [`ProveStreamRequest::of_reader`], in bytes.
const BUFFER_LENGTH: usize = 64 * 1024;

impl ProveStreamRequest {
    /// Creates a request for a proof of this circuit from a witness with this length in bytes and this SHA-256.
    pub fn new(circuit: impl Into<String>, length: u64, sha256: [u8; 32]) -> Self {
        Self {
            circuit: circuit.into(),
            length,
            sha256,
            format: ProofFormat::default(),
            expected_key: None,
            options: Options::default(),
        }
    }

    /// Creates a request for a proof of this circuit from this witness.
    pub fn of_witness(circuit: impl Into<String>, witness: &[u8]) -> Self {
        Self::new(circuit, witness.len() as u64, Sha256::digest(witness).into())
    }

    /// Creates a request for a proof of this circuit from the witness that a reader returns until its end. It must be read
    /// again to be sent.
    ///
    /// # Errors
    /// Fails where the reader does.
    pub fn of_reader(circuit: impl Into<String>, witness: &mut impl Read) -> io::Result<Self> {
        let mut buffer = Zeroizing::new(vec![0; BUFFER_LENGTH]);
        let (mut hash, mut length) = (Sha256::new(), 0);
        loop {
            match witness.read(&mut buffer) {
                Ok(0) => return Ok(Self::new(circuit, length, hash.finalize().into())),
                Ok(count) => {
                    hash.update(buffer.get(..count).unwrap_or_default());
                    length += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Sets the format of the proof. Default: [`ProofFormat::SnarkjsJson`].
    pub fn format(mut self, format: ProofFormat) -> Self {
        self.format = format;
        self
    }

    fingerprint_option!();
    common_options!("Sets how long the whole stream may take. Default: no limit.");
}

impl OperationRequest for ProveStreamRequest {
    type Message = v1::ProveStreamHeader;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::ProveStreamHeader {
        v1::ProveStreamHeader {
            profile,
            circuit: self.circuit,
            witness_format: v1::WitnessFormat::Wtns.into(),
            witness_length: self.length,
            witness_sha256: self.sha256.to_vec(),
            proof_format: self.format.to_wire(),
            expected_fingerprint: Fingerprint::to_wire(self.expected_key),
            metadata: Some(metadata),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn header_has_length_and_hash_of_the_witness() {
        let header = |request: ProveStreamRequest| {
            let message = request.into_message("P".into(), v1::Metadata::default());
            (message.witness_length, message.witness_sha256)
        };
        for length in [0, 1, BUFFER_LENGTH, 3 * BUFFER_LENGTH + 1] {
            let witness = vec![7; length];
            let expected = (length as u64, Sha256::digest(&witness).to_vec());
            assert_eq!(header(ProveStreamRequest::of_witness("c", &witness)), expected);
            assert_eq!(header(ProveStreamRequest::of_reader("c", &mut &witness[..]).unwrap()), expected);
        }
        // FIPS 180-4, "abc".
        let (_, hash) = header(ProveStreamRequest::of_witness("c", b"abc"));
        assert_eq!(hash.get(..4), Some(&[0xba, 0x78, 0x16, 0xbf][..]));
    }
}
