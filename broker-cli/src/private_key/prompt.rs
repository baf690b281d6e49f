//! Asks for a password on the terminal, without showing it.

use std::{
    fs::OpenOptions,
    io::{self, IsTerminal as _, Read, Write},
    os::fd::{AsFd, BorrowedFd},
};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::error::Failure;

/// The maximum length of a password in bytes.
const MAX_LENGTH: usize = 1024;

/// Asks on the terminal. Standard input is used where it is a terminal, otherwise the one that controls the process. Returns
/// `None` where there is no terminal.
///
/// # Errors
/// Fails where the terminal cannot be used, and where Ctrl-C or the end of input is typed.
pub(super) fn password(prompt: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    let failed = |source| Failure::local("cannot read a password from the terminal", source);
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return ask(stdin.as_fd(), &mut io::stderr(), prompt).map_err(failed)?.map(Some);
    }
    let Ok(mut terminal) = OpenOptions::new().read(true).write(true).open("/dev/tty") else {
        return Ok(None);
    };
    let input = terminal.try_clone().map_err(failed)?;
    ask(input.as_fd(), &mut terminal, prompt).map_err(failed)?.map(Some)
}

/// Reads a terminal without a buffer, in which the password would remain.
struct Unbuffered<'a>(BorrowedFd<'a>);

impl Read for Unbuffered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::retry_on_intr(|| rustix::io::read(self.0, &mut *buffer))?)
    }
}

/// The outer error is one of the terminal; the inner one is the decision of the user.
type Answer = io::Result<Result<Zeroizing<Vec<u8>>, Failure>>;

fn ask(terminal: BorrowedFd<'_>, output: &mut dyn Write, prompt: &str) -> Answer {
    // The prompt may contain a file name with control characters.
    let shown: String = prompt.chars().filter(|letter| !letter.is_control()).collect();
    let _hidden = Hidden::set(terminal)?;
    write!(output, "{shown}")?;
    output.flush()?;
    let typed = read_line(&mut Unbuffered(terminal));
    writeln!(output)?;
    typed
}

/// Reads up to the end of a line and handles the keys that edit it.
fn read_line(input: &mut dyn Read) -> Answer {
    // Never reallocated.
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_LENGTH));
    let mut byte = Zeroizing::new([0]);
    loop {
        let length = input.read(&mut *byte)?;
        let [typed] = *byte;
        match typed {
            _ if length == 0 => return Ok(Err(Failure::Interrupted)),
            b'\n' | b'\r' => return Ok(Ok(line)),
            // Ctrl-C, Ctrl-D, Ctrl-\
            3 | 4 | 28 => return Ok(Err(Failure::Interrupted)),
            // Backspace removes one character, which may have several bytes in UTF-8.
            8 | 127 => while line.pop().is_some_and(|last| last & 0xc0 == 0x80) {},
            // Ctrl-U
            21 => line.clear(),
            other if line.len() < MAX_LENGTH => line.push(other),
            _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "the password is too long")),
        }
    }
}

/// Turns the terminal's echo off until it is dropped. Keys such as Ctrl-C are read as bytes, so that no signal ends the program
/// while the echo is off.
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

    fn line(mut typed: &[u8]) -> Option<Vec<u8>> {
        read_line(&mut typed).unwrap().ok().map(|line| line.to_vec())
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
        assert!(read_line(&mut &[b'a'; 2000][..]).is_err());
    }
}
