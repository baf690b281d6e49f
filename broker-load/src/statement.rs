//! Random statements about the built-in circuits, and proofs of them. A fixed or a small witness would make a prover look
//! faster than it is, so each proof has values of its own with as many bits as an application's.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use broker_client::{Code, Error, InputValue, ProofItem, ProveRequest, Rejection, VerifyProofRequest};
use broker_proto::v1;
use clap::ValueEnum;

/// The age of a payment that a verifier accepts, in seconds.
const MAX_AGE: u64 = 3600;

/// A circuit that is part of the broker. Only for these a run knows inputs that satisfy the constraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Circuit {
    /// Two factors of a number
    Multiply,
    /// A cube root of a number
    #[value(name = "cube_root", alias = "cube-root")]
    CubeRoot,
    /// The payment behind a commitment
    Payment,
}

impl fmt::Display for Circuit {
    /// Writes the name in profiles, requests and on the command line, such as `cube_root`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_possible_value().map_or(Ok(()), |value| f.pad(value.get_name()))
    }
}

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Input {
    name: &'static str,
    value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Number(String),
    Text(String),
}

impl Input {
    fn to_value(&self) -> InputValue {
        match &self.value {
            Value::Number(number) => InputValue::from(number.as_str()),
            Value::Text(text) => InputValue::text(text.as_str()),
        }
    }

    fn to_message(&self) -> v1::CircuitInput {
        let (numbers, text) = match &self.value {
            Value::Number(number) => (vec![number.clone()], None),
            Value::Text(text) => (Vec::new(), Some(text.clone())),
        };
        v1::CircuitInput { name: self.name.to_owned(), numbers, text, data: None }
    }
}

/// Values that satisfy a circuit, made for one proof. None of them is a secret of anybody.
#[derive(Clone, Debug)]
pub struct Statement {
    circuit: Circuit,
    inputs: Vec<Input>,
    /// The verifier's own values, except for the commitment, which the prover computes.
    expected: Vec<Input>,
}

impl Statement {
    /// Returns a random statement about the circuit.
    ///
    /// # Errors
    /// Fails where the system has no random numbers.
    pub fn random(circuit: Circuit) -> Result<Self, Error> {
        let number = |name| Ok::<_, Error>(Input { name, value: Value::Number(field_element()?) });
        let (inputs, expected) = match circuit {
            Circuit::Multiply => (vec![number("a")?, number("b")?], Vec::new()),
            Circuit::CubeRoot => (vec![number("x")?], Vec::new()),
            Circuit::Payment => {
                let (verifiers, provers) = payment()?;
                let without = |name| verifiers.iter().filter(move |input| input.name != name).cloned();
                // A prover calls the time of the proof currentTime, and a verifier the time at which it looks now.
                (without("now").chain(provers).collect(), without("currentTime").collect())
            }
        };
        Ok(Self { circuit, inputs, expected })
    }

    /// Returns the request for a proof by the client library.
    pub fn request(&self, profile: &str) -> ProveRequest {
        self.inputs
            .iter()
            .fold(ProveRequest::new(self.circuit.to_string()).profile(profile), |request, input| {
                request.input(input.name, input.to_value())
            })
    }

    /// Returns the same request as a message.
    pub fn message(&self, profile: &str) -> v1::ProveRequest {
        v1::ProveRequest {
            profile: profile.to_owned(),
            circuit: self.circuit.to_string(),
            inputs: self.inputs.iter().map(Input::to_message).collect(),
            witness: Vec::new(),
            proof_format: v1::ProofFormat::Unspecified.into(),
            expected_fingerprint: Vec::new(),
            metadata: None,
        }
    }

    /// Returns the proof with what is needed to verify it. `signals` are the names and values of the public signals.
    pub fn proven(self, proof: Vec<u8>, signals: impl IntoIterator<Item = (String, String)>) -> Proven {
        let Self { circuit, mut expected, .. } = self;
        let verifier_has_values = !expected.is_empty();
        let mut public = Vec::new();
        for (name, value) in signals {
            // A verifier has the commitment from whoever saw the payment.
            if verifier_has_values && name == "commitment" {
                expected.push(Input { name: "commitment", value: Value::Number(value.clone()) });
            }
            public.push(value);
        }
        Proven { circuit, proof, public, expected }
    }
}

/// A proof of a [`Statement`].
#[derive(Clone, Debug)]
pub struct Proven {
    circuit: Circuit,
    proof: Vec<u8>,
    public: Vec<String>,
    expected: Vec<Input>,
}

impl Proven {
    /// Returns the proof as an item of the client library.
    pub fn item(&self) -> ProofItem {
        let item = ProofItem::new(self.proof.as_slice()).public_signals(&self.public);
        self.expected.iter().fold(item, |item, input| item.expect(input.name, input.to_value()))
    }

    /// Returns the request to verify it by the client library.
    pub fn request(&self, profile: &str) -> VerifyProofRequest {
        VerifyProofRequest::new(self.circuit.to_string(), self.item()).profile(profile)
    }

