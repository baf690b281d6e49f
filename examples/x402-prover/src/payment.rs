//! The request and the answer of `/generate-proof`, and the circuit `payment`.

use aws_lc_rs::rand;
use broker_client::{InputValue, ProveRequest, ProveResponse};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use zeroize::Zeroizing;

use crate::json::{Members, Value};

/// The circuit's name.
const CIRCUIT: &str = "payment";

/// The members of a request.
const MEMBERS: &[Member] = &[
    Member::new("minAmount", Kind::Integer, Absent::Refused).input("minAmount"),
    Member::new("recipientKey", Kind::Text, Absent::Refused).input("recipient"),
    Member::new("maxBlockAge", Kind::Integer, Absent::Refused).input("maxAge"),
    Member::new("currentTime", Kind::Integer, Absent::Refused).input("currentTime"),
    Member::new("actualAmount", Kind::Integer, Absent::Refused).input("amount"),
    Member::new("senderKey", Kind::Text, Absent::Refused).input("sender"),
    Member::new("txHash", Kind::Text, Absent::Refused).input("transaction"),
    Member::new("paymentTime", Kind::Integer, Absent::Refused).input("paymentTime"),
    // The circuit verifies no signature, so this one is not passed on.
    Member::new("signature", Kind::Text, Absent::Nothing),
    // The circuit needs these besides.
    Member::new("context", Kind::Text, Absent::Text("x402")).input("context"),
    Member::new("secret", Kind::Field, Absent::Random).input("secret"),
    Member::new("salt", Kind::Field, Absent::Random).input("salt"),
];

/// A member of a request.
struct Member {
    name: &'static str,
    kind: Kind,
    absent: Absent,
    /// The circuit's input that has its value.
    input: Option<&'static str>,
}

impl Member {
    const fn new(name: &'static str, kind: Kind, absent: Absent) -> Self {
        Self { name, kind, absent, input: None }
    }

    const fn input(mut self, input: &'static str) -> Self {
        self.input = Some(input);
        self
    }
}

/// What a member may be.
#[derive(Clone, Copy)]
enum Kind {
    /// An integer below 2^64, as a number or as digits in a string.
    Integer,
    /// A number in the broker's syntax; the broker checks its bound. The member has the name of the input, which the broker's
    /// errors name.
    Field,
    /// A string.
    Text,
}

