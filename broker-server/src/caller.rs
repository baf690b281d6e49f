//! Who is on the other end of the socket.

/// The credentials of the peer process, as the kernel reports them (`SO_PEERCRED`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    /// User id of the process that connected.
    pub uid: u32,
    /// Its group id.
    pub gid: u32,
    /// Its process id; `None` where the kernel does not say.
    pub pid: Option<i32>,
}
