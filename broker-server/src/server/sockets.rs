//! All sockets of a server: which of them may fail, and what is said about the folders that lead to them.

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

/// Binds the sockets, and logs a warning for each default one that is not served and for each folder that is let through
/// although others can write to it.
pub(super) fn bind(sockets: &Sockets, options: &SocketOptions) -> Result<Vec<Listener>, StartError> {
    let (listeners, skipped) = each(sockets, |path| Listener::bind(path, options))?;
    for error in skipped {
        tracing::warn!(%error, "a default socket is not served");
    }
    for folder in distinct(listeners.iter().flat_map(Listener::open_folders)) {
        tracing::warn!("{}", risk(folder));
    }
    Ok(listeners)
}

/// What a start would find.
#[derive(Debug)]
pub(super) struct Findings {
    /// The sockets that would be served.
    pub(super) served: Vec<PathBuf>,
    skipped: Vec<SocketError>,
    open: Vec<Folder>,
}

impl Findings {
    /// The warnings that a start would log.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        let skipped = self.skipped.iter().map(|error| format!("a default socket is not served: {error}"));
        skipped.chain(self.open.iter().map(risk))
    }
}

/// Finds out what [`bind`] would do, and does nothing.
pub(super) fn check(sockets: &Sockets, options: &SocketOptions) -> Result<Findings, StartError> {
    let mut bound: Vec<PathBuf> = Vec::new();
    let (checked, skipped) = each(sockets, |path| {
        let checked = socket::check(path, options)?;
        // Two names of one socket: the second finds the first one live.
        if bound.contains(&checked.bound) {
            return Err(SocketError::Live { path: path.into(), owner: rustix::process::geteuid().as_raw() });
        }
        bound.push(checked.bound.clone());
        Ok((path.to_owned(), checked.open_folders))
    })?;
    let open = distinct(checked.iter().flat_map(|(_, folders)| folders)).into_iter().cloned().collect();
    Ok(Findings { served: checked.into_iter().map(|(path, _)| path).collect(), skipped, open })
}

/// Does something to each socket, and returns what came of it and the default sockets that are passed over.
fn each<T>(
    sockets: &Sockets,
    mut with: impl FnMut(&Path) -> Result<T, SocketError>,
) -> Result<(Vec<T>, Vec<SocketError>), StartError> {
    let (mut done, mut skipped) = (Vec::new(), Vec::new());
    for path in sockets.paths() {
        match (with(path), sockets) {
            (Ok(one), _) => done.push(one),
            (Err(error), Sockets::Named(_)) => return Err(error.into()),
            // A broker of this user's or of root's is no reason to serve half of what was meant.
            (Err(error), Sockets::Default(_)) if is_own_server(&error) => return Err(error.into()),
            (Err(error), Sockets::Default(_)) => skipped.push(error),
        }
    }
    if done.is_empty()
        && let Some(at) = skipped.iter().position(is_live).or(skipped.len().checked_sub(1))
    {
        return Err(skipped.swap_remove(at).into());
    }
    Ok((done, skipped))
}

const fn is_live(error: &SocketError) -> bool {
    matches!(error, SocketError::Live { .. })
}

fn is_own_server(error: &SocketError) -> bool {
    let own = rustix::process::geteuid().as_raw();
    matches!(error, SocketError::Live { owner, .. } if *owner == own || *owner == 0)
}

/// Several sockets may be in one folder, which is worth one warning.
fn distinct<'a>(folders: impl Iterator<Item = &'a Folder>) -> Vec<&'a Folder> {
    let mut distinct: Vec<&Folder> = Vec::new();
    for folder in folders {
        if !distinct.iter().any(|known| known.path == folder.path) {
            distinct.push(folder);
        }
    }
    distinct
}

fn risk(folder: &Folder) -> String {
    format!(
        "others can write to the folder {} (mode {:04o}) and can replace the socket: clients that do not check the \
         server's uid, released ones among them, may then send their keys to somebody else",
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

    fn live(owner: u32) -> impl Fn(&Path) -> SocketError {
        move |path| SocketError::Live { path: path.into(), owner }
    }

    /// A user that is neither root nor the one that runs the tests.
    fn stranger() -> u32 {
        rustix::process::geteuid().as_raw() + 1
    }

    fn first_fails(
        sockets: &Sockets,
        with: impl Fn(&Path) -> SocketError,
    ) -> Result<(Vec<PathBuf>, Vec<SocketError>), StartError> {
        each(sockets, |path| if path == "/a" { Err(with(path)) } else { Ok(path.to_owned()) })
    }

    #[test]
    fn passes_over_a_default_socket_that_a_stranger_occupies() {
        let (done, skipped) = first_fails(&defaults(), live(stranger())).unwrap();
        assert_eq!(done, [PathBuf::from("/b")]);
        assert!(matches!(*skipped, [SocketError::Live { .. }]));
        let named = Sockets::Named(defaults().paths().to_vec());
        assert_eq!(first_fails(&named, live(stranger())).unwrap_err().exit_code(), 3);
    }

    #[test]
    fn ends_where_a_default_socket_is_served_by_the_same_user_or_root() {
        for owner in [0, rustix::process::geteuid().as_raw()] {
            assert_eq!(first_fails(&defaults(), live(owner)).unwrap_err().exit_code(), 3);
        }
    }

    #[test]
    fn says_that_a_socket_is_live_where_no_default_one_can_be_served() {
        let error = each(&defaults(), |path| -> Result<(), _> {
            Err(match path == "/a" {
                true => live(stranger())(path),
                false => SocketError::NotASocket { path: path.into() },
            })
        });
        assert_eq!(error.unwrap_err().exit_code(), 3);
    }

    #[test]
    fn warns_once_about_a_folder_of_two_sockets() {
        let folder = Folder { path: "/tmp".into(), owner: 0, mode: 0o777 };
        assert_eq!(distinct([&folder, &folder].into_iter()), [&folder]);
        assert!(risk(&folder).contains("/tmp (mode 0777)"));
    }
}
