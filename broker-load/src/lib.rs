//! Load generator of Crypto Broker.
//!
//! A [`Plan`] says what is called, by how many callers and for how long. A [`Generator`] runs plans against one broker and
//! returns a [`Sample`] for each: latencies, throughput, errors and processor time. [`matrix`] measures every combination of
//! parameters and sums them up, and [`chart`] draws results as SVG.
//!
//! | module | what it does |
//! |---|---|
//! | `operation`, `mix`, `options`, `plan` | describe a run and check that its options go together |
//! | `prepare` | makes keys, requests and ciphertexts before the run |
//! | `statement` | random inputs for proofs, made for each request |
//! | `sender` | sends one prepared call: by the client library, or by a generated stub |
//! | `response` | checks the first response of each operation |
//! | `worker`, `schedule`, `stats` | a thread that generates load, when its requests are due, and what it counts |
//! | `generator` | starts the workers and collects what they counted |
//! | `figures` | what the responses to proofs say about their time |
//! | `sample`, `csv` | the result of a run, as JSON and as a line of a table |

#![forbid(unsafe_code)]

pub mod chart;
mod cpu;
pub mod csv;
mod error;
mod figures;
mod generator;
mod histogram;
mod in_turn;
pub mod matrix;
mod mix;
mod operation;
mod options;
mod plan;
mod prepare;
mod response;
mod sample;
mod schedule;
mod sender;
mod statement;
mod stats;
mod worker;

pub use self::{
    cpu::pin_to_processors,
    error::LoadError,
    generator::{Generator, Interrupt, Observer, Progress},
    in_turn::InTurn,
    mix::{Mix, Share},
    operation::Operation,
    options::{ClientKind, Lane, Wire},
    plan::{Concurrency, Item, Plan, RunLength},
    sample::{QUANTILES, Sample, micros},
    statement::{Circuit, Proven, Statement},
};
pub use broker_testca::KeyType;
pub use hdrhistogram::Histogram;
