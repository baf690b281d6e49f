//! The terminal on standard error, where bars and spinners move.

use std::{
    io::{self, Write as _},
    sync::Mutex,
};

use indicatif::{ProgressDrawTarget, TermLike};

/// The columns of a terminal that does not say how many it has.
const COLUMNS: u16 = 80;
/// How often a second anything is drawn.
const RATE: u8 = 20;

/// Returns where a bar is drawn. Whether anybody wants one, [`crate::output::Output`] knows.
pub(crate) fn target() -> ProgressDrawTarget {
    ProgressDrawTarget::term_like_with_hz(Box::new(Screen::default()), RATE)
}

/// Returns how many columns the terminal has.
///
/// The columns alone count: a terminal that does not say how many rows it has, such as the one of `script` without a terminal
/// around it, would be taken for 80 columns wide by others, and every bar be broken in two.
pub(crate) fn columns() -> u16 {
    let size = rustix::termios::tcgetwinsize(io::stderr());
    size.map(|size| size.ws_col).ok().filter(|columns| *columns > 0).unwrap_or(COLUMNS)
}

/// What is drawn in one step leaves in one write, so that nothing flickers.
#[derive(Debug, Default)]
struct Screen(Mutex<Vec<u8>>);

impl Screen {
    fn put(&self, text: &str) -> io::Result<()> {
        let mut waiting = self.0.lock().map_err(|_| io::Error::other("a thread that drew has panicked"))?;
        waiting.extend_from_slice(text.as_bytes());
        Ok(())
    }

    /// Moves the cursor by so many places, of which none means one to a terminal.
    fn step(&self, number: usize, direction: char) -> io::Result<()> {
        if number == 0 { Ok(()) } else { self.put(&format!("\x1b[{number}{direction}")) }
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        columns()
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.step(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.step(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.step(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.step(n, 'D')
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
        let mut waiting = self.0.lock().map_err(|_| io::Error::other("a thread that drew has panicked"))?;
        let mut terminal = io::stderr().lock();
        terminal.write_all(&waiting)?;
        waiting.clear();
        terminal.flush()
    }
}
