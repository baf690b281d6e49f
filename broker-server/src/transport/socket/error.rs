//! Why a socket cannot be had.

use std::{
    io,
    path::{Path, PathBuf},
};

use broker_socket::LONGEST_PATH;

/// Why a socket cannot be had. Each says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // `path` is the socket that was asked for, `folder` the one it would be in
pub enum SocketError {
    /// Another server serves it. `owner` is the uid of its socket file.
    #[error(
        "{}: another server is live on this socket, which belongs to uid {owner}; stop it first, or name another socket",
        path.display()
    )]
    Live { path: PathBuf, owner: u32 },
    /// The path ends in no file name.
    #[error("{}: not the path of a socket: it names no file", path.display())]
    NoName { path: PathBuf },
    /// Longer than a socket address can be.
    #[error("{}: the path is {length} bytes long, and a socket's can have {LONGEST_PATH}; use a shorter one", path.display())]
    PathTooLong { path: PathBuf, length: usize },
    /// Something else has the name; it is never removed.
    #[error("{}: exists and is not a socket; remove it or name another socket", path.display())]
    NotASocket { path: PathBuf },
    /// The socket file is another user's, and cannot be asked or removed.
    #[error(
        "{}: the socket file belongs to uid {owner}; have that user or root remove it, or name another socket",
        path.display()
    )]
    ForeignSocket { path: PathBuf, owner: u32 },
    /// More than the last folder of the path is missing.
    #[error(
        "{}: the folder {} does not exist, and only the last folder of a path is made; make it first (mkdir -m 0755 {})",
        path.display(), folder.display(), folder.display()
    )]
    NoFolder { path: PathBuf, folder: PathBuf },
    /// A part of the path before the last is a file.
    #[error("{}: {} is not a folder; name another socket", path.display(), folder.display())]
    NotAFolder { path: PathBuf, folder: PathBuf },
    /// The process may not make files in the folder.
    #[error(
        "{}: uid {uid} cannot make anything in the folder {}: {source}; let it, or name another socket",
        path.display(), folder.display()
    )]
    NoAccess { path: PathBuf, folder: PathBuf, uid: u32, source: io::Error },
    /// What leads to it cannot be looked at.
    #[error("{}: cannot follow the path at {}: {source}", path.display(), at.display())]
    NoWay { path: PathBuf, at: PathBuf, source: io::Error },
    /// A folder that leads to it is another user's.
    #[error(
        "{}: the folder {} belongs to uid {owner}, who could replace the socket; use a folder of uid {uid} or of root",
        path.display(), folder.display()
    )]
    ForeignFolder { path: PathBuf, folder: PathBuf, owner: u32, uid: u32 },
    /// Others can rename what is in a folder that leads to it.
    #[error(
        "{}: others can write to the folder {} (mode {mode:04o}) and could replace the socket; chmod go-w it, or set its \
         sticky bit; where it is a volume that has to be so, --socket-folder-check warn lets it through",
        path.display(), folder.display()
    )]
    WritableFolder { path: PathBuf, folder: PathBuf, mode: u32 },
    /// A link on the way is another user's.
    #[error(
        "{}: the symbolic link {} belongs to uid {owner}, who could turn it elsewhere; use a path without it",
        path.display(), link.display()
    )]
    ForeignLink { path: PathBuf, link: PathBuf, owner: u32 },
    /// The lock file is another user's.
    #[error(
        "{}: the lock file {} belongs to uid {owner} and not to uid {uid}; if no broker of that user serves the socket, have \
         that user or root remove it; or name another socket with --socket",
        path.display(), lock.display()
    )]
    ForeignLock { path: PathBuf, lock: PathBuf, owner: u32, uid: u32 },
    /// Something that is not a regular file has the lock's name.
    #[error("{}: {} has the name of the lock file and is not a regular file; remove it", path.display(), lock.display())]
    NotALock { path: PathBuf, lock: PathBuf },
    /// Somebody put something else in the place of what was just made.
    #[error("{}: {} was replaced by uid {owner} as it was made; use a folder that others cannot write to", path.display(), what.display())]
    Replaced { path: PathBuf, what: PathBuf, owner: u32 },
    /// The group is none of the process's own.
    #[error("{}: uid {uid} is not in the group {group} and cannot give the socket to it; add it, or choose another group", path.display())]
    NotInGroup { path: PathBuf, group: u32, uid: u32 },
    /// The system refused.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io { path: PathBuf, action: &'static str, source: io::Error },
}

impl SocketError {
    pub(super) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, action, source }
    }
}
