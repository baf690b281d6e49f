//! `health`.

use std::time::Duration;

use broker_client::{Client, HealthStatus};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    args,
    broker::Endpoint,
    error::{Exit, Failure},
    output::{BAD, GOOD, Output},
    repeat::{Interruption, block_on, repeat},
};

/// How long `--wait` leaves between two questions.
const PAUSE: Duration = Duration::from_millis(50);

/// Asks once, again and again, until the broker serves, or stays and listens.
pub(super) fn run(args: args::Health, endpoint: Endpoint, output: &mut Output) -> Result<(), Failure> {
    block_on(async {
        let broker = endpoint.client()?;
        if args.watch {
            return watch(&broker, output).await;
        }
        if let Some(time) = args.wait {
            return wait(&broker, time, output).await;
        }
        repeat(args.repeat, output, async |output: &mut Output| print(broker.health("").await?, output)).await
    })
}

/// Asks until the broker serves or the time is over; what it said last is the result.
async fn wait(broker: &Client, time: Duration, output: &mut Output) -> Result<(), Failure> {
    let end = Instant::now() + time;
    let mut last = None;
    loop {
        match timeout_at(end, broker.health("")).await {
            Ok(Ok(HealthStatus::Serving)) => return print(HealthStatus::Serving, output),
            Ok(answer) => last = Some(answer),
            // The last question was cut off; an earlier answer says more.
            Err(_) => break,
        }
        if Instant::now() + PAUSE >= end {
            break;
        }
        sleep(PAUSE).await;
    }
    match last {
        Some(answer) => print(answer?, output),
        None => Err(Failure::Unreachable {
            message: format!("the broker did not answer within {time:?}"),
            next: Vec::new(),
        }),
    }
}

/// Prints each change; the exit code after an interruption is that of the last one.
async fn watch(broker: &Client, output: &mut Output) -> Result<(), Failure> {
    let mut interruption = Interruption::new()?;
    let mut last = Ok(());
    let mut changes = tokio::select! {
        () = interruption.arrived() => return last,
        changes = broker.watch_health("") => changes?,
    };
    loop {
        let health = tokio::select! {
            () = interruption.arrived() => return last,
            health = changes.next() => health?,
        };
        let Some(health) = health else {
            return Err(Failure::Unreachable {
                message: "the broker has ended the watch".to_owned(),
                next: Vec::new(),
            });
        };
        last = match print(health, output) {
            Err(failure @ Failure::Output(_)) => return Err(failure),
            outcome => outcome,
        };
        output.flush()?;
    }
}

/// Only SERVING is success.
fn print(health: HealthStatus, output: &mut Output) -> Result<(), Failure> {
    let serving = health == HealthStatus::Serving;
    if output.is_json() {
        output.json(&json!({ "status": health.name() }))?;
    } else {
        let style = if serving { GOOD } else { BAD };
        output.line(format!("{style}{}{style:#}", health.name()))?;
    }
    if serving { Ok(()) } else { Err(Failure::Said(Exit::Failed)) }
}
