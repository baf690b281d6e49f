//! The builder of the blocking client.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::FolderCheck;
use crate::{
    client::blocking::{Client, Runner},
    error::Error,
    retry::RetryPolicy,
};

impl Client {
    /// Connects to the broker at the given socket, with the default options.
    ///
    /// # Errors
    /// Fails like [`Builder::connect`].
    pub fn connect(path: impl Into<PathBuf>) -> Result<Self, Error> {
        Self::builder().socket(path).connect()
    }

    /// Returns a builder, which sets the options before it connects.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

/// The options of a [`Client`], which are those of [`crate::Builder`]. Created by [`Client::builder`].
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until `connect`"]
pub struct Builder(super::Builder);

impl Builder {
    /// Connects at once, so that a missing broker is reported here and not by the first call.
    ///
    /// # Errors
    /// Fails like [`crate::Builder::connect`], and with [`Runtime`](crate::ErrorKind::Runtime) where the runtime of the
    /// client cannot be created.
    pub fn connect(self) -> Result<Client, Error> {
        let runner = Arc::new(Runner::new()?);
        let inner = runner.block_on(self.0.connect())?;
        Ok(Client::new(inner, runner))
    }

    /// Creates the client without connecting; its first call connects.
    ///
    /// # Errors
    /// Fails like [`crate::Builder::connect_lazy`], and with [`Runtime`](crate::ErrorKind::Runtime) where the
    /// runtime of the client cannot be created.
    pub fn connect_lazy(self) -> Result<Client, Error> {
        let runner = Arc::new(Runner::new()?);
        let inner = runner.block_on(async { self.0.connect_lazy() })?;
        Ok(Client::new(inner, runner))
    }
}

/// Defines options that are those of the async builder.
macro_rules! options {
    ($($option:ident($value:ident: $type:ty);)+) => {
        impl Builder {$(
            #[doc = concat!("Sets the same option as [`crate::Builder::", stringify!($option), "`].")]
            pub fn $option(self, $value: $type) -> Self {
                Self(self.0.$option($value))
            }
        )+}
    };
}
options! {
    socket(path: impl Into<PathBuf>);
    profile(name: impl Into<String>);
    timeout(timeout: Duration);
    retry(policy: RetryPolicy);
    in_flight(operations: usize);
    connect_wait(wait: Duration);
    server_uid(uid: u32);
    folder_check(check: FolderCheck);
}
