//! The errors of sockets.

use std::{
    io,
    path::{Path, PathBuf},
};

use broker_socket::LONGEST_PATH;

/// Why a socket cannot be bound. Each message says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // `path` is the path that was given for the socket, `folder` the one that would contain it
pub enum SocketError {
    /// Another server listens on the socket. `owner` is the uid of the socket file.
    #[error(
        "{}: another server listens on this socket, which belongs to uid {owner}; stop it first, or name another socket",
        path.display()
    )]
    InUse { path: PathBuf, owner: u32 },
    /// The path does not end in a file name.
    #[error("{}: this path cannot be a socket, because it names no file; name a file", path.display())]
    NoName { path: PathBuf },
    /// The path is longer than a socket address can be.
    #[error(
        "{}: the path has {length} bytes, and that of a socket can have {LONGEST_PATH}; use a shorter one",
        path.display()
    )]
    PathTooLong { path: PathBuf, length: usize },
    /// The file of that name is not a socket. It is never removed.
    #[error("{}: exists and is not a socket; remove it or name another socket", path.display())]
    NotASocket { path: PathBuf },
    /// The socket file belongs to another user, and can be neither connected to nor removed.
    #[error(
        "{}: the socket file belongs to uid {owner}; have that user or root remove it, or name another socket",
        path.display()
    )]
    SocketOwnedByOther { path: PathBuf, owner: u32 },
    /// More than the last folder of the path is missing.
    #[error(
        "{}: the folder {} does not exist, and only the last folder of a path is created; create it first (mkdir -m 0755 {})",
        path.display(), folder.display(), folder.display()
    )]
    NoFolder { path: PathBuf, folder: PathBuf },
    /// A component of the path before the last is not a folder.
    #[error("{}: {} is not a folder; name another socket", path.display(), folder.display())]
    NotAFolder { path: PathBuf, folder: PathBuf },
    /// The process has no permission to create files in the folder.
    #[error(
        "{}: uid {uid} cannot create files in the folder {}: {source}; grant it write access, or name another socket",
        path.display(), folder.display()
    )]
    FolderNotWritable { path: PathBuf, folder: PathBuf, uid: u32, source: io::Error },
    /// A component of the path cannot be inspected (stat(2)).
    #[error("{}: cannot follow the path at {}: {source}", path.display(), at.display())]
    CannotResolve { path: PathBuf, at: PathBuf, source: io::Error },
    /// A folder on the path belongs to another user.
    #[error(
        "{}: the folder {} belongs to uid {owner}, who could replace the socket; use a folder of uid {uid} or of root",
        path.display(), folder.display()
    )]
    FolderOwnedByOther { path: PathBuf, folder: PathBuf, owner: u32, uid: u32 },
    /// Other users can rename files in a folder on the path.
    #[error(
        "{}: others can write to the folder {} (mode {mode:04o}) and could replace the socket; chmod go-w it, or set its \
         sticky bit; if it is a volume that must stay writable, --socket-folder-check warn accepts it",
        path.display(), folder.display()
    )]
    WritableFolder { path: PathBuf, folder: PathBuf, mode: u32 },
    /// A symbolic link on the path belongs to another user.
    #[error(
        "{}: the symbolic link {} belongs to uid {owner}, who could redirect it; use a path without it",
        path.display(), link.display()
    )]
    LinkOwnedByOther { path: PathBuf, link: PathBuf, owner: u32 },
    /// The lock file belongs to another user.
    #[error(
        "{}: the lock file {} belongs to uid {owner} and not to uid {uid}; if no broker of that user serves the socket, have \
         that user or root remove it; or name another socket with --socket",
        path.display(), lock.display()
    )]
    LockOwnedByOther { path: PathBuf, lock: PathBuf, owner: u32, uid: u32 },
    /// The file with the name of the lock file is not a regular file.
    #[error("{}: the lock file {} is not a regular file; remove it", path.display(), lock.display())]
    NotALock { path: PathBuf, lock: PathBuf },
    /// Another user replaced a file or a folder that had just been created.
    #[error(
        "{}: uid {owner} replaced {} while it was being created; use a folder that others cannot write to",
        path.display(), what.display()
    )]
    Replaced { path: PathBuf, what: PathBuf, owner: u32 },
    /// The process is not in the group.
    #[error(
        "{}: uid {uid} is not in the group {group} and cannot give the socket to it; add the user to it, or choose another \
         group",
        path.display()
    )]
    NotInGroup { path: PathBuf, group: u32, uid: u32 },
    /// The system refused a step.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io { path: PathBuf, action: &'static str, source: io::Error },
}

impl SocketError {
    pub(super) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, action, source }
    }
}
