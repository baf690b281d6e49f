//! The identity of the process at the other end of the socket.

/// The credentials of the peer process, as the kernel reports them (`SO_PEERCRED`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    /// The user id of the process that connected.
    pub uid: u32,
    /// The group id of the process.
    pub gid: u32,
    /// The process id, or `None` where the kernel does not report it.
    pub pid: Option<i32>,
}
