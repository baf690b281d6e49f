//! The circuits in memory, and those that are being loaded.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::{CircuitId, CircuitLoadError, LoadedCircuit, Outcome, Sender, reservation::Memory};

/// A circuit that was loaded.
#[derive(Clone, Debug)]
pub(super) struct Loading {
    pub(super) circuit: LoadedCircuit,
    /// Whether its key was made.
    pub(super) created: bool,
}

/// The circuits by their identity. The lock is held for lookups only.
#[derive(Debug)]
pub(super) struct Cache {
    memory: Arc<Memory>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: HashMap<CircuitId, Entry>,
    /// The number of uses so far, which is the time of the last one.
    uses: u64,
}

#[derive(Debug)]
enum Entry {
    Loading(Arc<Sender>),
    Loaded { circuit: LoadedCircuit, bytes: u64, last_use: u64 },
}

/// The right and the duty to load one circuit. If it is dropped without a result, calls that wait fail.
#[derive(Debug)]
pub(super) struct Ticket {
    id: CircuitId,
    sender: Arc<Sender>,
}

impl Ticket {
    /// Reports whether no call waits any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.sender.receiver_count() == 0
    }
}

/// The state of a circuit.
#[derive(Debug)]
pub(super) enum Lookup {
    Loaded(LoadedCircuit),
    Loading(watch::Receiver<Outcome>),
    /// The caller must have it loaded.
    Absent(Ticket, watch::Receiver<Outcome>),
}

impl Cache {
    pub(super) fn new(memory: Arc<Memory>) -> Self {
        Self { memory, state: Mutex::default() }
    }

    /// Returns a circuit that is loaded, without counting a use.
    pub(super) fn peek(&self, id: &CircuitId) -> Option<LoadedCircuit> {
        match self.lock().entries.get(id)? {
            Entry::Loaded { circuit, .. } => Some(circuit.clone()),
            Entry::Loading(_) => None,
        }
    }

    /// Returns the state of a circuit. Of all callers that find it absent, one gets the ticket.
    pub(super) fn look_up(&self, id: &CircuitId) -> Lookup {
        let mut state = self.lock();
        state.uses += 1;
        let uses = state.uses;
        match state.entries.get_mut(id) {
            Some(Entry::Loaded { circuit, last_use, .. }) => {
                *last_use = uses;
                return Lookup::Loaded(circuit.clone());
            }
            // Loading that every call has abandoned is about to end without a result; a new one replaces it.
            Some(Entry::Loading(sender)) if sender.receiver_count() > 0 => {
                return Lookup::Loading(sender.subscribe());
            }
            Some(Entry::Loading(_)) | None => {}
        }
        let (sender, receiver) = watch::channel(None);
        let sender = Arc::new(sender);
        state.entries.insert(id.clone(), Entry::Loading(Arc::clone(&sender)));
        Lookup::Absent(Ticket { id: id.clone(), sender }, receiver)
    }

    /// Stores the result of loading, and tells it to all calls that wait. A circuit for which there is no memory, even
    /// without all circuits that are not ephemeral, is an error.
    pub(super) fn finish(&self, ticket: &Ticket, result: Result<Loading, CircuitLoadError>) {
        let mut dropped = Vec::new();
        let result = result.and_then(|loading| {
            let bytes = loading.circuit.circuit.info().bytes as u64;
            let mut state = self.lock();
            // A second loading of the same circuit, after the first was abandoned, may have been faster.
            if let Some(Entry::Loaded { circuit, .. }) = state.entries.get(&ticket.id) {
                return Ok(Loading { circuit: circuit.clone(), created: false });
            }
            while !self.memory.take(bytes) {
                match state.evict() {
                    Some((circuit, freed)) => {
                        self.memory.give_back(freed);
                        dropped.push(circuit);
                    }
                    None => {
                        let limit = self.memory.limit();
                        return Err(CircuitLoadError::MemoryExhausted { needed: bytes, limit });
                    }
                }
            }
            let (circuit, last_use) = (loading.circuit.clone(), state.uses);
            state.entries.insert(ticket.id.clone(), Entry::Loaded { circuit, bytes, last_use });
            drop(state);
            Ok(loading)
        });
        if result.is_err() {
            self.lock().forget(ticket);
        }
        drop(dropped); // outside the lock
        ticket.sender.send_replace(Some(result));
    }

    /// A poisoned lock is usable: the map is consistent after every statement.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Removes the circuit that was used least recently. Ephemeral keys stay, because nobody could make them again.
    fn evict(&mut self) -> Option<(LoadedCircuit, u64)> {
        let evictable = |(id, entry): (&CircuitId, &Entry)| match entry {
            Entry::Loaded { circuit, last_use, .. } if !circuit.ephemeral => Some((*last_use, id.clone())),
            Entry::Loaded { .. } | Entry::Loading(_) => None,
        };
        let (_, id) = self.entries.iter().filter_map(evictable).min_by_key(|(last_use, _)| *last_use)?;
        match self.entries.remove(&id)? {
            Entry::Loaded { circuit, bytes, .. } => Some((circuit, bytes)),
            Entry::Loading(_) => None,
        }
    }

    /// Removes the entry of a loading that failed, unless another one has replaced it.
    fn forget(&mut self, ticket: &Ticket) {
        if let Some(Entry::Loading(sender)) = self.entries.get(&ticket.id)
            && Arc::ptr_eq(sender, &ticket.sender)
        {
            self.entries.remove(&ticket.id);
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // Calls that wait get an error when the senders are gone.
        drop(mem::take(&mut self.entries));
    }
}
