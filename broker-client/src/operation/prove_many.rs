//! The operation ProveMany: many proofs with one key on one stream.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use broker_proto::v1::{self, prove_many_request::Part, prove_many_response::Result as ProofResult};
use prost::Message as _;
use tokio_stream::Stream;

use super::ProveResponse;
use crate::{
    client::{Client, Exchange},
    error::{Error, Rejection},
    message::{
        Assignment, Fingerprint, NamedValue, OperationRequest, OperationResponse as _, Options, ProofFormat,
        Secret, assignment_options, common_options, fingerprint_option,
    },
    method::Method,
    retry::KeyUse,
    status::Status,
    wire,
};

pub(crate) const METHOD: Method = Method::new("/cryptobroker.v1.Groth16Service/ProveMany", KeyUse::Keyed);

/// Requests proofs of many statements with one key. [`Client::prove_many`](crate::Client::prove_many) sends it with the
/// statements.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct ProveManyRequest {
    circuit: String,
    format: ProofFormat,
    expected_key: Option<Fingerprint>,
    options: Options,
}

impl ProveManyRequest {
    /// Creates a request for proofs of this circuit.
    pub fn new(circuit: impl Into<String>) -> Self {
        Self {
            circuit: circuit.into(),
            format: ProofFormat::default(),
            expected_key: None,
            options: Options::default(),
        }
    }

    /// Sets the format of the proofs. Default: [`ProofFormat::SnarkjsJson`].
    pub fn format(mut self, format: ProofFormat) -> Self {
        self.format = format;
        self
    }

    fingerprint_option!();
    common_options!(
        "Sets how long the whole stream may take. Default: no limit; the profile limits each proof."
    );
}

impl OperationRequest for ProveManyRequest {
    type Message = v1::ProveManyHeader;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::ProveManyHeader {
        v1::ProveManyHeader {
            profile,
            circuit: self.circuit,
            proof_format: self.format.to_wire(),
            expected_fingerprint: Fingerprint::to_wire(self.expected_key),
            metadata: Some(metadata),
        }
    }
}

/// A statement to prove: inputs by name, or a witness. It must fit a message, for which a broker's default limit is 2 MiB.
///
/// Inputs and witness are wiped when this value is dropped or sent, and never printed. [Secrets](crate#secrets) describes
/// the copies that the transport makes.
#[derive(Debug, Clone)]
pub struct ProveManyItem {
    sequence: u64,
    assignment: Assignment,
}

impl ProveManyItem {
    /// Creates an item with a number, which its response has, too. The broker does not interpret it.
    pub fn new(sequence: u64) -> Self {
        Self { sequence, assignment: Assignment::default() }
    }

    assignment_options!();

    pub(crate) fn into_message(self) -> v1::ProveManyRequest {
        let item = v1::ProveManyItem {
            inputs: NamedValue::into_messages(self.assignment.inputs),
            witness: self.assignment.witness.map(Secret::into_vec).unwrap_or_default(),
        };
        v1::ProveManyRequest { sequence: self.sequence, part: Some(Part::Item(item)) }
    }
}

/// The response to a [`ProveManyItem`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProveManyResponse {
    /// The number of the item.
    pub sequence: u64,
    /// The proof, or why the broker refuses the item. Other items are not affected.
    pub result: Result<ProveResponse, Rejection>,
}

impl ProveManyResponse {
    pub(crate) fn from_message(message: v1::ProveManyResponse) -> Result<Self, Error> {
        let result = match message.result {
            Some(ProofResult::Proof(proof)) => Ok(ProveResponse::from_message(proof)?),
            Some(ProofResult::Error(status)) => Err(rejection(&status)?),
            None => return Err(Error::protocol("ProveManyResponse without a result")),
        };
        Ok(Self { sequence: message.sequence, result })
    }
}

