//! Binds and checks all sockets of a server: which of them may fail, and which warnings there are about their folders.

use std::path::{Path, PathBuf};

use broker_socket::Folder;

use super::StartError;
use crate::{
    config::Sockets,
    transport::{
        Listener,
        socket::{self, SocketError, SocketOptions},
    },
};

/// Binds the sockets. Logs a warning for each default socket that cannot be served, and for each accepted folder that others
/// can write to.
pub(super) fn bind(sockets: &Sockets, options: &SocketOptions) -> Result<Vec<Listener>, StartError> {
    let (listeners, skipped) = for_each_socket(sockets, |path| Listener::bind(path, options))?;
    for error in skipped {
        tracing::warn!(%error, "a default socket is not served");
    }
    for folder in distinct(listeners.iter().flat_map(Listener::folders_writable_by_others)) {
        tracing::warn!("{}", folder_warning(folder));
    }
    Ok(listeners)
}

/// The result of [`check`].
#[derive(Debug)]
pub(super) struct CheckedSockets {
    /// The sockets that would be served.
    pub(super) served: Vec<PathBuf>,
    skipped: Vec<SocketError>,
    folders_writable_by_others: Vec<Folder>,
}

impl CheckedSockets {
    /// Returns the warnings that a start would log.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        let skipped = self.skipped.iter().map(|error| format!("a default socket is not served: {error}"));
        skipped.chain(self.folders_writable_by_others.iter().map(folder_warning))
    }
}

/// Checks whether [`bind`] would succeed, without binding anything.
pub(super) fn check(sockets: &Sockets, options: &SocketOptions) -> Result<CheckedSockets, StartError> {
    let mut bound: Vec<PathBuf> = Vec::new();
    let (checked, skipped) = for_each_socket(sockets, |path| {
        let checked = socket::check(path, options)?;
        // Where two paths name one socket, the second bind finds the socket in use.
        if bound.contains(&checked.real_path) {
            return Err(SocketError::InUse { path: path.into(), owner: rustix::process::geteuid().as_raw() });
        }
        bound.push(checked.real_path.clone());
        Ok((path.to_owned(), checked.folders_writable_by_others))
    })?;
    let folders_writable_by_others =
        distinct(checked.iter().flat_map(|(_, folders)| folders)).into_iter().cloned().collect();
    Ok(CheckedSockets {
        served: checked.into_iter().map(|(path, _)| path).collect(),
        skipped,
        folders_writable_by_others,
    })
}

/// Calls `action` for each socket. Returns the results, and the errors of the default sockets that are skipped.
fn for_each_socket<T>(
    sockets: &Sockets,
    mut action: impl FnMut(&Path) -> Result<T, SocketError>,
) -> Result<(Vec<T>, Vec<SocketError>), StartError> {
    let (mut results, mut skipped) = (Vec::new(), Vec::new());
    for path in sockets.paths() {
        match (action(path), sockets) {
            (Ok(result), _) => results.push(result),
            (Err(error), Sockets::Named(_)) => return Err(error.into()),
            // A running broker of the same user or root is an error: otherwise this one would serve only half of the sockets.
            (Err(error), Sockets::Default(_)) if is_own_server(&error) => return Err(error.into()),
            (Err(error), Sockets::Default(_)) => skipped.push(error),
        }
    }
    if results.is_empty()
        && let Some(index) = skipped.iter().position(is_in_use).or(skipped.len().checked_sub(1))
    {
        return Err(skipped.swap_remove(index).into());
    }
    Ok((results, skipped))
}

const fn is_in_use(error: &SocketError) -> bool {
    matches!(error, SocketError::InUse { .. })
}

fn is_own_server(error: &SocketError) -> bool {
    let own = rustix::process::geteuid().as_raw();
    matches!(error, SocketError::InUse { owner, .. } if *owner == own || *owner == 0)
}

/// Removes duplicates, so that a folder with several sockets has one warning.
fn distinct<'a>(folders: impl Iterator<Item = &'a Folder>) -> Vec<&'a Folder> {
    let mut distinct: Vec<&Folder> = Vec::new();
    for folder in folders {
        if !distinct.iter().any(|known| known.path == folder.path) {
            distinct.push(folder);
        }
    }
    distinct
}

fn folder_warning(folder: &Folder) -> String {
    format!(
        "others can write to the folder {} (mode {:04o}) and can replace the socket: clients that do not check the \
         server's uid, such as released clients of the Open Crypto Broker, may then send their keys to another process",
        folder.path.display(),
        folder.mode
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn defaults() -> Sockets {
        Sockets::Default(vec!["/a".into(), "/b".into()])
    }

    fn in_use(owner: u32) -> impl Fn(&Path) -> SocketError {
        move |path| SocketError::InUse { path: path.into(), owner }
    }

    /// Returns a user that is neither root nor the one that runs the tests.
    fn other_user() -> u32 {
        rustix::process::geteuid().as_raw() + 1
    }

    fn first_fails(
        sockets: &Sockets,
        error: impl Fn(&Path) -> SocketError,
    ) -> Result<(Vec<PathBuf>, Vec<SocketError>), StartError> {
        for_each_socket(sockets, |path| if path == "/a" { Err(error(path)) } else { Ok(path.to_owned()) })
    }

    #[test]
    fn skips_a_default_socket_that_another_user_occupies() {
        let (served, skipped) = first_fails(&defaults(), in_use(other_user())).unwrap();
        assert_eq!(served, [PathBuf::from("/b")]);
        assert!(matches!(*skipped, [SocketError::InUse { .. }]));
        let named = Sockets::Named(defaults().paths().to_vec());
        assert_eq!(first_fails(&named, in_use(other_user())).unwrap_err().exit_code(), 3);
    }

    #[test]
    fn fails_where_a_default_socket_is_live_for_the_same_user_or_root() {
        for owner in [0, rustix::process::geteuid().as_raw()] {
            assert_eq!(first_fails(&defaults(), in_use(owner)).unwrap_err().exit_code(), 3);
        }
    }

    #[test]
    fn prefers_the_live_socket_error_where_no_default_socket_can_be_served() {
        let error = for_each_socket(&defaults(), |path| -> Result<(), _> {
            Err(match path == "/a" {
                true => in_use(other_user())(path),
                false => SocketError::NotASocket { path: path.into() },
            })
        });
        assert_eq!(error.unwrap_err().exit_code(), 3);
    }

    #[test]
    fn folder_of_two_sockets_has_one_warning() {
        let folder = Folder { path: "/tmp".into(), owner: 0, mode: 0o777 };
        assert_eq!(distinct([&folder, &folder].into_iter()), [&folder]);
        assert!(folder_warning(&folder).contains("/tmp (mode 0777)"));
    }
}
