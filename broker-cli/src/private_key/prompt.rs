//! Asks for a password on the terminal, without showing it.

use std::{
    fs::OpenOptions,
    io::{self, IsTerminal as _, Write},
    os::fd::{AsFd, BorrowedFd},
};

use nix::{
    sys::{
        signal::{SigSet, SigmaskHow, Signal, kill, raise},
        signalfd::{SfdFlags, SignalFd},
    },
    unistd::Pid,
};
use rustix::{
    event::{PollFd, PollFlags, poll},
    termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr},
};
use zeroize::Zeroizing;

use crate::error::Failure;

/// The maximum length of a password in bytes.
const MAX_LENGTH: usize = 1024;

/// Asks on the terminal that controls the process, whatever standard input and standard error are; without one, on standard
/// input where it is a terminal, with the question on standard error. Returns `None` where there is no terminal.
///
/// # Errors
/// Fails where the terminal cannot be used, and where Ctrl-C or the end of input is typed.
pub(super) fn password(prompt: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    let failed = |source| Failure::local("cannot read a password from the terminal", source);
    let answer = match OpenOptions::new().read(true).write(true).open("/dev/tty") {
        Ok(terminal) => {
            let mut output = terminal.try_clone().map_err(failed)?;
            ask(terminal.as_fd(), &mut output, prompt)
        }
        Err(_) if io::stdin().is_terminal() => ask(io::stdin().as_fd(), &mut io::stderr(), prompt),
        Err(_) => return Ok(None),
    };
    answer.map_err(failed)?.map(Some)
}

/// What happens while the terminal is read.
enum Event {
    Byte(u8),
    /// The end of input.
    End,
    Signal(Signal),
}

/// What was typed.
enum Typed {
    Line(Zeroizing<Vec<u8>>),
    /// Ctrl-C, Ctrl-D, Ctrl-\ or the end of input.
    Cancelled,
    /// Ctrl-Z.
    Suspended,
    /// A signal arrived before the end of the line.
    Signal(Signal),
}

/// The outer error is one of the terminal; the inner one is the decision of the user.
type Answer = io::Result<Result<Zeroizing<Vec<u8>>, Failure>>;

fn ask(terminal: BorrowedFd<'_>, output: &mut dyn Write, prompt: &str) -> Answer {
    // The prompt may contain a file name with control characters.
    let shown: String = prompt.chars().filter(|letter| !letter.is_control()).collect();
    loop {
        // Dropped last: a signal takes effect when the terminal is as it was.
        let held = HeldSignals::hold()?;
        let hidden = Hidden::set(terminal)?;
        write!(output, "{shown}")?;
        output.flush()?;
        let typed = read_line(&mut || next_event(terminal, &held));
        writeln!(output)?;
        match typed? {
            Typed::Line(line) => return Ok(Ok(line)),
            Typed::Cancelled => return Ok(Err(Failure::Interrupted)),
            // Where the signal does not end the program, the question is asked again.
            Typed::Suspended => {
                drop(hidden);
                // As the terminal does it: to all programs of the job.
                kill(Pid::from_raw(0), Signal::SIGTSTP)?;
            }
            Typed::Signal(signal) => {
                drop(hidden);
                raise(signal)?;
            }
        }
        drop(held);
    }
}

/// Waits for a byte or a signal. The terminal is read without a buffer, in which the password would remain.
fn next_event(terminal: BorrowedFd<'_>, held: &HeldSignals) -> io::Result<Event> {
    let mut waiting = [
        PollFd::from_borrowed_fd(held.signals.as_fd(), PollFlags::IN),
        PollFd::from_borrowed_fd(terminal, PollFlags::IN),
    ];
    rustix::io::retry_on_intr(|| poll(&mut waiting, None))?;
    if let Some(signal) = held.signals.read_signal()? {
        let number = i32::try_from(signal.ssi_signo).unwrap_or_default();
        return Ok(Event::Signal(Signal::try_from(number)?));
    }
    let mut byte = Zeroizing::new([0]);
    let length = rustix::io::retry_on_intr(|| rustix::io::read(terminal, &mut *byte))?;
    let [typed] = *byte;
    Ok(if length == 0 { Event::End } else { Event::Byte(typed) })
}