impl Client {
    /// Proves many statements with one key. The broker makes as many proofs at the same time as it has threads for long work,
    /// keeps one more item waiting, and reads no further until one of them is done, or while the responses are not read. Each
    /// item has one response, in the order in which the proofs are completed; an item that the broker refuses does not affect
    /// the others. Dropping the responses interrupts all proofs.
    ///
    /// Like a stream of data, the call is attempted once, after a check of the broker's health. Items are sent only while
    /// [`Proofs::next`] is awaited.
    ///
    /// ```no_run
    /// use broker_client::{ProveManyItem, ProveManyRequest};
    ///
    /// # async fn run(client: broker_client::Client) -> Result<(), broker_client::Error> {
    /// let items = (2..100).map(|number| ProveManyItem::new(number).input("a", 3).input("b", number));
    /// let request = ProveManyRequest::new("multiply").profile("Groth16-Dev");
    /// let mut proofs = client.prove_many(request, tokio_stream::iter(items)).await?;
    /// while let Some(response) = proofs.next().await? {
    ///     match response.result {
    ///         Ok(proof) => println!("{}: {}", response.sequence, proof.public_signals[0].value),
    ///         Err(refusal) => eprintln!("{}: {refusal}", response.sequence),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Fails where the stream cannot begin. A refusal of the request as a whole is the first result of [`Proofs::next`].
    pub async fn prove_many(
        &self,
        request: ProveManyRequest,
        items: impl Stream<Item = ProveManyItem> + Send + 'static,
    ) -> Result<Proofs, Error> {
        let items = Messages { items: Box::pin(items) };
        Ok(Proofs(self.exchange(&METHOD, request, first, items).await?))
    }
}

/// Returns the first message of the stream.
fn first(header: v1::ProveManyHeader) -> v1::ProveManyRequest {
    v1::ProveManyRequest { sequence: 0, part: Some(Part::Header(header)) }
}

/// The items as messages.
struct Messages<S> {
    items: Pin<Box<S>>,
}

impl<S: Stream<Item = ProveManyItem>> Stream for Messages<S> {
    type Item = v1::ProveManyRequest;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.items.as_mut().poll_next(context).map(|item| item.map(ProveManyItem::into_message))
    }
}

/// The responses to the items of [`Client::prove_many`]. Dropping it ends the call, and interrupts its proofs.
#[derive(Debug)]
pub struct Proofs(Exchange);

impl Proofs {
    /// Sends further items, and waits for the next response; `None` when all items have one.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Refused`](crate::ErrorKind::Refused) when the broker refuses the request as a whole, and with
    /// another [`ErrorKind`](crate::ErrorKind) when the stream breaks. Items without a response may have been proven.
    pub async fn next(&mut self) -> Result<Option<ProveManyResponse>, Error> {
        match self.0.next().await? {
            Some(message) => ProveManyResponse::from_message(wire::decode(message)?).map(Some),
            None => Ok(None),
        }
    }
}

#[cfg(feature = "blocking")]
pub(crate) mod blocking {
    use super::{Error, ProveManyItem, ProveManyRequest, ProveManyResponse};
    use crate::client::blocking::{Client, Responses};

    impl Client {
        /// Proves many statements with one key, like [`crate::Client::prove_many`]. The responses are an iterator. While the
        /// iterator of the items waits, every call on this connection waits too.
        ///
        /// # Errors
        /// Fails like [`crate::Client::prove_many`].
        pub fn prove_many(
            &self,
            request: ProveManyRequest,
            items: impl Iterator<Item = ProveManyItem> + Send + 'static,
        ) -> Result<Proofs, Error> {
            let inner = self.block_on(self.inner().prove_many(request, tokio_stream::iter(items)))?;
            Ok(Proofs(Responses::new(inner, self.runner())))
        }
    }

    /// The responses to the items of [`Client::prove_many`]. Waiting for the next one blocks, and sends further items. An
    /// error is the last item.
    #[derive(Debug)]
    pub struct Proofs(Responses<super::Proofs>);

    impl Iterator for Proofs {
        type Item = Result<ProveManyResponse, Error>;

        fn next(&mut self) -> Option<Self::Item> {
            self.0.next(async |proofs| proofs.next().await)
        }
    }
}

fn rejection(status: &broker_proto::rpc::Status) -> Result<Rejection, Error> {
    match Status::from_message(status.encode_to_vec().into()) {
        Ok(Some(status)) => Ok(Rejection::from_status(status)),
        Ok(None) => Err(Error::protocol("an error of an item whose code is OK")),
        Err(error) => Err(Error::protocol(error.to_string())),
    }
}

#[cfg(test)]
#[test]
fn declaration_matches_protocol() {
    crate::operation::declare::check::exchange::<ProveManyRequest>(&METHOD);
}
