//! One run, checked: what is called, with which parameters, by how many callers, and for how long.

use std::time::Duration;

use broker_testca::KeyType;

use crate::{
    error::LoadError,
    mix::Mix,
    operation::Operation,
    options::{ClientKind, Lane, Wire},
    statement::Circuit,
};

/// The definition of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The operations with their weights, for display.
    pub mix: Mix,
    /// The same operations with the parameters of each.
    pub items: Vec<Item>,
    /// The way in which requests travel.
    pub lane: Lane,
    /// The number of requests in flight.
    pub concurrency: Concurrency,
    /// The number of requests that are begun each second; `None` means as many as are answered.
    pub rate: Option<u32>,
    /// When the run ends.
    pub length: RunLength,
    /// The protocol.
    pub wire: Wire,
    /// The code that sends requests.
    pub client: ClientKind,
    /// The number of connections that the callers share.
    pub connections: u32,
    /// The number of threads over which the connections are spread.
    pub threads: u32,
    /// The processors that this program is kept on.
    pub pin: Option<Vec<usize>>,
    /// The time for which calls are made before they are counted.
    pub warm_up: Duration,
}

/// One operation of a plan with its parameters.
#[derive(Clone, Debug)]
pub struct Item {
    /// The operation.
    pub operation: Operation,
    /// Its weight in the mix.
    pub weight: u32,
    /// The profile of its requests.
    pub profile: String,
    /// The bytes that are hashed, signed or encrypted.
    pub size: u32,
    /// The type of the CA's key, for certificates.
    pub issuer: KeyType,
    /// The type of the certified key, for certificates.
    pub subject: KeyType,
    /// The circuit, for proofs.
    pub circuit: Circuit,
}

/// How many requests are in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concurrency {
    /// This many callers share the connections. Each sends, waits for the answer and sends again.
    Callers(u32),
    /// One caller for each connection keeps this many requests in flight.
    Window(u32),
}

/// When a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunLength {
    /// Requests are begun for this time.
    Duration(Duration),
    /// This many requests are sent.
    Requests(u64),
}

impl Plan {
    /// Returns the plan if its options go together.
    ///
    /// # Errors
    /// Fails with [`LoadError::Usage`], which names the options and a combination that works.
    pub fn checked(self) -> Result<Self, LoadError> {
        let refuse = |text: String| Err(LoadError::Usage(text));
        if let (Concurrency::Window(window), Lane::Unary) = (self.concurrency, self.lane) {
            return refuse(format!(
                "--window needs the pipeline: add --lane pipeline, or use --concurrency {window} for that many callers \
                 that each wait for their answer"
            ));
        }
        if self.lane == Lane::Pipeline && self.wire != Wire::V1 {
            return refuse(format!("--wire {} has no pipeline; use --lane unary, or --wire v1", self.wire));
        }
        for item in &self.items {
            let operation = item.operation;
            if !offers(self.wire, operation) {
                return refuse(format!(
                    "--wire {} has no {operation}; it has hash-data, sign-certificate and health",
                    self.wire
                ));
            }
            if self.lane == Lane::Pipeline && operation == Operation::Health {
                return refuse("health is not an operation of the pipeline; use --lane unary".to_owned());
            }
        }
        if self.threads > self.connections {
            let threads = self.threads;
            return refuse(format!(
                "every thread needs a connection: use --connections {threads} or more for --threads {threads}"
            ));
        }
        if self.connections > self.max_in_flight() {
            let connections = self.connections;
            return refuse(format!(
                "every connection needs a caller: use --concurrency {connections} or more for --connections {connections}"
            ));
        }
        if let RunLength::Requests(requests) = self.length
            && requests < u64::from(self.threads)
        {
            return refuse(format!(
                "--requests {requests} is less than one request for each of {} threads",
                self.threads
            ));
        }
        Ok(self)
    }

    /// Returns how many requests are in flight at most.
    pub fn max_in_flight(&self) -> u32 {
        match self.concurrency {
            Concurrency::Callers(callers) => callers,
            Concurrency::Window(window) => window.saturating_mul(self.connections),
        }
    }
}

fn offers(wire: Wire, operation: Operation) -> bool {
    wire == Wire::V1
        || matches!(operation, Operation::HashData | Operation::SignCertificate | Operation::Health)
}
