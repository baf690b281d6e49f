//! The folder of a socket: it is checked with all folders and links that lead to it, and created if it is missing.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use broker_socket::{Folder, Problem, Trace, TraceError};
use rustix::{
    fs::{Access, Gid, Mode, OFlags},
    thread::CapabilitySet,
};

use super::{SocketError, SocketOptions};

/// A folder that has been checked.
#[derive(Debug)]
pub(super) struct CheckedFolder {
    /// The path of the folder, without symbolic links.
    pub(super) folder: PathBuf,
    /// The folder does not exist and can be created.
    pub(super) missing: bool,
    /// The folders on the path that are accepted although other users can write to them.
    pub(super) writable_by_others: Vec<Folder>,
}

/// Checks the owners and permissions of the folder of `path` and of those above it. Changes nothing.
pub(super) fn inspect(path: &Path, options: &SocketOptions) -> Result<CheckedFolder, SocketError> {
    let absolute = std::path::absolute(path).map_err(SocketError::io(path, "resolve the path"))?;
    // The folders and links that the kernel traverses on the way to the socket's folder, as far as it exists.
    let trace =
        Trace::of(absolute.parent().unwrap_or(Path::new("/"))).map_err(|error| cannot_follow(path, error))?;
    if !trace.ends_in_folder() {
        return Err(SocketError::NotAFolder { path: path.into(), folder: trace.real().into() });
    }
    let (folder, missing) = match trace.missing() {
        [] => (trace.real().to_owned(), false),
        [last] => (trace.real().join(last), true),
        [first, ..] => {
            return Err(SocketError::NoFolder { path: path.into(), folder: trace.real().join(first) });
        }
    };
    let uid = rustix::process::geteuid().as_raw();
    let writable_by_others = trace
        .check_permissions(&[uid], options.folder_check)
        .map_err(|problem| into_socket_error(path, uid, problem))?;
    let writable_by_others = writable_by_others.into_iter().cloned().collect();
    rustix::fs::access(trace.real(), Access::WRITE_OK | Access::EXEC_OK).map_err(|error| {
        SocketError::FolderNotWritable {
            path: path.into(),
            folder: trace.real().into(),
            uid,
            source: error.into(),
        }
    })?;
    if let Some(group) = options.group.filter(|group| !may_change_group_to(*group)) {
        return Err(SocketError::NotInGroup { path: path.into(), group, uid });
    }
    Ok(CheckedFolder { folder, missing, writable_by_others })
}

/// Creates the folder with the mode and the group of `options`. Only the process can access it until both are set.
pub(super) fn create(path: &Path, folder: &Path, options: &SocketOptions) -> Result<(), SocketError> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {}
        // Another process created it meanwhile. The caller checks it again.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(SocketError::io(path, "create its folder")(error)),
    }
    let failed = |error: rustix::io::Errno| SocketError::io(path, "set up its folder")(error.into());
    // Users who can write to the parent folder may have replaced the new one.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let created = File::from(rustix::fs::open(folder, flags, Mode::empty()).map_err(failed)?);
    let owner = created.metadata().map_err(SocketError::io(path, "inspect its folder"))?.uid();
    if owner != rustix::process::geteuid().as_raw() {
        return Err(SocketError::Replaced { path: path.into(), what: folder.into(), owner });
    }
    if let Some(group) = options.group {
        rustix::fs::fchown(&created, None, Some(Gid::from_raw(group))).map_err(failed)?;
    }
    rustix::fs::fchmod(&created, Mode::from_raw_mode(options.dir_mode & 0o777)).map_err(failed)
}

/// Reports whether the kernel lets this process remove a file of `owner` from the folder. If the folder has the sticky bit,
/// that takes the owner of the file or of the folder, or CAP_FOWNER (unlink(2)).
pub(super) fn may_remove(folder: &Path, owner: u32) -> io::Result<bool> {
    let uid = rustix::process::geteuid().as_raw();
    let metadata = fs::metadata(folder)?;
    Ok(metadata.mode() & 0o1000 == 0
        || uid == owner
        || uid == metadata.uid()
        || has_capability(CapabilitySet::FOWNER))
}

/// Reports whether the kernel lets this process change the group of its files to this one. It must be one of the process's
/// groups, unless the process has CAP_CHOWN (chown(2)).
fn may_change_group_to(group: u32) -> bool {
    let groups = || rustix::process::getgroups().unwrap_or_default();
    rustix::process::getegid().as_raw() == group
        || has_capability(CapabilitySet::CHOWN)
        || groups().iter().any(|gid| gid.as_raw() == group)
}

fn has_capability(capability: CapabilitySet) -> bool {
    rustix::thread::capabilities(None).is_ok_and(|sets| sets.effective.contains(capability))
}

fn into_socket_error(path: &Path, uid: u32, problem: Problem) -> SocketError {
    let path = path.to_owned();
    match problem {
        Problem::LinkOwnedByOther(link) => {
            SocketError::LinkOwnedByOther { path, link: link.path, owner: link.owner }
        }
        Problem::WritableFolder(folder) => {
            SocketError::WritableFolder { path, folder: folder.path, mode: folder.mode }
        }
        Problem::FolderOwnedByOther(folder) => {
            SocketError::FolderOwnedByOther { path, folder: folder.path, owner: folder.owner, uid }
        }
    }
}

fn cannot_follow(path: &Path, error: TraceError) -> SocketError {
    match error {
        TraceError::NotAFolder(folder) => SocketError::NotAFolder { path: path.into(), folder },
        TraceError::Io { source, path: at } => SocketError::CannotResolve { path: path.into(), at, source },
    }
}
