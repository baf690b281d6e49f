//! `--loop`: a call that is repeated until interrupted.

use crate::{args::Repeat, error::Failure, output::Output, runtime::Interruption};

/// Runs `work` once, or with `--loop` repeatedly until interrupted. A failure inside the loop is printed and does not end it;
/// the exit code is that of the last completed call.
pub(crate) async fn repeat(
    repeat: Repeat,
    output: &mut Output,
    mut work: impl AsyncFnMut(&mut Output) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let Some(pause) = repeat.pause else {
        return work(output).await;
    };
    let mut interruption = Interruption::new()?;
    let mut last = Ok(());
    loop {
        // An interrupted call says nothing about the broker: the last completed one counts.
        let outcome = tokio::select! {
            () = interruption.received() => return last,
            outcome = work(output) => outcome,
        };
        last = match outcome.and_then(|()| output.flush()) {
            Ok(()) => Ok(()),
            Err(failure @ (Failure::Output(_) | Failure::Usage(_))) => return Err(failure),
            Err(failure) => {
                output.failure(&failure);
                Err(Failure::Reported(failure.exit()))
            }
        };
        tokio::select! {
            () = interruption.received() => return last,
            () = tokio::time::sleep(pause) => {}
        }
    }
}
