//! The result of a run.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use broker_client::Error;
use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

use crate::{
    error::LoadError,
    figures::FigureStats,
    histogram::histogram,
    operation::Operation,
    plan::{Concurrency, Item, Plan, RunLength},
    schedule,
    stats::ThreadStats,
};

/// The sum of what the threads counted.
#[derive(Debug)]
pub struct Sample {
    /// The plan of the run.
    pub plan: Arc<Plan>,
    /// Latencies in nanoseconds, one histogram for each item of the plan.
    latencies: Vec<Histogram<u64>>,
    all: Histogram<u64>,
    /// The figures of proofs.
    figures: FigureStats,
    /// Failed requests by the name of their gRPC status.
    pub errors: BTreeMap<&'static str, u64>,
    /// The first error in full.
    pub first_error: Option<Error>,
    last: Option<Instant>,
    /// The time from the start to the last answer.
    elapsed: Duration,
    server_time: Option<Duration>,
    own_time: Duration,
    /// The number of requests of a rate that were due.
    due: Option<u64>,
    /// `true` where the run was interrupted.
    pub interrupted: bool,
}

impl Sample {
    /// Returns the sample of a run of which nothing was measured yet.
    ///
    /// # Errors
    /// Fails where a histogram cannot be made.
    pub fn new(plan: Arc<Plan>) -> Result<Self, LoadError> {
        Ok(Self {
            latencies: plan.items.iter().map(|_| histogram()).collect::<Result<_, _>>()?,
            all: histogram()?,
            figures: FigureStats::new()?,
            plan,
            errors: BTreeMap::new(),
            first_error: None,
            last: None,
            elapsed: Duration::ZERO,
            server_time: None,
            own_time: Duration::ZERO,
            due: None,
            interrupted: false,
        })
    }

    /// Adds what a thread counted.
    ///
    /// # Errors
    /// Fails where a latency is out of the bounds of the sum.
    pub(crate) fn add(&mut self, stats: ThreadStats) -> Result<(), LoadError> {
        let failed = |source| LoadError::local("cannot add up the latencies", source);
        for (sum, part) in self.latencies.iter_mut().zip(&stats.latencies) {
            sum.add(part).map_err(failed)?;
            self.all.add(part).map_err(failed)?;
        }
        if let Some(figures) = &stats.figures {
            self.figures.add(figures)?;
        }
        for (name, count) in stats.errors {
            *self.errors.entry(name).or_default() += count;
        }
        self.first_error = self.first_error.take().or(stats.first_error);
        self.last = self.last.max(stats.last);
        Ok(())
    }

    /// Sets when the measurement began and what processor time the broker and this program took.
    pub(crate) fn set_times(&mut self, start: Instant, server: Option<Duration>, own: Duration) {
        self.elapsed = self.last.unwrap_or_else(Instant::now).saturating_duration_since(start);
        self.server_time = server;
        self.own_time = own;
    }

    /// Sets how many requests of the rate were due in this time.
    pub(crate) fn set_requests_due(&mut self, time: Duration) {
        let due = self.plan.rate.map(|rate| schedule::requests_due(rate, time));
        self.due = due.map(|due| u64::try_from(due).unwrap_or(u64::MAX));
    }

    /// Returns how many requests were answered.
    pub fn answered(&self) -> u64 {
        self.all.len()
    }

    /// Returns how many requests failed.
    pub fn failed(&self) -> u64 {
        self.errors.values().sum()
    }

    /// Returns how many requests were answered or failed.
    pub fn requests(&self) -> u64 {
        self.answered() + self.failed()
    }

    /// Returns how many requests were answered each second.
    pub fn throughput(&self) -> f64 {
        if self.elapsed.is_zero() { 0.0 } else { self.answered() as f64 / self.elapsed.as_secs_f64() }
    }

    /// Returns how many requests of a rate were due and not begun, because earlier ones took too long. Returns `None` where
    /// that is not known.
    pub fn not_begun(&self) -> Option<u64> {
        self.due.filter(|_| !self.interrupted).map(|due| due.saturating_sub(self.requests()))
    }

    /// Returns the time from the start to the last answer.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Returns the broker's processor time for each request in microseconds. Returns `None` where it cannot be read, or where
    /// the run was shorter than the steps in which the kernel counts.
    pub fn server_cpu(&self) -> Option<f64> {
        self.server_time.filter(|time| !time.is_zero()).and_then(|time| self.per_request(time))
    }

    /// Returns the processor time of this program for each request in microseconds.
    pub fn client_cpu(&self) -> Option<f64> {
        self.per_request(self.own_time)
    }

    fn per_request(&self, time: Duration) -> Option<f64> {
        (self.requests() > 0).then(|| time.as_secs_f64() * 1e6 / self.requests() as f64)
    }

