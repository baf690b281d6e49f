//! Checks that the files of log and audit can be opened, without opening or creating them.

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

/// Checks that the log can be opened.
pub(super) fn check_log(output: &LogOutput) -> Result<(), StartError> {
    let LogOutput::File(path) = output else { return Ok(()) };
    check_openable(path, Access::WRITE_OK)
        .map_err(|cause| StartError::Log(LogError::Open { output: output.to_string(), cause }))
}

/// Checks that the audit can be opened. A regular file is also read, because its last line may be incomplete.
pub(super) fn check_audit(target: &AuditTarget) -> Result<(), StartError> {
    let AuditTarget::File(path) = target else { return Ok(()) };
    let is_file = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    let access = if is_file { Access::READ_OK | Access::WRITE_OK } else { Access::WRITE_OK };
    check_openable(path, access).map_err(|cause| StartError::Audit { target: target.to_string(), cause })
}

/// Checks that a file can be opened with this access, or created where it does not exist.
fn check_openable(path: &Path, access: Access) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(rustix::io::Errno::ISDIR.into()),
        Ok(metadata) if metadata.file_type().is_socket() => Err(rustix::io::Errno::NXIO.into()),
        Ok(_) => Ok(rustix::fs::access(path, access)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // open(2) creates the target of a dangling symbolic link.
            let created = link_target(path)?;
            let folder = match created.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            if created.file_name().is_none() {
                return Err(error);
            }
            Ok(rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
        }
        Err(error) => Err(error),
    }
}

/// Follows a chain of symbolic links that ends at a file that does not exist. Returns `path` itself where it is not a link.
fn link_target(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    // The chain is finite: fs::metadata has followed it to its end.
    while fs::symlink_metadata(&target).is_ok_and(|metadata| metadata.is_symlink()) {
        let link = fs::read_link(&target)?;
        target = target.parent().unwrap_or(Path::new("/")).join(link);
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::symlink;

    use super::*;

    fn checked(path: &Path) -> Result<(), io::ErrorKind> {
        check_openable(path, Access::WRITE_OK).map_err(|error| error.kind())
    }

    #[test]
    fn check_agrees_with_open_and_creates_nothing() {
        let home = tempfile::tempdir().unwrap();
        let file = |name: &str| home.path().join(name);
        fs::write(file("there"), "").unwrap();
        symlink("missing/folder/log", file("dangling")).unwrap();
        symlink("new", file("first")).unwrap();
        symlink(file("first"), file("second")).unwrap();
        for (name, expected) in [
            ("there", Ok(())),
            ("new", Ok(())),
            ("second", Ok(())),
            ("missing/log", Err(io::ErrorKind::NotFound)),
            ("dangling", Err(io::ErrorKind::NotFound)),
            (".", Err(io::ErrorKind::IsADirectory)),
            ("there/log", Err(io::ErrorKind::NotADirectory)),
        ] {
            assert_eq!(checked(&file(name)), expected, "{name}");
            let opened = fs::OpenOptions::new().append(true).create(true).open(file(name));
            assert_eq!(opened.map(drop).map_err(|error| error.kind()), expected, "{name}");
            let _ = fs::remove_file(file("new"));
        }
        let _listener = std::os::unix::net::UnixListener::bind(file("socket")).unwrap();
        let expected = fs::OpenOptions::new().append(true).open(file("socket")).unwrap_err();
        assert_eq!(checked(&file("socket")), Err(expected.kind()));
    }
}
