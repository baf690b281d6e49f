//! Whether log and audit could be opened, found out without opening or making them.

use std::{
    fs, io,
    os::unix::fs::FileTypeExt as _,
    path::{Path, PathBuf},
};

use rustix::fs::Access;

use super::StartError;
use crate::telemetry::{
    audit::AuditTarget,
    logs::{LogError, LogOutput},
};

/// Fails where the log could not be opened.
pub(super) fn check_log(output: &LogOutput) -> Result<(), StartError> {
    let LogOutput::File(path) = output else { return Ok(()) };
    openable(path, Access::WRITE_OK)
        .map_err(|cause| StartError::Log(LogError::Open { output: output.to_string(), cause }))
}

/// Fails where the audit could not be opened. A file is read too, for a last line that was left unfinished.
pub(super) fn check_audit(target: &AuditTarget) -> Result<(), StartError> {
    let AuditTarget::File(path) = target else { return Ok(()) };
    let is_file = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    let access = if is_file { Access::READ_OK | Access::WRITE_OK } else { Access::WRITE_OK };
    openable(path, access).map_err(StartError::Audit)
}

/// Whether a file can be opened with this access, or made where it is missing.
fn openable(path: &Path, access: Access) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(rustix::io::Errno::ISDIR.into()),
        Ok(metadata) if metadata.file_type().is_socket() => Err(rustix::io::Errno::NXIO.into()),
        Ok(_) => Ok(rustix::fs::access(path, access)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // open(2) makes what a link names that leads nowhere.
            let made = target(path)?;
            let folder = match made.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            if made.file_name().is_none() {
                return Err(error);
            }
            Ok(rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
        }
        Err(error) => Err(error),
    }
}

/// What a chain of links to nothing ends in; the path itself where it is no link.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut at = path.to_owned();
    // fs::metadata has been through the chain: it ends.
    while fs::symlink_metadata(&at).is_ok_and(|metadata| metadata.is_symlink()) {
        let link = fs::read_link(&at)?;
        at = at.parent().unwrap_or(Path::new("/")).join(link);
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::symlink;

    use super::*;

    fn kind(path: &Path) -> Result<(), io::ErrorKind> {
        openable(path, Access::WRITE_OK).map_err(|error| error.kind())
    }

    #[test]
    fn finds_what_opening_would_find_and_makes_nothing() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        fs::write(at("there"), "").unwrap();
        symlink("made/by/nobody", at("lost")).unwrap();
        symlink("new", at("first")).unwrap();
        symlink(at("first"), at("second")).unwrap();
        for (name, expected) in [
            ("there", Ok(())),
            ("new", Ok(())),
            ("second", Ok(())),
            ("missing/log", Err(io::ErrorKind::NotFound)),
            ("lost", Err(io::ErrorKind::NotFound)),
            (".", Err(io::ErrorKind::IsADirectory)),
            ("there/log", Err(io::ErrorKind::NotADirectory)),
        ] {
            assert_eq!(kind(&at(name)), expected, "{name}");
            let opened = fs::OpenOptions::new().append(true).create(true).open(at(name));
            assert_eq!(opened.map(drop).map_err(|error| error.kind()), expected, "{name}");
            let _ = fs::remove_file(at("new"));
        }
        let _listener = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        let expected = fs::OpenOptions::new().append(true).open(at("socket")).unwrap_err();
        assert_eq!(kind(&at("socket")), Err(expected.kind()));
    }
}
