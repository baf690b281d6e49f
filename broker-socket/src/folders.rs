//! The check of the folders and symbolic links on the path of a socket, which decide who could replace the socket.
//!
//! A user who may write to a folder may rename its entries and replace them, regardless of their owners. The check
//! therefore covers every folder from the root down, including those that hold a symbolic link on the path.
//! OpenSSH's `StrictModes` is the model.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Component, Path, PathBuf},
};

use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags};

/// The maximum number of symbolic links on a path, as in path_resolution(7).
const MAX_LINKS: usize = 40;

/// The policy for folders to which other users can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderCheck {
    /// The folder is rejected.
    Strict,
    /// The folder is accepted where it belongs to root or to a trusted user, and the server logs a warning.
    Warn,
}

impl FolderCheck {
    /// Returns the check with this name in flags and variables, in any case.
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "strict" => Some(Self::Strict),
            "warn" => Some(Self::Warn),
            _ => None,
        }
    }
}

/// A folder on the path of a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The path, without symbolic links.
    pub path: PathBuf,
    /// The uid of the owner.
    pub owner: u32,
    /// The permission bits.
    pub mode: u32,
}

/// A symbolic link on the path of a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The path, which contains no other link.
    pub path: PathBuf,
    /// The uid of the owner.
    pub owner: u32,
}

/// The reason for which the path of a socket cannot be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The folder's owner is neither root nor trusted.
    FolderOwnedByOther(Folder),
    /// Others can write to the folder, and it has no sticky bit.
    WritableFolder(Folder),
    /// The link's owner is neither root nor trusted.
    LinkOwnedByOther(Link),
}

/// The error of a path that cannot be resolved.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// A component of the path is not a folder.
    #[error("{} is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// The system failed to inspect a component of the path.
    #[error("{}: {source}", path.display())]
    Io {
        /// The path of the component.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
}

/// The resolution of a path: every folder and every symbolic link that the kernel traverses.
#[derive(Clone, Debug)]
pub struct Trace {
    real: PathBuf,
    folders: Vec<Folder>,
    links: Vec<Link>,
    missing: Vec<OsString>,
}

impl Trace {
    /// Resolves `path` from the root as far as it exists, like the kernel does.
    ///
    /// # Errors
    /// Fails with [`TraceError`] where a component is not a folder or cannot be inspected.
    pub fn of(path: &Path) -> Result<Self, TraceError> {
        let absolute =
            std::path::absolute(path).map_err(|source| TraceError::Io { path: path.into(), source })?;
        let mut trace = Self {
            real: PathBuf::from("/"),
            folders: vec![inspect_folder(Path::new("/"))?],
            links: Vec::new(),
            missing: Vec::new(),
        };
        let mut remaining = Vec::new();
        push_components(&mut remaining, &absolute);
        while let Some(component) = remaining.pop() {
            if !trace.step(&component, &mut remaining)? {
                trace.missing.push(component);
                trace.missing.extend(remaining.into_iter().rev());
                break;
            }
        }
        Ok(trace)
    }

    /// Returns the path without symbolic links, as far as it exists.
    pub fn real(&self) -> &Path {
        &self.real
    }

    /// Returns the components of the path that do not exist.
    pub fn missing(&self) -> &[OsString] {
        &self.missing
    }

    /// Reports whether the last component that exists is a folder.
    pub fn ends_in_folder(&self) -> bool {
        self.folders.iter().any(|folder| folder.path == self.real)
    }

    /// Checks the folders and links, and returns the folders that are accepted although other users can write to
    /// them. With [`FolderCheck::Strict`] there are no such folders.
    ///
    /// With [`FolderCheck::Warn`], an accepted folder may be the mount point of a volume, such as Kubernetes'
    /// `emptyDir`. The folders above the mount point are then not checked, because a user who can write to the
    /// volume can replace the socket in any case.
    ///
    /// # Errors
    /// Fails with the [`Problem`] that is closest to the socket: a folder or link of a user that is neither root nor in
    /// `trusted`, or a folder to which other users can write and that is not accepted.
    pub fn check_permissions(&self, trusted: &[u32], check: FolderCheck) -> Result<Vec<&Folder>, Problem> {
        let foreign = |owner: u32| owner != 0 && !trusted.contains(&owner);
        if let Some(link) = self.links.iter().find(|link| foreign(link.owner)) {
            return Err(Problem::LinkOwnedByOther(link.clone()));
        }
        let is_accepted = |folder: &Folder| {
            check == FolderCheck::Warn && folder.others_can_write() && !foreign(folder.owner)
        };
        let upwards = || self.folders.iter().rev();
        let volume = upwards().find(|folder| {
            self.real.starts_with(&folder.path) && is_accepted(folder) && is_mount_point(&folder.path)
        });
        let mut writable = Vec::new();
        for folder in upwards() {
            if volume.is_some_and(|volume| *volume != *folder && volume.path.starts_with(&folder.path)) {
                continue;
            }
            if foreign(folder.owner) {
                return Err(Problem::FolderOwnedByOther(folder.clone()));
            }
            if is_accepted(folder) {
                writable.push(folder);
            } else if folder.others_can_write() {
                return Err(Problem::WritableFolder(folder.clone()));
            }
        }
        Ok(writable)
    }

