//! A value with its origin, and the types of values.

use std::{
    ffi::{OsStr, OsString},
    num::NonZeroUsize,
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use super::Environment;
use crate::{byte_size, duration};

/// A value that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {value:?} is not allowed; use {allowed}")]
pub struct ValueError {
    /// The flag with its dashes, or the variable.
    pub origin: String,
    /// The value; what is not UTF-8 is replaced.
    pub value: String,
    /// The values that are allowed.
    pub allowed: String,
}

/// A value and the flag or variable that it comes from.
#[derive(Debug)]
pub(super) struct Source {
    origin: String,
    value: OsString,
}

impl Source {
    pub(super) fn flag(flag: &str, value: OsString) -> Self {
        Self { origin: format!("--{flag}"), value }
    }

    pub(super) fn variable(name: &str, environment: &Environment) -> Option<Self> {
        let value = environment.get(name).filter(|value| !value.is_empty())?;
        Some(Self { origin: name.to_owned(), value: value.clone() })
    }

    /// Returns the argument if it is given, otherwise the flag's variable if it is set.
    pub(super) fn choose(flag: &str, argument: Option<OsString>, environment: &Environment) -> Option<Self> {
        let variable = || format!("CRYPTO_BROKER_{}", flag.replace('-', "_").to_ascii_uppercase());
        argument.map(|value| Self::flag(flag, value)).or_else(|| Self::variable(&variable(), environment))
    }

    pub(super) fn error(&self, allowed: impl Into<String>) -> ValueError {
        ValueError {
            origin: self.origin.clone(),
            value: self.value.to_string_lossy().into_owned(),
            allowed: allowed.into(),
        }
    }

    pub(super) fn text(&self) -> Result<&str, ValueError> {
        self.value.to_str().ok_or_else(|| self.error("UTF-8 text"))
    }

    pub(super) fn path(&self) -> Result<PathBuf, ValueError> {
        if self.value.is_empty() {
            return Err(self.error("a path"));
        }
        Ok(PathBuf::from(AsRef::<OsStr>::as_ref(&self.value)))
    }

    /// Parses the path of a socket, which may be written as a gRPC address.
    pub(super) fn socket(&self) -> Result<PathBuf, ValueError> {
        broker_socket::path(&self.value).map_err(|_| self.error(broker_socket::SPELLINGS))
    }

    pub(super) fn number<N: FromStr + PartialOrd + std::fmt::Display>(
        &self,
        minimum: N,
        maximum: N,
    ) -> Result<N, ValueError> {
        match self.text()?.trim().parse::<N>() {
            Ok(number) if number >= minimum && number <= maximum => Ok(number),
            _ => Err(self.error(format!("a whole number from {minimum} to {maximum}"))),
        }
    }

    pub(super) fn count(&self, maximum: usize) -> Result<NonZeroUsize, ValueError> {
        let number = self.number(1, maximum)?;
        NonZeroUsize::new(number).ok_or_else(|| self.error("a number above 0"))
    }

    pub(super) fn bytes(&self) -> Result<usize, ValueError> {
        bytes(self.text()?.trim())
            .filter(|bytes| (1024..=1 << 30).contains(bytes))
            .ok_or_else(|| self.error("a number of bytes from 1KiB to 1GiB, such as 2097152 or 2MiB"))
    }

    pub(super) fn octal(&self) -> Result<u32, ValueError> {
        let text = self.text()?.trim();
        u32::from_str_radix(text.strip_prefix("0o").unwrap_or(text), 8)
            .ok()
            .filter(|mode| *mode <= 0o777 && mode & 0o200 != 0 && !text.starts_with('+'))
            .ok_or_else(|| self.error("octal permission bits that let the owner write, such as 0600 or 0660"))
    }

    /// Parses permission bits of a folder that only its owner can write to.
    pub(super) fn folder_mode(&self) -> Result<u32, ValueError> {
        let text = self.text()?.trim();
        u32::from_str_radix(text.strip_prefix("0o").unwrap_or(text), 8)
            .ok()
            .filter(|mode| *mode <= 0o777 && mode & 0o722 == 0o700 && !text.starts_with('+'))
            .ok_or_else(|| {
                self.error(
                    "octal permission bits of a folder that its owner alone can write to, such as 0700, 0710 or 0755",
                )
            })
    }

    pub(super) fn duration(&self, minimum: Duration) -> Result<Duration, ValueError> {
        duration(self.text()?.trim())
            .filter(|duration| (minimum..=Duration::from_secs(365 * 24 * 3600)).contains(duration))
            .ok_or_else(|| {
                self.error(format!("a duration of {minimum:?} or more, such as 8s, 500ms or 1h30m"))
            })
    }

    pub(super) fn switch(&self) -> Result<bool, ValueError> {
        match self.text()?.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Ok(true),
            "0" | "false" | "no" | "off" => Ok(false),
            _ => Err(self.error("true or false")),
        }
    }

    /// Splits a list at its commas; empty entries are left out.
    pub(super) fn split(&self) -> Result<Vec<Self>, ValueError> {
        let entries = self.text()?.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        Ok(entries.map(|entry| Self { origin: self.origin.clone(), value: entry.into() }).collect())
    }
}

/// Parses a number of bytes, with an optional suffix KiB, MiB or GiB.
pub(super) fn bytes(text: &str) -> Option<usize> {
    byte_size::parse(text).and_then(|bytes| usize::try_from(bytes).ok())
}

/// Parses a Go duration without a sign: `300ms`, `1.5h`, `2h45m`, or `0` without a unit.
fn duration(text: &str) -> Option<Duration> {
    let unsigned = !text.starts_with(['-', '+']);
    let nanoseconds = duration::nanoseconds(text).ok().filter(|_| unsigned)?;
    u64::try_from(nanoseconds).ok().map(Duration::from_nanos)
}
