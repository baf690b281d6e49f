//! The folder with the keys that the broker has made, and with the notes of which files have been checked.
//!
//! ```text
//! DIR/lock                                     held while something is written
//! DIR/keys/bn254-payment-v1-SHA256.zkey        a key; the name has the SHA-256 of the contents
//! DIR/checked/SHA256-v1                        the points of the .zkey with this SHA-256 have been checked
//! DIR/verified/ZKEY-R1CS-PTAU-v1               the ceremony of these files (by SHA-256) has been verified
//! ```
//!
//! Files are written under another name, synchronised and renamed, and never changed. Two brokers can use one folder.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use aws_lc_rs::{
    digest,
    rand::{SecureRandom as _, SystemRandom},
};
use rustix::fs::{Access, FlockOperation, flock};

/// The version of the check of a `.zkey`. A new one makes every file be checked again.
const CHECK: u32 = 1;
/// The version of the verification of a ceremony. A new one makes every ceremony be verified again.
const VERIFICATION: u32 = 1;
/// The folders in the store.
const FOLDERS: [&str; 3] = ["keys", "checked", "verified"];
/// The beginning of the names of files that are being written.
const UNFINISHED: &str = ".unfinished-";

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {cause}", path.display())]
pub struct StoreError {
    path: PathBuf,
    cause: io::Error,
}

impl StoreError {
    fn new(path: &Path, cause: io::Error) -> Self {
        Self { path: path.to_owned(), cause }
    }

    fn other(path: &Path, message: &str) -> Self {
        Self::new(path, io::Error::other(message.to_owned()))
    }
}

/// The files of a ceremony, by their SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CeremonyFiles {
    /// The proving key.
    pub zkey: [u8; 32],
    /// The constraints.
    pub r1cs: [u8; 32],
    /// The powers of tau.
    pub powers_of_tau: [u8; 32],
}

/// The store.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
}