    /// Returns the latencies of all items, in nanoseconds.
    pub fn latencies(&self) -> &Histogram<u64> {
        &self.all
    }

    /// Returns where the time of proofs went: each figure with its median in nanoseconds. Empty where no proof was made.
    pub fn proof_figures(&self) -> Vec<(&'static str, u64)> {
        self.figures.medians()
    }

    /// Returns each item of the plan with its latencies in nanoseconds.
    pub fn by_item(&self) -> impl Iterator<Item = (&Item, &Histogram<u64>)> {
        self.plan.items.iter().zip(&self.latencies)
    }

    /// Returns the run as a JSON object: its plan and its results. Keys that do not apply to the run are absent.
    pub fn to_json(&self) -> Map<String, Value> {
        let plan = &*self.plan;
        let mut object = Map::new();
        let mut set = |name: &str, value: Value| {
            if !value.is_null() {
                object.insert(name.to_owned(), value);
            }
        };
        set("operation", json!(plan.mix.to_string()));
        if let [item] = plan.items.as_slice() {
            for (name, value) in parameters(item) {
                set(name, value);
            }
        } else {
            let items = self.by_item().map(|(item, latencies)| {
                let mut entry = Map::new();
                entry.insert("operation".to_owned(), json!(item.operation.to_string()));
                entry.insert("weight".to_owned(), json!(item.weight));
                entry.extend(parameters(item).map(|(name, value)| (name.to_owned(), value)));
                entry.insert("samples".to_owned(), json!(latencies.len()));
                entry.insert("latency_us".to_owned(), latency(latencies));
                Value::Object(entry)
            });
            set("operations", items.collect());
        }
        set("wire", json!(plan.wire.to_string()));
        set("client", json!(plan.client.to_string()));
        set("lane", json!(plan.lane.to_string()));
        match plan.concurrency {
            Concurrency::Callers(callers) => set("concurrency", json!(callers)),
            Concurrency::Window(window) => set("window", json!(window)),
        }
        set("connections", json!(plan.connections));
        set("threads", json!(plan.threads));
        set("rate_per_s", json!(plan.rate));
        set("pin", json!(plan.pin));
        set("warm_up_s", json!(plan.warm_up.as_secs_f64()));
        match plan.length {
            RunLength::Duration(time) => set("planned_duration_s", json!(time.as_secs_f64())),
            RunLength::Requests(requests) => set("planned_requests", json!(requests)),
        }
        set("duration_s", json!(rounded(self.elapsed.as_secs_f64(), 6)));
        set("requests", json!(self.requests()));
        set("errors", json!(self.errors));
        set("not_begun", json!(self.not_begun()));
        set("throughput_per_s", json!(rounded(self.throughput(), 1)));
        set("latency_us", latency(&self.all));
        set("samples", json!(self.answered()));
        if plan.items.iter().any(|item| item.operation == Operation::Prove) {
            set("figures_us", self.figures.to_json());
        }
        set("server_cpu_us_per_call", json!(self.server_cpu().map(|time| rounded(time, 3))));
        set("client_cpu_us_per_call", json!(self.client_cpu().map(|time| rounded(time, 3))));
        if self.interrupted {
            set("interrupted", json!(true));
        }
        object
    }
}

/// Returns the parameters that apply to an operation.
fn parameters(item: &Item) -> impl Iterator<Item = (&'static str, Value)> {
    let operation = item.operation;
    let certificate = operation == Operation::SignCertificate;
    [
        ("profile", operation.has_profile().then(|| json!(item.profile))),
        ("size", operation.has_size().then(|| json!(item.size))),
        ("issuer", certificate.then(|| json!(item.issuer.to_string()))),
        ("subject", certificate.then(|| json!(item.subject.to_string()))),
        ("circuit", operation.has_circuit().then(|| json!(item.circuit.to_string()))),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
}

/// The quantiles that are reported, with their names in JSON.
pub const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99_9", 0.999)];

/// Returns nanoseconds as microseconds.
pub fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1000.0
}

/// Returns `{"min","mean","p50","p90","p99","p99_9","max"}`; empty where nothing was answered.
fn latency(latencies: &Histogram<u64>) -> Value {
    if latencies.is_empty() {
        return json!({});
    }
    let mut object = Map::new();
    object.insert("min".to_owned(), json!(micros(latencies.min())));
    object.insert("mean".to_owned(), json!(rounded(latencies.mean() / 1000.0, 3)));
    for (name, quantile) in QUANTILES {
        object.insert(name.to_owned(), json!(micros(latencies.value_at_quantile(quantile))));
    }
    object.insert("max".to_owned(), json!(micros(latencies.max())));
    Value::Object(object)
}

/// Rounds to this many digits after the decimal point.
fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}
