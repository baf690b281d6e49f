//! What a run has shown.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use broker_client::Error;
use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

use super::{
    pace,
    plan::{Amount, Plan, Shape},
    tally::{Tally, histogram},
};
use crate::error::Failure;

/// The sum of what the threads counted.
pub(super) struct Sample {
    pub(super) plan: Arc<Plan>,
    /// For each item of the plan, in nanoseconds.
    latencies: Vec<Histogram<u64>>,
    all: Histogram<u64>,
    pub(super) errors: BTreeMap<&'static str, u64>,
    pub(super) first_error: Option<Error>,
    last: Option<Instant>,
    /// From the start to the last answer.
    elapsed: Duration,
    server_time: Option<Duration>,
    own_time: Duration,
    /// How many requests of a rate were due.
    due: Option<u64>,
    pub(super) interrupted: bool,
}

impl Sample {
    /// Nothing yet.
    pub(super) fn new(plan: Arc<Plan>) -> Result<Self, Failure> {
        Ok(Self {
            latencies: plan.items.iter().map(|_| histogram()).collect::<Result<_, _>>()?,
            all: histogram()?,
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
    pub(super) fn add(&mut self, tally: Tally) -> Result<(), Failure> {
        let failed = |source| Failure::local("cannot add up the latencies", source);
        for (sum, part) in self.latencies.iter_mut().zip(&tally.latencies) {
            sum.add(part).map_err(failed)?;
            self.all.add(part).map_err(failed)?;
        }
        for (name, count) in tally.errors {
            *self.errors.entry(name).or_default() += count;
        }
        self.first_error = self.first_error.take().or(tally.first_error);
        self.last = self.last.max(tally.last);
        Ok(())
    }

    /// When it began and what it took.
    pub(super) fn time(&mut self, start: Instant, server: Option<Duration>, own: Duration) {
        self.elapsed = self.last.unwrap_or_else(Instant::now).saturating_duration_since(start);
        self.server_time = server;
        self.own_time = own;
    }

    /// So many requests of the rate were due in this time.
    pub(super) fn expect(&mut self, time: Duration) {
        let due = self.plan.rate.map(|rate| pace::due(rate, time));
        self.due = due.map(|due| u64::try_from(due).unwrap_or(u64::MAX));
    }

    /// How many requests were answered.
    pub(super) fn answered(&self) -> u64 {
        self.all.len()
    }

    /// How many failed.
    pub(super) fn failed(&self) -> u64 {
        self.errors.values().sum()
    }

    /// How many were answered or failed.
    pub(super) fn requests(&self) -> u64 {
        self.answered() + self.failed()
    }

    /// Answers each second.
    pub(super) fn throughput(&self) -> f64 {
        if self.elapsed.is_zero() { 0.0 } else { self.answered() as f64 / self.elapsed.as_secs_f64() }
    }

    /// Requests of a rate that were due and never begun, because those before them took too long.
    pub(super) fn not_begun(&self) -> Option<u64> {
        self.due.filter(|_| !self.interrupted).map(|due| due.saturating_sub(self.requests()))
    }

    /// From the start to the last answer.
    pub(super) fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Of each request that was sent, the broker's processor time in microseconds. A run that is shorter than the steps in
    /// which the kernel counts has none.
    pub(super) fn server_cpu(&self) -> Option<f64> {
        self.server_time.filter(|time| !time.is_zero()).and_then(|time| self.each(time))
    }

    /// The same of this program.
    pub(super) fn client_cpu(&self) -> Option<f64> {
        self.each(self.own_time)
    }

    fn each(&self, time: Duration) -> Option<f64> {
        (self.requests() > 0).then(|| time.as_secs_f64() * 1e6 / self.requests() as f64)
    }

    /// Latencies of everything, in nanoseconds.
    pub(super) fn latencies(&self) -> &Histogram<u64> {
        &self.all
    }

    /// Latencies of each item of the plan.
    pub(super) fn by_item(&self) -> impl Iterator<Item = (&super::plan::Item, &Histogram<u64>)> {
        self.plan.items.iter().zip(&self.latencies)
    }

    /// Everything, on one line for machines. What does not belong to the run is absent.
    pub(super) fn to_json(&self) -> Map<String, Value> {
        let plan = &*self.plan;
        let mut it = Map::new();
        let mut set = |name: &str, value: Value| {
            if !value.is_null() {
                it.insert(name.to_owned(), value);
            }
        };
        set("operation", json!(plan.mix.to_string()));
        if let [item] = plan.items.as_slice() {
            for (name, value) in parameters(item) {
                set(name, value);
            }
        } else {
            let items = self.by_item().map(|(item, latencies)| {
                let mut one = Map::new();
                one.insert("operation".to_owned(), json!(item.operation.to_string()));
                one.insert("weight".to_owned(), json!(item.weight));
                one.extend(parameters(item).map(|(name, value)| (name.to_owned(), value)));
                one.insert("samples".to_owned(), json!(latencies.len()));
                one.insert("latency_us".to_owned(), latency(latencies));
                Value::Object(one)
            });
            set("operations", items.collect());
        }
        set("wire", json!(plan.wire.to_string()));
        set("client", json!(plan.client.to_string()));
        set("lane", json!(plan.lane.to_string()));
        match plan.shape {
            Shape::Callers(callers) => set("concurrency", json!(callers)),
            Shape::Window(window) => set("window", json!(window)),
        }
        set("connections", json!(plan.connections));
        set("threads", json!(plan.threads));
        set("rate_per_s", json!(plan.rate));
        set("pin", json!(plan.pin));
        set("warm_up_s", json!(plan.warm_up.as_secs_f64()));
        match plan.amount {
            Amount::Duration(time) => set("planned_duration_s", json!(time.as_secs_f64())),
            Amount::Requests(requests) => set("planned_requests", json!(requests)),
        }
        set("duration_s", json!(rounded(self.elapsed.as_secs_f64(), 6)));
        set("requests", json!(self.requests()));
        set("errors", json!(self.errors));
        set("not_begun", json!(self.not_begun()));
        set("throughput_per_s", json!(rounded(self.throughput(), 1)));
        set("latency_us", latency(&self.all));
        set("samples", json!(self.answered()));
        set("server_cpu_us_per_call", json!(self.server_cpu().map(|time| rounded(time, 3))));
        set("client_cpu_us_per_call", json!(self.client_cpu().map(|time| rounded(time, 3))));
        if self.interrupted {
            set("interrupted", json!(true));
        }
        it
    }
}

/// What an operation was called with.
fn parameters(item: &super::plan::Item) -> impl Iterator<Item = (&'static str, Value)> {
    use crate::args::Operation;
    let operation = item.operation;
    let certificate = operation == Operation::SignCertificate;
    [
        ("profile", operation.has_profile().then(|| json!(item.profile))),
        ("size", operation.has_size().then(|| json!(item.size))),
        ("issuer", certificate.then(|| json!(item.issuer.to_string()))),
        ("subject", certificate.then(|| json!(item.subject.to_string()))),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
}

/// The quantiles that are reported.
pub(super) const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99_9", 0.999)];

/// Microseconds, rounded to nanoseconds.
pub(super) fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1000.0
}

/// `{"min","mean","p50","p90","p99","p99_9","max"}`; nothing where nothing was answered.
fn latency(latencies: &Histogram<u64>) -> Value {
    if latencies.is_empty() {
        return json!({});
    }
    let mut it = Map::new();
    it.insert("min".to_owned(), json!(micros(latencies.min())));
    it.insert("mean".to_owned(), json!(rounded(latencies.mean() / 1000.0, 3)));
    for (name, quantile) in QUANTILES {
        it.insert(name.to_owned(), json!(micros(latencies.value_at_quantile(quantile))));
    }
    it.insert("max".to_owned(), json!(micros(latencies.max())));
    Value::Object(it)
}

/// So many digits behind the point.
fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}
