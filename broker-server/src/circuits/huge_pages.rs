//! Huge pages for large keys.
//!
//! The process has turned transparent huge pages off, because most of its heap is smaller than one of them
//! (`process::use_small_pages`). A key of some hundred megabytes is not: with small pages, a third of the time in which it is
//! loaded goes to page faults.

use std::sync::{Mutex, PoisonError};

use rustix::thread::{disable_transparent_huge_pages, transparent_huge_pages_are_disabled};

/// How many of [`HugePages`] exist, of those that have turned them on.
static USERS: Mutex<usize> = Mutex::new(0);

/// While one exists, the process has huge pages, if they were off before it. They are a matter of speed alone, so errors are
/// of no interest.
#[derive(Debug)]
pub(super) struct HugePages(());

impl HugePages {
    /// Turns huge pages on, unless they are on already.
    pub(super) fn turn_on() -> Option<Self> {
        let mut users = USERS.lock().unwrap_or_else(PoisonError::into_inner);
        if *users == 0 {
            if !transparent_huge_pages_are_disabled().ok()? {
                return None;
            }
            disable_transparent_huge_pages(false).ok()?;
        }
        *users += 1;
        Some(Self(()))
    }
}

impl Drop for HugePages {
    fn drop(&mut self) {
        let mut users = USERS.lock().unwrap_or_else(PoisonError::into_inner);
        *users -= 1;
        if *users == 0 {
            let _ = disable_transparent_huge_pages(true);
        }
    }
}
