//! The circuits in memory, and those that are being loaded.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::watch;

use super::{
    CircuitId, CircuitLoadError, LoadedCircuit,
    need::Terms,
    reservation::{Memory, Reservation},
};
use crate::policy::profile::CircuitRule;

/// The result of an attempt, which all calls that wait for it share.
pub(super) type Outcome = Option<Result<Loading, CircuitLoadError>>;

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
    /// Dead once the ticket was dropped without a result.
    Loading(Weak<Attempt>),
    Loaded {
        circuit: LoadedCircuit,
        bytes: u64,
        last_use: u64,
    },
}

#[derive(Debug)]
struct Attempt {
    terms: Terms,
    sender: watch::Sender<Outcome>,
    /// It was told that no call waits any more, and ends without a result.
    stopped: AtomicBool,
}

/// The right and the duty to load one circuit. If it is dropped without a result, calls that wait fail.
#[derive(Debug)]
pub(super) struct Ticket {
    id: CircuitId,
    attempt: Arc<Attempt>,
}

impl Ticket {
    /// The circuit as the profile of the call that began the attempt describes it.
    pub(super) fn circuit(&self) -> &CircuitRule {
        &self.attempt.terms.circuit
    }
}

/// The state of a circuit.
#[derive(Debug)]
pub(super) enum Lookup {
    Loaded(LoadedCircuit),
    /// It is being loaded. `same_terms` says whether a failure is the caller's, too.
    Loading {
        receiver: watch::Receiver<Outcome>,
        same_terms: bool,
    },
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
    pub(super) fn look_up(&self, id: &CircuitId, terms: &Terms) -> Lookup {
        let mut state = self.lock();
        state.uses += 1;
        let uses = state.uses;
        match state.entries.get_mut(id) {
            Some(Entry::Loaded { circuit, last_use, .. }) => {
                *last_use = uses;
                return Lookup::Loaded(circuit.clone());
            }
            Some(Entry::Loading(attempt)) => {
                // One that has been told to stop is about to end without a result; a new one replaces it.
                if let Some(attempt) = attempt.upgrade()
                    && !attempt.stopped.load(Ordering::Relaxed)
                {
                    let same_terms = attempt.terms == *terms;
                    return Lookup::Loading { receiver: attempt.sender.subscribe(), same_terms };
                }
            }
            None => {}
        }
        let (sender, receiver) = watch::channel(None);
        let attempt = Arc::new(Attempt { terms: terms.clone(), sender, stopped: AtomicBool::new(false) });
        state.entries.insert(id.clone(), Entry::Loading(Arc::downgrade(&attempt)));
        Lookup::Absent(Ticket { id: id.clone(), attempt }, receiver)
    }

    /// Reports whether no call waits for an attempt any more. From then on no call joins it. Until the attempt asks, a call
    /// may join it after all others have left, so that callers who come and leave do not start one attempt each.
    pub(super) fn is_abandoned(&self, ticket: &Ticket) -> bool {
        let Attempt { sender, stopped, .. } = &*ticket.attempt;
        if stopped.load(Ordering::Relaxed) {
            return true;
        }
        if sender.receiver_count() > 0 {
            return false;
        }
        let _state = self.lock(); // under which calls join
        let abandoned = sender.receiver_count() == 0;
        stopped.store(abandoned, Ordering::Relaxed);
        abandoned
    }

    /// Takes memory until the reservation is dropped. Circuits that no call uses make room for it.
    ///
    /// # Errors
    /// [`CircuitLoadError::MemoryExhausted`], and then no circuit was dropped in vain.
    pub(super) fn reserve(&self, bytes: u64) -> Result<Reservation, CircuitLoadError> {
        let mut dropped = Vec::new();
        let taken = match self.memory.take(bytes) {
            true => Ok(()),
            false => self.lock().take(&self.memory, bytes, &mut dropped),
        };
        drop(dropped); // outside the lock
        taken.map(|()| Memory::reservation(&self.memory, bytes))
    }

    /// Stores the result of loading, and tells it to all calls that wait. A circuit for which there is no memory, even
    /// without all circuits that no call uses and that are not ephemeral, is an error.
    pub(super) fn finish(&self, ticket: &Ticket, result: Result<Loading, CircuitLoadError>) {
        let mut dropped = Vec::new();
        let result = result.and_then(|loading| {
            let bytes = loading.circuit.circuit.info().bytes as u64;
            let mut state = self.lock();
            // A second loading of the same circuit, after the first was abandoned, may have been faster.
            if let Some(Entry::Loaded { circuit, .. }) = state.entries.get(&ticket.id) {
                return Ok(Loading { circuit: circuit.clone(), created: false });
            }
            state.take(&self.memory, bytes, &mut dropped)?;
            let (circuit, last_use) = (loading.circuit.clone(), state.uses);
            state.entries.insert(ticket.id.clone(), Entry::Loaded { circuit, bytes, last_use });
            drop(state);
            Ok(loading)
        });
        if result.is_err() {
            self.lock().forget(ticket);
        }
        drop(dropped); // outside the lock
        ticket.attempt.sender.send_replace(Some(result));
    }

    /// A poisoned lock is usable: the map is consistent after every statement.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes memory, and removes circuits until there is enough, which `dropped` gets.
    fn take(
        &mut self,
        memory: &Memory,
        bytes: u64,
        dropped: &mut Vec<LoadedCircuit>,
    ) -> Result<(), CircuitLoadError> {
        let evictable = self.entries.values().filter(|entry| entry.is_evictable());
        let room = evictable.fold(memory.free(), |room, entry| room.saturating_add(entry.bytes()));
        let exhausted =
            || CircuitLoadError::MemoryExhausted { needed: bytes, free: room, limit: memory.limit() };
        if bytes > room {
            return Err(exhausted());
        }
        while !memory.take(bytes) {
            let (circuit, freed) = self.evict().ok_or_else(exhausted)?;
            memory.give_back(freed);
            dropped.push(circuit);
        }
        Ok(())
    }

    /// Removes the circuit that was used least recently.
    fn evict(&mut self) -> Option<(LoadedCircuit, u64)> {
        let evictable = |(id, entry): (&CircuitId, &Entry)| match entry {
            Entry::Loaded { last_use, .. } if entry.is_evictable() => Some((*last_use, id.clone())),
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
        if let Some(Entry::Loading(attempt)) = self.entries.get(&ticket.id)
            && Weak::ptr_eq(attempt, &Arc::downgrade(&ticket.attempt))
        {
            self.entries.remove(&ticket.id);
        }
    }
}

impl Entry {
    /// Reports whether the circuit may be removed. Ephemeral keys stay, because nobody could make them again. One that a
    /// call uses stays, because its memory would not be free.
    fn is_evictable(&self) -> bool {
        match self {
            Self::Loaded { circuit, .. } => !circuit.ephemeral && Arc::strong_count(&circuit.circuit) == 1,
            Self::Loading(_) => false,
        }
    }

    const fn bytes(&self) -> u64 {
        match self {
            Self::Loaded { bytes, .. } => *bytes,
            Self::Loading(_) => 0,
        }
    }
}