impl Store {
    /// Opens the folder, which belongs to the broker's user alone. It is created if its parent exists.
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        create(folder)?;
        check_own(folder, &fs::metadata(folder).map_err(|error| StoreError::new(folder, error))?)?;
        let store = Self { folder: folder.to_owned() };
        for name in FOLDERS {
            create(&store.folder.join(name))?;
        }
        store.remove_unfinished();
        Ok(store)
    }

    /// Opens a folder that exists. Nothing is created in place of a folder whose path is mistyped.
    pub(super) fn open_existing(folder: &Path) -> Result<Self, StoreError> {
        check_exists(folder)?;
        Self::open(folder)
    }

    /// Checks whether [`Store::open_existing`] would succeed, as far as that can be seen without writing.
    pub(super) fn check_existing(folder: &Path) -> Result<(), StoreError> {
        check_exists(folder)?;
        Self::check(folder)
    }

    /// Checks whether [`Store::open`] would succeed, as far as that can be seen without writing.
    pub(super) fn check(folder: &Path) -> Result<(), StoreError> {
        let error = |error: io::Error| StoreError::new(folder, error);
        let (writable, access) = match fs::metadata(folder) {
            Ok(metadata) => {
                check_own(folder, &metadata)?;
                (folder, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK)
            }
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
                let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
                (parent.unwrap_or(Path::new(".")), Access::WRITE_OK | Access::EXEC_OK)
            }
            Err(other) => return Err(error(other)),
        };
        rustix::fs::access(writable, access).map_err(|errno| error(errno.into()))
    }

    /// Returns the key whose name begins with `prefix`. Two of them are an error: which one is used must not depend on the
    /// order of a folder.
    pub(super) fn key(&self, prefix: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let folder = self.folder.join("keys");
        let entries = fs::read_dir(&folder).map_err(|error| StoreError::new(&folder, error))?;
        let mut found = None;
        for entry in entries {
            let entry = entry.map_err(|error| StoreError::new(&folder, error))?;
            let name = entry.file_name().into_string().unwrap_or_default();
            let hash = name.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(".zkey"));
            let Some(hash) = hash.filter(|hash| hash.len() == 64) else { continue };
            let path = entry.path();
            if found.is_some() {
                return Err(StoreError::other(&path, "is a second key of its circuit; remove one of them"));
            }
            found = Some((path, hash.to_owned()));
        }
        let Some((path, hash)) = found else { return Ok(None) };
        if !fs::metadata(&path).map_err(|error| StoreError::new(&path, error))?.is_file() {
            return Err(StoreError::other(&path, "is not a regular file"));
        }
        let bytes = fs::read(&path).map_err(|error| StoreError::new(&path, error))?;
        if sha256(&bytes) != hash {
            return Err(StoreError::other(
                &path,
                "is damaged: its contents do not have the SHA-256 in its name; restore it, or remove it if no proof by \
                 this key is needed any more",
            ));
        }
        Ok(Some(bytes))
    }

    /// Adds a key, unless there is one whose name begins with `prefix`, which is returned.
    pub(super) fn add_key(&self, prefix: &str, bytes: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let _lock = self.lock(FlockOperation::LockExclusive)?;
        if let Some(existing) = self.key(prefix)? {
            return Ok(Some(existing));
        }
        self.write(&self.folder.join("keys"), &format!("{prefix}{}.zkey", sha256(bytes)), bytes)?;
        Ok(None)
    }

    /// Reports whether the points of a `.zkey` with this SHA-256 have been checked.
    pub(super) fn is_checked(&self, zkey: &[u8; 32]) -> bool {
        self.folder.join("checked").join(check_name(zkey)).is_file()
    }

    /// Notes that the points of a `.zkey` have been checked.
    pub(super) fn set_checked(&self, zkey: &[u8; 32]) -> Result<(), StoreError> {
        let _lock = self.lock(FlockOperation::LockExclusive)?;
        self.write(&self.folder.join("checked"), &check_name(zkey), &[])
    }

    /// Returns the SHA-256 of the powers of tau from which the ceremony of a key with these constraints has been verified.
    pub(super) fn verified(&self, zkey: &[u8; 32], r1cs: &[u8; 32]) -> Vec<[u8; 32]> {
        let (prefix, suffix) =
            (format!("{}-{}-", hex::encode(zkey), hex::encode(r1cs)), verification_suffix());
        let folder = self.folder.join("verified");
        let unread = |error: &io::Error| {
            let folder = folder.display();
            tracing::warn!(%folder, %error, "the notes of verified ceremonies cannot be read: keys count as not verified");
        };
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                unread(&error);
                return Vec::new();
            }
        };
        let powers_of_tau = |entry: fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            let mut hash = [0; 32];
            hex::decode_to_slice(name.strip_prefix(&prefix)?.strip_suffix(&suffix)?, &mut hash).ok()?;
            entry.path().is_file().then_some(hash)
        };
        let readable = |entry: io::Result<fs::DirEntry>| entry.inspect_err(unread).ok();
        entries.filter_map(readable).filter_map(powers_of_tau).collect()
    }

    /// Notes that the ceremony of these files has been verified.
    pub(super) fn set_verified(&self, files: &CeremonyFiles) -> Result<(), StoreError> {
        let _lock = self.lock(FlockOperation::LockExclusive)?;
        let hashes = [files.zkey, files.r1cs, files.powers_of_tau].map(hex::encode).join("-");
        self.write(&self.folder.join("verified"), &(hashes + &verification_suffix()), &[])
    }

    /// Writes a file that is either complete or absent, whatever happens.
    fn write(&self, folder: &Path, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let mut random = [0; 8];
        let mut suffix = || SystemRandom::new().fill(&mut random).map(|()| hex::encode(random));
        let suffix = suffix().map_err(|_| StoreError::other(folder, "the system has no random numbers"))?;
        let unfinished = folder.join(format!("{UNFINISHED}{suffix}"));
        let written = || -> io::Result<()> {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&unfinished, folder.join(name))?;
            File::open(folder)?.sync_all()
        };
        written().map_err(|error| {
            // What cannot be removed now is removed at the next start.
            let _ = fs::remove_file(&unfinished);
            StoreError::new(&folder.join(name), error)
        })
    }

    /// Takes the lock until the file is dropped.
    fn lock(&self, operation: FlockOperation) -> Result<File, StoreError> {
        let path = self.folder.join("lock");
        let error = |error| StoreError::new(&path, error);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(error)?;
        flock(&file, operation).map_err(|errno| error(errno.into()))?;
        Ok(file)
    }

    /// Removes what a broker that was killed has left, unless another one is writing now.
    fn remove_unfinished(&self) {
        let Ok(_lock) = self.lock(FlockOperation::NonBlockingLockExclusive) else { return };
        for name in FOLDERS {
            let Ok(entries) = fs::read_dir(self.folder.join(name)) else { continue };
            for entry in entries.flatten() {
                if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                    let _ = fs::remove_file(entry.path());
                }
            }
        }
    }
}

/// Checks that a folder is there, and is a store or empty: another one that belongs to the broker's user is a mistake, too.
fn check_exists(folder: &Path) -> Result<(), StoreError> {
    match fs::metadata(folder) {
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => Err(StoreError::new(
            folder,
            io::Error::new(
                io::ErrorKind::NotFound,
                "does not exist; name the folder with which the broker was started (--key-store), or start the broker once, \
                 which creates it",
            ),
        )),
        Err(error) => Err(StoreError::new(folder, error)),
        Ok(_) if folder.join("keys").is_dir() => Ok(()),
        Ok(_) => match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::other(
                folder,
                "is no key store; name the folder with which the broker was started (--key-store)",
            )),
            Err(error) => Err(StoreError::new(folder, error)),
        },
    }
}

/// Checks that a folder belongs to the broker's user alone.
fn check_own(folder: &Path, metadata: &fs::Metadata) -> Result<(), StoreError> {
    if !metadata.is_dir() {
        return Err(StoreError::other(folder, "is not a folder"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(StoreError::other(folder, "belongs to another user"));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(StoreError::other(folder, "is open to other users; set its mode to 0700"));
    }
    Ok(())
}

fn verification_suffix() -> String {
    format!("-v{VERIFICATION}")
}

fn check_name(zkey: &[u8; 32]) -> String {
    format!("{}-v{CHECK}", hex::encode(zkey))
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

/// Creates a folder for the broker's user alone, unless it exists.
fn create(folder: &Path) -> Result<(), StoreError> {
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::new(folder, error)),
    }
}

#[cfg(test)]
mod tests;
