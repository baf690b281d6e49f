//! `health`.

use broker_client::{Client, HealthStatus};
use serde_json::json;

use crate::{
    args,
    broker::Endpoint,
    error::{Exit, Failure},
    output::{BAD, GOOD, Output},
    repeat::{Interruption, block_on, repeat},
};

/// Asks once, again and again, or stays and listens.
pub(super) fn run(args: args::Health, endpoint: Endpoint, output: &mut Output) -> Result<(), Failure> {
    block_on(async {
        let broker = endpoint.client()?;
        if args.watch {
            return watch(&broker, output).await;
        }
        repeat(args.repeat, output, async |output: &mut Output| print(broker.health("").await?, output)).await
    })
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
