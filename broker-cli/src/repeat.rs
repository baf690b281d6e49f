//! Asynchronous work inside a synchronous program: one small runtime, and `--loop`.

use std::future::Future;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{args::Repeat, error::Failure, output::Output};

/// Runs `work` to its end on this thread.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Failure::local("cannot start the runtime", source))?;
    runtime.block_on(work)
}

/// Runs `work` once, or with `--loop` again and again until interrupted. Each failure is printed where it happens and
/// does not end the loop; the exit code is that of the last call.
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
        // What was interrupted says nothing about the broker: the last completed call counts.
        let outcome = tokio::select! {
            () = interruption.arrived() => return last,
            outcome = work(output) => outcome,
        };
        last = match outcome.and_then(|()| output.flush()) {
            Ok(()) => Ok(()),
            Err(failure @ (Failure::Output(_) | Failure::Usage(_))) => return Err(failure),
            Err(failure) => {
                output.failure(&failure);
                Err(Failure::Said(failure.exit()))
            }
        };
        tokio::select! {
            () = interruption.arrived() => return last,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// SIGINT, SIGTERM and SIGHUP, from the moment this is made.
pub(crate) struct Interruption([Signal; 3]);

impl Interruption {
    /// Takes the three signals over.
    pub(crate) fn new() -> Result<Self, Failure> {
        let listen =
            |kind| signal(kind).map_err(|source| Failure::local("cannot listen for signals", source));
        Ok(Self([
            listen(SignalKind::interrupt())?,
            listen(SignalKind::terminate())?,
            listen(SignalKind::hangup())?,
        ]))
    }

    /// Waits for any of them.
    pub(crate) async fn arrived(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
