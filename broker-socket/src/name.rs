//! Parses the name of a socket: a plain path, or gRPC's address of a Unix domain socket.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

/// The forms that [`path`] accepts, for error messages.
pub const SPELLINGS: &str = "a path, or gRPC's unix:PATH or unix:///PATH";

/// The error of a name that is not the path of a socket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not the path of a socket; use {SPELLINGS}")]
pub struct NotAPath {
    /// The rejected name.
    pub name: String,
}

/// Parses the name of a socket: a path, or one of gRPC's forms, `unix:PATH` and `unix:///PATH` (gRPC Name
/// Resolution). A file whose name begins with `unix:` is written `./unix:…`. Parsing the result again yields the
/// same path.
///
/// # Errors
/// Fails with [`NotAPath`] for an empty path, for `unix://` with a host, and for `unix-abstract:`, whose sockets
/// have no permissions.
pub fn path(name: &OsStr) -> Result<PathBuf, NotAPath> {
    let bytes = name.as_bytes();
    let not_a_path = || NotAPath { name: name.to_string_lossy().into_owned() };
    if bytes.starts_with(b"unix-abstract:") {
        return Err(not_a_path());
    }
    let path = match bytes.strip_prefix(b"unix:") {
        None => bytes,
        Some(path) => match path.strip_prefix(b"//") {
            None => path,
            Some(absolute) if absolute.starts_with(b"/") => absolute,
            Some(_) => return Err(not_a_path()),
        },
    };
    if path.is_empty() {
        return Err(not_a_path());
    }
    let path = Path::new(OsStr::from_bytes(path));
    Ok(match path.as_os_str().as_bytes() {
        prefixed if prefixed.starts_with(b"unix:") || prefixed.starts_with(b"unix-abstract:") => {
            Path::new(".").join(path)
        }
        _ => path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_plain_paths_and_grpc_forms() {
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
            let parsed = path(OsStr::new(name));
            assert_eq!(parsed, Ok(PathBuf::from(expected)), "{name}");
            assert_eq!(
                parsed.and_then(|parsed| path(parsed.as_os_str())),
                Ok(PathBuf::from(expected)),
                "{name} twice"
            );
        }
    }

    #[test]
    fn rejects_names_that_are_not_paths() {
        for name in ["", "unix:", "unix://", "unix://host/run/x.sock", "unix://run/x.sock", "unix-abstract:x"]
        {
            let error = path(OsStr::new(name)).map_err(|error| error.to_string());
            assert!(error.as_ref().is_err_and(|text| text.contains("unix:///PATH")), "{name}: {error:?}");
        }
    }
}
