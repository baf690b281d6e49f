//! What a caller knows of the bytes of a key.

use std::{fmt, sync::Arc};

use super::{LoadError, Loaded};

/// What the caller knows of the bytes of a `.zkey`, whose hash may still be computed while they are read.
#[derive(Clone, Copy)]
pub struct Pin<'a> {
    /// Whether the points have been checked before, in a file with the hash that these bytes should have. Otherwise they are
    /// checked now.
    pub checked: bool,
    /// Returns whether the bytes have that hash, and waits until it is known. It is asked once, when everything that a proof
    /// needs has been prepared from them, and before anybody gets it.
    pub confirm: &'a dyn Fn() -> bool,
}

impl Pin<'static> {
    /// The bytes are those whose points have been checked before.
    pub const CHECKED: Self = Self { checked: true, confirm: &|| true };
    /// The bytes have the right hash, or any will do, and the points are to be checked.
    pub const UNCHECKED: Self = Self { checked: false, confirm: &|| true };
}

impl Pin<'_> {
    /// Returns what was prepared from the bytes, if they are the right ones.
    pub(super) fn confirmed<T: Loaded + 'static>(&self, prepared: T) -> Result<Arc<dyn Loaded>, LoadError> {
        if (self.confirm)() { Ok(Arc::new(prepared)) } else { Err(LoadError::OtherBytes) }
    }
}

impl fmt::Debug for Pin<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pin").field("checked", &self.checked).finish_non_exhaustive()
    }
}