    /// Resolves the next component. Returns false where it does not exist.
    fn step(&mut self, component: &OsString, remaining: &mut Vec<OsString>) -> Result<bool, TraceError> {
        if !self.ends_in_folder() {
            return Err(TraceError::NotAFolder(self.real.clone()));
        }
        if component == ".." {
            self.real.pop();
            return Ok(true);
        }
        let path = self.real.join(component);
        let metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(source) => return Err(TraceError::Io { path, source }),
        };
        if metadata.is_symlink() {
            if self.links.len() == MAX_LINKS {
                return Err(TraceError::Io { path, source: rustix::io::Errno::LOOP.into() });
            }
            let target =
                fs::read_link(&path).map_err(|source| TraceError::Io { path: path.clone(), source })?;
            if target.is_absolute() {
                self.real = PathBuf::from("/");
            }
            push_components(remaining, &target);
            self.links.push(Link { path, owner: metadata.uid() });
            return Ok(true);
        }
        if metadata.is_dir() && !self.folders.iter().any(|folder| folder.path == path) {
            self.folders.push(Folder::new(&path, &metadata));
        }
        self.real = path;
        Ok(true)
    }
}

impl Folder {
    fn new(path: &Path, metadata: &fs::Metadata) -> Self {
        Self { path: path.into(), owner: metadata.uid(), mode: metadata.mode() & 0o7777 }
    }

    /// Reports whether users other than the owner can rename the entries. With the sticky bit, only the owner of an
    /// entry can.
    fn others_can_write(&self) -> bool {
        self.mode & 0o022 != 0 && self.mode & 0o1000 == 0
    }
}

fn inspect_folder(path: &Path) -> Result<Folder, TraceError> {
    let metadata =
        fs::symlink_metadata(path).map_err(|source| TraceError::Io { path: path.into(), source })?;
    Ok(Folder::new(path, &metadata))
}

/// Inserts the components of a path before the remaining ones. The list is in reverse order, so the next one is its
/// last.
fn push_components(remaining: &mut Vec<OsString>, path: &Path) {
    let components = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    let start = remaining.len();
    remaining.extend(components);
    if let Some(added) = remaining.get_mut(start..) {
        added.reverse();
    }
}

