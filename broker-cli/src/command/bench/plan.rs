//! One run, checked: what is called, over what, by how many, for how long.

use std::time::Duration;

use crate::{
    args::{Driver, Driving, KeyType, Lane, Mix, Operation, Run, Wire},
    error::Failure,
};

/// How many callers share the requests of a rate when nobody says.
const CALLERS_FOR_A_RATE: u32 = 64;
/// How long requests are begun when nobody says.
const DURATION: Duration = Duration::from_secs(5);

/// Everything that a run is made of.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// As it was typed.
    pub(super) mix: Mix,
    /// The same with what each operation needs.
    pub(super) items: Vec<Item>,
    pub(super) lane: Lane,
    pub(super) shape: Shape,
    /// Requests each second; `None` is as many as there are answers.
    pub(super) rate: Option<u32>,
    pub(super) amount: Amount,
    pub(super) wire: Wire,
    pub(super) client: Driver,
    pub(super) connections: u32,
    pub(super) threads: u32,
    pub(super) pin: Option<Vec<usize>>,
    pub(super) warm_up: Duration,
}

/// One operation of the mix.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) operation: Operation,
    pub(super) weight: u32,
    pub(super) profile: String,
    pub(super) size: u32,
    pub(super) issuer: KeyType,
    pub(super) subject: KeyType,
}

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// So many callers, who share the connections.
    Callers(u32),
    /// One caller for each connection, with so many requests under way.
    Window(u32),
}

/// When a run is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    Duration(Duration),
    Requests(u64),
}

impl Plan {
    /// What the options say, if it makes sense together.
    pub(super) fn new(run: &Run) -> Result<Self, Failure> {
        let callers = run.concurrency.unwrap_or(if run.rate.is_some() { CALLERS_FOR_A_RATE } else { 1 });
        let items = run.operation.0.iter().map(|share| {
            let profile = run.profile.as_deref();
            Item {
                operation: share.operation,
                weight: share.weight,
                profile: profile.unwrap_or_else(|| share.operation.usual_profile(run.issuer)).to_owned(),
                size: run.size,
                issuer: run.issuer,
                subject: run.subject,
            }
        });
        let driver = &run.driver;
        Self {
            mix: run.operation.clone(),
            items: items.collect(),
            lane: run.lane,
            shape: run.window.map_or(Shape::Callers(callers), Shape::Window),
            rate: run.rate,
            amount: match run.requests {
                Some(requests) => Amount::Requests(requests),
                None => Amount::Duration(run.duration.unwrap_or(DURATION)),
            },
            wire: driver.wire,
            client: client(driver)?,
            connections: driver.connections,
            threads: driver.threads,
            pin: driver.pin.as_ref().map(|pin| pin.0.clone()),
            warm_up: driver.warm_up,
        }
        .checked()
    }

    /// How many requests are under way at most.
    pub(super) fn callers(&self) -> u32 {
        match self.shape {
            Shape::Callers(callers) => callers,
            Shape::Window(window) => window.saturating_mul(self.connections),
        }
    }

    fn checked(self) -> Result<Self, Failure> {
        let refuse = |text: String| Err(Failure::Usage(text));
        if let (Shape::Window(window), Lane::Unary) = (self.shape, self.lane) {
            return refuse(format!(
                "--window is for one caller down the pipeline: add --lane pipeline, or say --concurrency {window} for as \
                 many callers that each wait for their answer"
            ));
        }
        if self.lane == Lane::Pipeline && self.wire != Wire::V1 {
            return refuse(format!("--wire {} has no pipeline; only v1 has, so say --lane unary", self.wire));
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
                return refuse("health is no operation of the pipeline: say --lane unary".to_owned());
            }
        }
        if self.threads > self.connections {
            let threads = self.threads;
            return refuse(format!(
                "a thread without a connection has nothing to do: say --connections {threads} or more for --threads {threads}"
            ));
        }
        if self.connections > self.callers() {
            let connections = self.connections;
            return refuse(format!(
                "a connection without a caller has nothing to do: say --concurrency {connections} or more for --connections \
                 {connections}"
            ));
        }
        if let Amount::Requests(requests) = self.amount
            && requests < u64::from(self.threads)
        {
            return refuse(format!(
                "--requests {requests} is less than one for each of {} threads",
                self.threads
            ));
        }
        Ok(self)
    }
}

/// Who drives, where it is not said: what an application would use, and for the older wires there is only the stub.
fn client(driver: &Driving) -> Result<Driver, Failure> {
    match (driver.wire, driver.client) {
        (_, Some(Driver::Stub)) => Ok(Driver::Stub),
        (Wire::V1, _) => Ok(Driver::Library),
        (_, None) => Ok(Driver::Stub),
        (wire, Some(Driver::Library)) => Err(Failure::Usage(format!(
            "the client library speaks v1 only: leave --client library away, or say --wire v1 in place of --wire {wire}"
        ))),
    }
}

fn offers(wire: Wire, operation: Operation) -> bool {
    wire == Wire::V1
        || matches!(operation, Operation::HashData | Operation::SignCertificate | Operation::Health)
}
