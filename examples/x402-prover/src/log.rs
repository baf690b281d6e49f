//! Lines for the operator, on standard error.

use std::{
    io::{self, Write as _},
    sync::{
        OnceLock,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
};

/// How many lines may wait for whoever reads standard error.
const WAITING: usize = 256;

/// Writes a line, or drops it where standard error is full, closed or read too slowly: no request waits for it, or fails.
pub(crate) fn line(text: String) {
    static LINES: OnceLock<SyncSender<String>> = OnceLock::new();
    let lines = LINES.get_or_init(|| {
        let (sender, lines) = sync_channel::<String>(WAITING);
        // Without the thread all lines are dropped.
        let _ = thread::Builder::new().name("log".into()).spawn(move || {
            for text in lines {
                let _ = writeln!(io::stderr(), "x402-prover: {text}");
            }
        });
        sender
    });
    let _ = lines.try_send(text);
}