    /// Returns the proof as a message.
    pub fn item_message(&self) -> v1::ProofItem {
        v1::ProofItem {
            proof: self.proof.clone(),
            public_signals: self.public.clone(),
            expect: self.expected.iter().map(Input::to_message).collect(),
            proof_format: v1::ProofFormat::Unspecified.into(),
        }
    }

    /// Returns the request to verify it as a message.
    pub fn message(&self, profile: &str) -> v1::VerifyProofRequest {
        v1::VerifyProofRequest {
            profile: profile.to_owned(),
            circuit: self.circuit.to_string(),
            item: Some(self.item_message()),
            expected_fingerprint: Vec::new(),
            verifying_key: Vec::new(),
            metadata: None,
        }
    }
}

/// Returns what the verifier of a payment also knows, with both names of the time, and what only the prover knows.
fn payment() -> Result<(Vec<Input>, Vec<Input>), Error> {
    let input = |name, value| Input { name, value };
    let number = |name, number: u64| input(name, Value::Number(number.to_string()));
    let text = |name| Ok::<_, Error>(input(name, Value::Text(hex::encode(random::<16>()?))));
    let field = |name| Ok::<_, Error>(input(name, Value::Number(field_element()?)));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    // Both below 2^63, so that their sum is a legal amount.
    let [minimum, more] = [u64::from_le_bytes(random()?) >> 1, u64::from_le_bytes(random()?) >> 1];
    let age = u64::from_le_bytes(random()?) % MAX_AGE;
    let verifiers = vec![
        number("minAmount", minimum),
        text("recipient")?,
        number("maxAge", MAX_AGE),
        number("currentTime", now),
        number("now", now),
        text("context")?,
    ];
    let provers = vec![
        number("amount", minimum + more),
        text("sender")?,
        text("transaction")?,
        number("paymentTime", now.saturating_sub(age)),
        field("secret")?,
        field("salt")?,
    ];
    Ok((verifiers, provers))
}

/// Returns a random number below 48 · 2^248. The scalar fields of BN254 and BLS12-381 are a little larger than that.
fn field_element() -> Result<String, Error> {
    let mut bytes: [u8; 32] = random()?;
    let [most_significant, ..] = &mut bytes;
    *most_significant %= 48;
    Ok(format!("0x{}", hex::encode(bytes)))
}

fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], Error> {
    let mut bytes = [0; LENGTH];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(Rejection::new(Code::Internal, "this program has no random numbers").into()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    fn value<'a>(inputs: &'a [Input], name: &str) -> &'a Value {
        &inputs.iter().find(|input| input.name == name).unwrap().value
    }

    fn number(inputs: &[Input], name: &str) -> u64 {
        let Value::Number(number) = value(inputs, name) else { panic!("{name} is a text") };
        number.parse().unwrap()
    }

    #[test]
    fn every_statement_has_values_of_its_own() {
        for circuit in Circuit::value_variants() {
            let [one, other] = [(); 2].map(|()| Statement::random(*circuit).unwrap());
            let constant = ["maxAge", "currentTime"];
            for input in one.inputs.iter().filter(|input| !constant.contains(&input.name)) {
                assert_ne!(input.value, *value(&other.inputs, input.name), "{circuit} {}", input.name);
            }
        }
    }

    #[test]
    fn numbers_are_below_the_moduli_and_have_many_bits() {
        let mut bits = 0;
        for _ in 0..100 {
            let number = field_element().unwrap();
            assert_eq!(number.len(), 2 + 64);
            let first = u8::from_str_radix(number.get(2..4).unwrap(), 16).unwrap();
            // r of BN254 begins with 0x30, and that of BLS12-381 with 0x73.
            assert!(first < 0x30, "{number}");
            bits += first.count_ones();
        }
        assert!(bits > 0);
    }

    #[test]
    fn payments_satisfy_the_circuit() {
        for _ in 0..100 {
            let inputs = Statement::random(Circuit::Payment).unwrap().inputs;
            assert_eq!(inputs.len(), 11);
            assert!(number(&inputs, "amount") >= number(&inputs, "minAmount"));
            let age = number(&inputs, "currentTime").checked_sub(number(&inputs, "paymentTime")).unwrap();
            assert!(age <= number(&inputs, "maxAge"));
        }
    }

    #[test]
    fn verifier_of_a_payment_has_the_time_and_the_commitment_of_the_proof() {
        let statement = Statement::random(Circuit::Payment).unwrap();
        let time = number(&statement.inputs, "currentTime");
        let proven = statement.proven(vec![1], vec![("commitment".to_owned(), "7".to_owned())]);
        assert_eq!((number(&proven.expected, "now"), number(&proven.expected, "commitment")), (time, 7));
        assert!(proven.expected.iter().all(|input| !["currentTime", "amount", "salt"].contains(&input.name)));
    }
}
