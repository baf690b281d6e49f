//! The values that a shell offers while one is typed.

use std::{collections::BTreeSet, ffi::OsStr, time::Duration};

use broker_server::{operation::CAPABILITIES, policy::Catalogue};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use crate::{broker::Endpoint, error::Failure, runtime::block_on};

/// The timeout of the broker: the user has pressed a key and waits.
const TIMEOUT: Duration = Duration::from_millis(300);

/// Completes the name of a profile.
pub(crate) fn profile_names() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let typed = typed.to_string_lossy();
        names()
            .iter()
            .filter(|name| name.starts_with(&*typed))
            .map(CompletionCandidate::new)
            .collect::<Vec<_>>()
    })
}

/// Returns the profiles of the broker behind `CRYPTO_BROKER_SOCKET` or the default sockets, or the bundled ones where none
/// answers.
fn names() -> BTreeSet<String> {
    let endpoint = Endpoint { socket: None, timeout: Some(TIMEOUT) };
    let answer = block_on(async {
        // One attempt: the client would try for a while.
        endpoint.find().await?;
        Ok::<_, Failure>(endpoint.client()?.info().await?.profiles)
    });
    answer.map(BTreeSet::from_iter).unwrap_or_else(|_| bundled())
}

fn bundled() -> BTreeSet<String> {
    let catalogue = Catalogue::bundled(CAPABILITIES);
    catalogue
        .map(|catalogue| catalogue.profiles().iter().map(|profile| profile.name.to_string()).collect())
        .unwrap_or_default()
}
