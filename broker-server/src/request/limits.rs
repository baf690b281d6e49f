//! Limits on the sizes of fields.

/// The limits of the wire, in bytes unless a name says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names are the fields
pub struct Limits {
    pub profile: usize,
    pub metadata_id: usize,
    pub hash_input: usize,
    pub csr: usize,
    pub ca_private_key: usize,
    pub ca_cert: usize,
    pub subject: usize,
    pub crl_distribution_points_count: usize,
    pub crl_distribution_point: usize,
    /// The data to sign or verify in one message.
    pub signed_data: usize,
    /// A key that signs or verifies.
    pub signature_key: usize,
    pub signature: usize,
    pub plaintext: usize,
    pub associated_data: usize,
    /// A symmetric key, a nonce or a tag.
    pub aead_part: usize,
    /// A key of a key encapsulation mechanism, in any of its forms.
    pub kem_key: usize,
    pub kem_ciphertext: usize,
    /// The number of inputs of a circuit, or of values that a verifier expects.
    pub circuit_inputs_count: usize,
    /// The number of values of one input of a circuit, or of public signals.
    pub circuit_values_count: usize,
    /// The name of an input of a circuit.
    pub input_name: usize,
    /// A `.wtns` file in one message.
    pub witness: usize,
    pub proof: usize,
    pub verifying_key: usize,
    /// The number of proofs in one batch.
    pub batch_items_count: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            profile: 64,
            metadata_id: 128,
            hash_input: 1 << 20,
            csr: 64 << 10,
            ca_private_key: 64 << 10,
            ca_cert: 64 << 10,
            subject: 1024,
            crl_distribution_points_count: 16,
            crl_distribution_point: 2048,
            signed_data: 1 << 20,
            signature_key: 64 << 10,
            signature: 128 << 10,
            plaintext: 1 << 20,
            associated_data: 64 << 10,
            aead_part: 32,
            kem_key: 16 << 10,
            kem_ciphertext: 2 << 10,
            circuit_inputs_count: 1024,
            circuit_values_count: 64 << 10,
            input_name: 256,
            witness: 2 << 20,
            proof: 8 << 10,
            verifying_key: 1 << 20,
            batch_items_count: 1024,
        }
    }
}

/// Returns a reference to one limit.
type Accessor = fn(&mut Limits) -> &mut usize;

impl Limits {
    /// Every limit with its name in the configuration.
    pub const NAMES: [(&str, Accessor); 24] = [
        ("profile", |limits| &mut limits.profile),
        ("metadata-id", |limits| &mut limits.metadata_id),
        ("hash-input", |limits| &mut limits.hash_input),
        ("csr", |limits| &mut limits.csr),
        ("ca-private-key", |limits| &mut limits.ca_private_key),
        ("ca-cert", |limits| &mut limits.ca_cert),
        ("subject", |limits| &mut limits.subject),
        ("crl-distribution-points", |limits| &mut limits.crl_distribution_points_count),
        ("crl-distribution-point", |limits| &mut limits.crl_distribution_point),
        ("signed-data", |limits| &mut limits.signed_data),
        ("signature-key", |limits| &mut limits.signature_key),
        ("signature", |limits| &mut limits.signature),
        ("plaintext", |limits| &mut limits.plaintext),
        ("associated-data", |limits| &mut limits.associated_data),
        ("aead-part", |limits| &mut limits.aead_part),
        ("kem-key", |limits| &mut limits.kem_key),
        ("kem-ciphertext", |limits| &mut limits.kem_ciphertext),
        ("circuit-inputs", |limits| &mut limits.circuit_inputs_count),
        ("circuit-values", |limits| &mut limits.circuit_values_count),
        ("input-name", |limits| &mut limits.input_name),
        ("witness", |limits| &mut limits.witness),
        ("proof", |limits| &mut limits.proof),
        ("verifying-key", |limits| &mut limits.verifying_key),
        ("batch-items", |limits| &mut limits.batch_items_count),
    ];
}
