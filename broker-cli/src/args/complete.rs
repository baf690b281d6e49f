//! What a shell offers while a value is typed.

use std::{collections::BTreeSet, ffi::OsStr, time::Duration};

use broker_client::Client;
use broker_server::{operation::CAPABILITIES, policy::Catalogue};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use crate::{error::Failure, repeat::block_on};

/// How long the broker may take: somebody has pressed a key and waits.
const PATIENCE: Duration = Duration::from_millis(300);

/// Completes a profile's name.
pub(super) fn profile_names() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let typed = typed.to_string_lossy();
        names()
            .iter()
            .filter(|name| name.starts_with(&*typed))
            .map(CompletionCandidate::new)
            .collect::<Vec<_>>()
    })
}

/// The profiles of the broker that `CRYPTO_BROKER_SOCKET` or the default sockets lead to, else the bundled ones.
fn names() -> BTreeSet<String> {
    let asked = block_on(async {
        let client = Client::builder().timeout(PATIENCE).connect_lazy()?;
        Ok::<_, Failure>(client.info().await?.profiles)
    });
    asked.map(BTreeSet::from_iter).unwrap_or_else(|_| bundled())
}

fn bundled() -> BTreeSet<String> {
    let profiles = Catalogue::bundled(CAPABILITIES);
    profiles
        .map(|it| it.profiles().iter().map(|profile| profile.name.to_string()).collect())
        .unwrap_or_default()
}
