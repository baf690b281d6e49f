//! `health`.

use std::time::Duration;

use broker_client::{Client, HealthStatus};
use clap::Args;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout_at};

use super::run::{Context, Run};
use crate::{
    args::{Repeat, duration},
    error::{Exit, Failure},
    output::{BAD, GOOD, Output},
    repeat::repeat,
    runtime::{Interruption, block_on},
};

/// The pause of `--wait` between two health checks.
const PAUSE: Duration = Duration::from_millis(50);

/// Ask whether the broker serves; 0 only when it does
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cryptobroker health
  cryptobroker health --wait 30s
  cryptobroker health --watch --json")]
pub(crate) struct Health {
    /// Keep running, and print each change until interrupted
    #[arg(long, conflicts_with = "pause")]
    watch: bool,
    /// Wait until the broker serves, at most for this time
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with_all = ["watch", "pause"])]
    wait: Option<Duration>,
    #[command(flatten)]
    repeat: Repeat,
}

impl Run for Health {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        block_on(async {
            let broker = context.endpoint.client()?;
            if self.watch {
                return watch(&broker, output).await;
            }
            if let Some(time) = self.wait {
                return wait(&broker, time, output).await;
            }
            repeat(self.repeat, output, async |output: &mut Output| print(broker.health("").await?, output))
                .await
        })
    }
}

/// Checks until the broker serves or the time is over. The last complete answer is the result.
async fn wait(broker: &Client, time: Duration, output: &mut Output) -> Result<(), Failure> {
    let end = Instant::now() + time;
    let mut last = None;
    loop {
        match timeout_at(end, broker.health("")).await {
            Ok(Ok(HealthStatus::Serving)) => return print(HealthStatus::Serving, output),
            Ok(answer) => last = Some(answer),
            // An earlier answer says more than a check that was cut off.
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
            hints: Vec::new(),
        }),
    }
}

/// Prints each change until interrupted; the exit code is that of the last one.
async fn watch(broker: &Client, output: &mut Output) -> Result<(), Failure> {
    let mut interruption = Interruption::new()?;
    let mut last = Ok(());
    let mut changes = tokio::select! {
        () = interruption.received() => return last,
        changes = broker.watch_health("") => changes?,
    };
    loop {
        let health = tokio::select! {
            () = interruption.received() => return last,
            health = changes.next() => health?,
        };
        let Some(health) = health else {
            return Err(Failure::Unreachable {
                message: "the broker has ended the watch".to_owned(),
                hints: Vec::new(),
            });
        };
        last = match print(health, output) {
            Err(failure @ Failure::Output(_)) => return Err(failure),
            outcome => outcome,
        };
        output.flush()?;
    }
}

/// Prints the status. Only SERVING is a success.
fn print(health: HealthStatus, output: &mut Output) -> Result<(), Failure> {
    let is_serving = health == HealthStatus::Serving;
    if output.is_json() {
        output.json(&json!({ "status": health.name() }))?;
    } else {
        let style = if is_serving { GOOD } else { BAD };
        output.line(format!("{style}{}{style:#}", health.name()))?;
    }
    if is_serving { Ok(()) } else { Err(Failure::Reported(Exit::Failed)) }
}
