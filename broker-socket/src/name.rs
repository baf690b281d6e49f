//! How the path of a socket is written: plainly, or as gRPC writes the address of a Unix domain socket.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

/// The spellings that [`path`] takes, for the text of an error.
pub const SPELLINGS: &str = "a path, or gRPC's unix:PATH or unix:///PATH";

/// A name that no socket of the file system has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} names no socket in the file system; write {SPELLINGS}")]
pub struct NotAPath {
    /// The name as it was given.
    pub name: String,
}

/// Reads the name of a socket: a path, or one of gRPC's forms for it, `unix:PATH` and `unix:///PATH` (gRPC Name
/// Resolution). A file whose name really begins with `unix:` is `./unix:…`. What this returns is read as itself again.
///
/// # Errors
/// [`NotAPath`] for an empty path, for `unix://` with a host and for `unix-abstract:`, whose sockets have no permissions.
pub fn path(name: &OsStr) -> Result<PathBuf, NotAPath> {
    let bytes = name.as_bytes();
    let refused = || NotAPath { name: name.to_string_lossy().into_owned() };
    if bytes.starts_with(b"unix-abstract:") {
        return Err(refused());
    }
    let path = match bytes.strip_prefix(b"unix:") {
        None => bytes,
        Some(path) => match path.strip_prefix(b"//") {
            None => path,
            Some(absolute) if absolute.starts_with(b"/") => absolute,
            Some(_) => return Err(refused()),
        },
    };
    if path.is_empty() {
        return Err(refused());
    }
    let path = Path::new(OsStr::from_bytes(path));
    Ok(match path.as_os_str().as_bytes() {
        again if again.starts_with(b"unix:") || again.starts_with(b"unix-abstract:") => {
            Path::new(".").join(path)
        }
        _ => path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_plain_path_and_both_spellings_of_grpc() {
        for (name, expected) in [
            ("/run/x.sock", "/run/x.sock"),
            ("x.sock", "x.sock"),
            ("unix:/run/x.sock", "/run/x.sock"),
            ("unix:x.sock", "x.sock"),
            ("unix:///run/x.sock", "/run/x.sock"),
            ("./unix:x", "./unix:x"),
            ("unix:unix:x", "./unix:x"),
            ("UNIX:x", "UNIX:x"),
        ] {
            let read = path(OsStr::new(name));
            assert_eq!(read, Ok(PathBuf::from(expected)), "{name}");
            assert_eq!(
                read.and_then(|once| path(once.as_os_str())),
                Ok(PathBuf::from(expected)),
                "{name} twice"
            );
        }
    }

    #[test]
    fn refuses_what_names_no_file() {
        for name in ["", "unix:", "unix://", "unix://host/run/x.sock", "unix://run/x.sock", "unix-abstract:x"]
        {
            let error = path(OsStr::new(name)).map_err(|error| error.to_string());
            assert!(error.as_ref().is_err_and(|text| text.contains("unix:///PATH")), "{name}: {error:?}");
        }
    }
}
