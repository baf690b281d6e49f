//! The phases of the transport's life, which every connection observes.

use tokio::sync::watch;

/// How far the shutdown has progressed. The order of the variants is the order in which they are entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// All calls are served.
    Serving,
    /// Connections have received GOAWAY (RFC 9113 6.8). Accepted calls are still served.
    GoingAway,
    /// The drain deadline has passed: the calls that remain are ended.
    Closed,
}

/// Waits until the phase is at least `minimum`, or until its sender is gone.
pub(super) async fn reached(phase: &mut watch::Receiver<Phase>, minimum: Phase) {
    // The guard in the result must not be held across an await point of the caller.
    let _ = phase.wait_for(|phase| *phase >= minimum).await;
}