/// What happens where a request does not have a member.
#[derive(Clone, Copy)]
enum Absent {
    Refused,
    /// Nothing is done.
    Nothing,
    /// It has this value.
    Text(&'static str),
    /// A random number is drawn, and returned with the proof.
    Random,
}

/// Why a request is refused before the broker has it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("the body is not a JSON object: line {line}, column {column}")]
    NotAnObject { line: usize, column: usize },
    #[error("`{name}` is no member of a request")]
    Unknown { name: String },
    #[error("`{0}` is given twice")]
    Duplicate(&'static str),
    #[error("`{0}` is missing")]
    Missing(&'static str),
    #[error("`{0}` must be an integer from 0 to 18446744073709551615, as a number or in a string")]
    NotAnInteger(&'static str),
    #[error("`{0}` must be a non-negative integer, as a number or, if it is large, in a string")]
    NotANumber(&'static str),
    #[error("`{0}` must be a string")]
    NotText(&'static str),
    #[error("the system has no random numbers")]
    Randomness,
}

/// A request to the broker, and what was drawn for it.
pub(crate) struct Payment {
    pub(crate) call: ProveRequest,
    pub(crate) drawn: Drawn,
}

/// The names and values of the numbers that were drawn, in hexadecimal digits.
type Drawn = Vec<(&'static str, Zeroizing<String>)>;

impl Payment {
    /// Reads the body of a request.
    ///
    /// # Errors
    ///
    /// [`RequestError`] names the member, and no value.
    pub(crate) fn read(body: &[u8]) -> Result<Self, RequestError> {
        let Members(given) = serde_json::from_slice(body)
            // The parser's own message may quote a value.
            .map_err(|error| RequestError::NotAnObject { line: error.line(), column: error.column() })?;
        let mut values: Vec<Option<Value>> = MEMBERS.iter().map(|_| None).collect();
        for (name, value) in given {
            let place = MEMBERS.iter().zip(&mut values).find(|(member, _)| member.name == name);
            match place {
                None => return Err(RequestError::Unknown { name: name.chars().take(64).collect() }),
                Some((member, Some(_))) => return Err(RequestError::Duplicate(member.name)),
                Some((_, place)) => *place = Some(value),
            }
        }
        let mut payment = Self { call: ProveRequest::new(CIRCUIT), drawn: Drawn::new() };
        for (member, value) in MEMBERS.iter().zip(values) {
            let value = match value {
                Some(value) => Some(member.kind.read(member.name, value)?),
                None => payment.absent(member)?,
            };
            if let (Some(input), Some(value)) = (member.input, value) {
                payment.call = payment.call.input(input, value);
            }
        }
        Ok(payment)
    }

    /// Returns the value of a member that the request does not have.
    fn absent(&mut self, member: &Member) -> Result<Option<InputValue>, RequestError> {
        match member.absent {
            Absent::Refused => Err(RequestError::Missing(member.name)),
            Absent::Nothing => Ok(None),
            Absent::Text(text) => Ok(Some(InputValue::text(text))),
            Absent::Random => {
                let number = random()?;
                self.drawn.push((member.name, number.clone()));
                Ok(Some(number.into()))
            }
        }
    }
}

impl Kind {
    fn read(self, name: &'static str, value: Value) -> Result<InputValue, RequestError> {
        match (self, value) {
            (Self::Integer | Self::Field, Value::Integer(integer)) => Ok((*integer).into()),
            (Self::Integer, Value::Text(text)) => integer(&text).ok_or(RequestError::NotAnInteger(name)),
            (Self::Integer, Value::Other) => Err(RequestError::NotAnInteger(name)),
            (Self::Field, Value::Text(text)) => Ok(text.into()),
            (Self::Field, Value::Other) => Err(RequestError::NotANumber(name)),
            (Self::Text, Value::Text(mut text)) => Ok(InputValue::text(std::mem::take(&mut *text))),
            (Self::Text, Value::Integer(_) | Value::Other) => Err(RequestError::NotText(name)),
        }
    }
}

/// Reads decimal digits without a sign.
fn integer(text: &str) -> Option<InputValue> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse::<u64>().ok().filter(|_| digits).map(InputValue::from)
}

/// Returns a random number of 248 bits, which is below the modulus.
fn random() -> Result<Zeroizing<String>, RequestError> {
    let mut bytes = Zeroizing::new([0; 31]);
    rand::fill(&mut *bytes).map_err(|_| RequestError::Randomness)?;
    let mut digits = Zeroizing::new([0; 62]);
    hex::encode_to_slice(*bytes, &mut *digits).map_err(|_| RequestError::Randomness)?;
    let mut number = Zeroizing::new(String::with_capacity(2 + digits.len()));
    number.push_str("0x");
    number.extend(digits.iter().copied().map(char::from));
    Ok(number)
}

/// The answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    /// The proof, as text of snarkjs' JSON.
    proof: &'a str,
    /// The values of the public signals, as text of snarkjs' JSON.
    public_inputs: String,
    /// The same with their names.
    signals: Map<String, Json>,
    generation_time_ms: u64,
    /// The circuit verifies no signature.
    signature_verified: bool,
    verifying_key: Key,
    /// What was drawn for this request.
    #[serde(flatten, serialize_with = "write_drawn")]
    drawn: &'a Drawn,
}

/// The key with which the proof is verified.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Key {
    fingerprint: String,
    setup_class: &'static str,
    ephemeral: bool,
}

/// Writes the answer.
///
/// # Errors
///
/// Fails if the proof is not UTF-8, which every broker's is in snarkjs' JSON.
pub(crate) fn answer(
    proved: ProveResponse,
    drawn: &Drawn,
    generation_time_ms: u64,
) -> Result<Vec<u8>, serde_json::Error> {
    let values = proved.public_signals.iter().map(|signal| Json::from(signal.value.as_str()));
    let public_inputs = Json::from_iter(values).to_string();
    let signals = proved.public_signals.into_iter().map(|signal| (signal.name, signal.value.into()));
    let answer = Answer {
        proof: std::str::from_utf8(&proved.proof).map_err(serde::ser::Error::custom)?,
        public_inputs,
        signals: signals.collect(),
        generation_time_ms,
        signature_verified: false,
        verifying_key: Key {
            fingerprint: proved.key.fingerprint.to_string(),
            setup_class: proved.key.setup_class.name(),
            ephemeral: proved.key.ephemeral,
        },
        drawn,
    };
    serde_json::to_vec(&answer)
}

fn write_drawn<S: serde::Serializer>(drawn: &Drawn, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(drawn.iter().map(|(name, number)| (name, number.as_str())))
}