/// Reports whether a file system is mounted at this folder. Where the kernel cannot tell (before Linux 5.8), this
/// returns false, and more folders are checked.
fn is_mount_point(folder: &Path) -> bool {
    rustix::fs::statx(CWD, folder, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty()).is_ok_and(|found| {
        let root = StatxAttributes::MOUNT_ROOT;
        found.stx_attributes_mask.contains(root) && found.stx_attributes.contains(root)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn own_uid() -> u32 {
        rustix::process::geteuid().as_raw()
    }

    fn check_permissions(path: &Path, check: FolderCheck) -> Result<Vec<PathBuf>, Problem> {
        let trace = Trace::of(path).unwrap();
        trace
            .check_permissions(&[own_uid()], check)
            .map(|open| open.into_iter().map(|folder| folder.path.clone()).collect())
    }

    fn make(folder: &Path, mode: u32) {
        fs::create_dir(folder).unwrap();
        fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn writable(folder: &Path) -> impl Fn(Result<Vec<PathBuf>, Problem>) -> bool {
        let folder = fs::canonicalize(folder).unwrap();
        move |verdict| matches!(&verdict, Err(Problem::WritableFolder(found)) if found.path == folder)
    }

    fn folder_of(owner: u32, mode: u32) -> Trace {
        let folder = Folder { path: "/f".into(), owner, mode };
        Trace { real: "/f".into(), folders: vec![folder], links: Vec::new(), missing: Vec::new() }
    }

    #[test]
    fn accepts_only_folders_of_root_and_trusted_users() {
        let foreign = |trace: Trace, trusted, check| {
            matches!(
                trace.check_permissions(&[trusted], check),
                Err(Problem::FolderOwnedByOther(Folder { owner: 1001, .. }))
            )
        };
        for check in [FolderCheck::Strict, FolderCheck::Warn] {
            assert_eq!(folder_of(1000, 0o700).check_permissions(&[1000], check), Ok(vec![]));
            assert_eq!(folder_of(0, 0o755).check_permissions(&[1000], check), Ok(vec![]));
            assert!(foreign(folder_of(1001, 0o755), 1000, check));
            assert!(foreign(folder_of(1001, 0o777), 0, check));
        }
    }

    #[test]
    fn rejects_folders_writable_by_others_unless_sticky_or_accepted() {
        for mode in [0o777, 0o770, 0o2777, 0o702] {
            let trace = folder_of(0, mode);
            let strict = trace.check_permissions(&[1000], FolderCheck::Strict);
            assert!(
                matches!(strict, Err(Problem::WritableFolder(ref folder)) if folder.mode == mode),
                "{mode:o}"
            );
            let warn = trace.check_permissions(&[1000], FolderCheck::Warn).unwrap();
            assert_eq!(warn[0].mode, mode);
        }
        for mode in [0o1777, 0o3777, 0o755, 0o2755] {
            assert_eq!(
                folder_of(0, mode).check_permissions(&[1000], FolderCheck::Strict),
                Ok(vec![]),
                "{mode:o}"
            );
        }
    }

    #[test]
    fn rejects_writable_ancestor() {
        let home = tempfile::tempdir().unwrap();
        let open = home.path().join("open");
        make(&open, 0o777);
        make(&open.join("own"), 0o700);
        make(&open.join("own/deep"), 0o700);
        let socket = open.join("own/deep/s");
        assert!(writable(&open)(check_permissions(&socket, FolderCheck::Strict)));
        assert_eq!(check_permissions(&socket, FolderCheck::Warn), Ok(vec![fs::canonicalize(&open).unwrap()]));
        fs::set_permissions(&open, fs::Permissions::from_mode(0o1777)).unwrap();
        assert_eq!(check_permissions(&socket, FolderCheck::Strict), Ok(vec![]));
    }

    #[test]
    fn rejects_link_in_writable_folder_despite_good_target() {
        let home = tempfile::tempdir().unwrap();
        let (open, good) = (home.path().join("open"), home.path().join("good"));
        make(&open, 0o777);
        make(&good, 0o700);
        symlink("../good", open.join("link")).unwrap();
        symlink(open.join("link"), home.path().join("first")).unwrap();
        for socket in [open.join("link/s"), home.path().join("first/s"), open.join("../open/link/s")] {
            assert!(writable(&open)(check_permissions(&socket, FolderCheck::Strict)), "{}", socket.display());
            let trace = Trace::of(&socket).unwrap();
            assert_eq!(trace.real(), fs::canonicalize(&good).unwrap());
        }
        assert_eq!(check_permissions(&good.join("../good/s"), FolderCheck::Strict), Ok(vec![]));
    }

    #[test]
    fn rejects_link_of_foreign_user() {
        let trace = Trace {
            real: "/good".into(),
            folders: Vec::new(),
            links: vec![Link { path: "/tmp/link".into(), owner: 7 }],
            missing: Vec::new(),
        };
        assert!(matches!(
            trace.check_permissions(&[8], FolderCheck::Warn),
            Err(Problem::LinkOwnedByOther(Link { owner: 7, .. }))
        ));
        assert_eq!(trace.check_permissions(&[7], FolderCheck::Strict), Ok(vec![]));
    }

    #[test]
    fn reports_missing_components_and_non_folders() {
        let home = tempfile::tempdir().unwrap();
        let trace = Trace::of(&home.path().join("a/../b")).unwrap();
        assert_eq!(trace.missing(), ["a", "..", "b"]);
        assert!(trace.ends_in_folder());
        fs::write(home.path().join("file"), "").unwrap();
        assert!(!Trace::of(&home.path().join("file")).unwrap().ends_in_folder());
        let file = fs::canonicalize(home.path()).unwrap().join("file");
        for beyond in ["file/x", "file/x/y", "file/../s"] {
            let error = Trace::of(&home.path().join(beyond)).unwrap_err();
            assert!(matches!(error, TraceError::NotAFolder(ref path) if *path == file), "{error}");
        }
        symlink("loop", home.path().join("loop")).unwrap();
        let error = Trace::of(&home.path().join("loop/s")).unwrap_err();
        assert!(matches!(error, TraceError::Io { .. }), "{error}");
    }
}