/// Reads up to the end of a line and handles the keys that edit it.
fn read_line(next: &mut dyn FnMut() -> io::Result<Event>) -> io::Result<Typed> {
    // Never reallocated.
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_LENGTH));
    loop {
        let typed = match next()? {
            Event::Byte(typed) => typed,
            Event::End => return Ok(Typed::Cancelled),
            Event::Signal(signal) => return Ok(Typed::Signal(signal)),
        };
        match typed {
            b'\n' | b'\r' => return Ok(Typed::Line(line)),
            // Ctrl-C, Ctrl-D, Ctrl-\
            3 | 4 | 28 => return Ok(Typed::Cancelled),
            // Ctrl-Z
            26 => return Ok(Typed::Suspended),
            // Backspace removes one character, which may have several bytes in UTF-8.
            8 | 127 => while line.pop().is_some_and(|last| last & 0xc0 == 0x80) {},
            // Ctrl-U
            21 => line.clear(),
            other if line.len() < MAX_LENGTH => line.push(other),
            _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "the password is too long")),
        }
    }
}

/// The signals that end or stop a program. They have no effect until this is dropped, so that none of them leaves the terminal
/// without an echo. Passwords are asked for before the program starts threads, which would receive them.
struct HeldSignals {
    signals: SignalFd,
    before: SigSet,
}

impl HeldSignals {
    fn hold() -> io::Result<Self> {
        let before = SigSet::thread_get_mask()?;
        let all = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGTSTP];
        // One that the caller has blocked stays so.
        let set: SigSet = all.into_iter().filter(|signal| !before.contains(*signal)).collect();
        let signals = SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        set.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        Ok(Self { signals, before })
    }
}

impl Drop for HeldSignals {
    fn drop(&mut self) {
        let _ = self.before.thread_set_mask();
    }
}

/// Turns the terminal's echo off until it is dropped. Keys such as Ctrl-C are read as bytes.
struct Hidden<'a>(BorrowedFd<'a>, Termios);

impl<'a> Hidden<'a> {
    fn set(terminal: BorrowedFd<'a>) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut changed = before.clone();
        changed
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN);
        changed.special_codes[SpecialCodeIndex::VMIN] = 1;
        changed.special_codes[SpecialCodeIndex::VTIME] = 0;
        // What was typed before the question is not an answer to it.
        tcsetattr(terminal, OptionalActions::Flush, &changed)?;
        Ok(Self(terminal, before))
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.0, OptionalActions::Now, &self.1);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn typed(bytes: &[u8]) -> io::Result<Typed> {
        let mut bytes = bytes.iter();
        read_line(&mut || Ok(bytes.next().map_or(Event::End, |byte| Event::Byte(*byte))))
    }

    fn line(bytes: &[u8]) -> Option<Vec<u8>> {
        match typed(bytes).unwrap() {
            Typed::Line(line) => Some(line.to_vec()),
            _ => None,
        }
    }

    #[test]
    fn keys_edit_the_line() {
        for (typed, expected) in [
            (&b"secret\nmore"[..], &b"secret"[..]),
            (b"secret\r", b"secret"),
            (b"ab\x7f\x08\x7fc\n", b"c"),
            ("a\u{e9}\u{7f}b\n".as_bytes(), b"ab"),
            (b"wrong\x15right\n", b"right"),
            (b"\n", b""),
        ] {
            assert_eq!(line(typed).unwrap(), expected, "{typed:?}");
        }
        for typed in [&b"se\x03cret\n"[..], b"\x04", b"no end"] {
            assert!(line(typed).is_none(), "{typed:?}");
        }
        assert!(matches!(typed(b"se\x1acret\n"), Ok(Typed::Suspended)));
        assert!(typed(&[b'a'; 2000]).is_err());
    }
}
