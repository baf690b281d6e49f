//! Terminals: how wide they are, and how bars and spinners are drawn on standard error.

use std::{
    io::{self, Write as _},
    sync::Mutex,
};

use indicatif::{ProgressDrawTarget, TermLike};

/// The width of a terminal that does not report one.
const DEFAULT_COLUMNS: u16 = 80;
/// The maximum number of redraws of a bar each second.
const REDRAWS_PER_SECOND: u8 = 20;

/// Returns how many columns standard output has, where it is a terminal.
pub(crate) fn stdout_columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Returns the target on which bars and spinners are drawn.
pub(crate) fn progress_target() -> ProgressDrawTarget {
    ProgressDrawTarget::term_like_with_hz(Box::new(StderrTerminal::default()), REDRAWS_PER_SECOND)
}

/// Returns how many columns standard error has.
///
/// The number of rows does not matter: libraries take a terminal that reports no rows, such as that of `script` without a
/// terminal around it, for 80 columns wide, and would break every bar into two lines.
pub(crate) fn stderr_columns() -> u16 {
    let size = rustix::termios::tcgetwinsize(io::stderr());
    size.map(|size| size.ws_col).ok().filter(|columns| *columns > 0).unwrap_or(DEFAULT_COLUMNS)
}

/// Standard error as a terminal. Each redraw is one write, so that nothing flickers.
#[derive(Debug, Default)]
struct StderrTerminal(Mutex<Vec<u8>>);

impl StderrTerminal {
    fn put(&self, text: &str) -> io::Result<()> {
        let mut buffer =
            self.0.lock().map_err(|_| io::Error::other("a thread panicked while it was drawing"))?;
        buffer.extend_from_slice(text.as_bytes());
        Ok(())
    }

    /// Moves the cursor by `count` cells. A terminal takes 0 for 1, so nothing is sent for 0.
    fn move_cursor(&self, count: usize, direction: char) -> io::Result<()> {
        if count == 0 { Ok(()) } else { self.put(&format!("\x1b[{count}{direction}")) }
    }
}

impl TermLike for StderrTerminal {
    fn width(&self) -> u16 {
        stderr_columns()
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'D')
    }

    fn write_line(&self, s: &str) -> io::Result<()> {
        self.put(s)?;
        self.put("\n")
    }

    fn write_str(&self, s: &str) -> io::Result<()> {
        self.put(s)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.put("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        let mut buffer =
            self.0.lock().map_err(|_| io::Error::other("a thread panicked while it was drawing"))?;
        let mut terminal = io::stderr().lock();
        terminal.write_all(&buffer)?;
        buffer.clear();
        terminal.flush()
    }
}
