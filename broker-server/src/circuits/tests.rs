#![allow(clippy::unwrap_used, clippy::panic)]

use std::{future::Future, pin::pin, sync::Arc, task::Poll, time::Duration};

use broker_groth16::{circuit::BuiltIn, curve::CurveName, interrupt::Never, key::SetupClass, loaded};
use tokio::sync::watch;

use super::{cache::Outcome, need::Terms, *};
use crate::policy::profile::{
    CeremonyRequirement, CircuitSource, PinnedFile, PowersOfTau, ProofLimits, Provenance, SetupRule,
};

fn rule(setup: SetupRule) -> Groth16Rule {
    Groth16Rule {
        curve: CurveName::Bn254,
        setup,
        require_ceremony: CeremonyRequirement::None,
        circuits: vec![multiply("multiply")],
        allow_caller_key: false,
        limits: ProofLimits::default(),
        threads: 1,
        line: 1,
    }
}

fn multiply(name: &str) -> Arc<CircuitRule> {
    Arc::new(CircuitRule {
        name: name.into(),
        source: CircuitSource::BuiltIn { circuit: BuiltIn::Multiply, key: None },
        fingerprint: None,
        provenance: None,
        line: 1,
    })
}

fn terms(name: &str) -> Terms {
    Terms { circuit: multiply(name), set_up: Ok(()) }
}

/// An identity for each number.
fn id(number: u8) -> CircuitId {
    CircuitId::BuiltIn { circuit: BuiltIn::Multiply, curve: CurveName::Bn254, key: Some([number; 32]) }
}

fn circuit(ephemeral: bool) -> LoadedCircuit {
    let circuit =
        loaded::set_up(BuiltIn::Multiply, CurveName::Bn254, Kernel::detect(), randomness(), &Never).unwrap();
    LoadedCircuit::new(circuit, ephemeral, Vec::new())
}

fn begin() -> BeginSetup {
    Box::new(|| Ok(KeyUse::for_test()))
}

/// Begins an attempt.
fn absent(cache: &Cache, id: &CircuitId) -> (Ticket, watch::Receiver<Outcome>) {
    match cache.look_up(id, &terms("multiply")) {
        Lookup::Absent(ticket, receiver) => (ticket, receiver),
        other => panic!("{other:?}"),
    }
}

/// Puts a circuit into the cache and returns its size.
fn put(cache: &Cache, number: u8, circuit: LoadedCircuit) -> u64 {
    let bytes = circuit.circuit.info().bytes as u64;
    cache.finish(&absent(cache, &id(number)).0, Ok(Loading { circuit, created: false }));
    bytes
}

fn has(cache: &Cache, number: u8) -> bool {
    cache.peek(&id(number)).is_some()
}

#[test]
fn circuits_that_no_call_uses_make_room() {
    let bytes = circuit(false).circuit.info().bytes as u64;
    let cache = Cache::new(Arc::new(Memory::new(2 * bytes + 10)));
    put(&cache, 1, circuit(false));
    put(&cache, 2, circuit(false));
    let used = cache.peek(&id(1)).unwrap();
    // More than there is, even without the circuit that can be dropped: nothing is dropped.
    assert_eq!(cache.reserve(bytes + 11).unwrap_err().reason(), "PROOF_MEMORY_EXHAUSTED");
    assert!(has(&cache, 1) && has(&cache, 2));
    // The second one was used last, but the first is in use.
    let reservation = cache.reserve(bytes).unwrap();
    assert!(has(&cache, 1) && !has(&cache, 2));
    drop(used);
    let all = cache.reserve(bytes + 10).unwrap();
    assert!(!has(&cache, 1));
    drop((reservation, all));
    assert!(cache.reserve(2 * bytes + 10).is_ok(), "all memory was given back");
}

#[test]
fn the_least_recently_used_circuit_makes_room_and_an_ephemeral_one_never() {
    let bytes = circuit(false).circuit.info().bytes as u64;
    let cache = Cache::new(Arc::new(Memory::new(3 * bytes)));
    put(&cache, 1, circuit(true));
    put(&cache, 2, circuit(false));
    put(&cache, 3, circuit(false));
    assert!(matches!(cache.look_up(&id(2), &terms("multiply")), Lookup::Loaded(_)));
    put(&cache, 4, circuit(false));
    assert_eq!([1, 2, 3, 4].map(|number| has(&cache, number)), [true, true, false, true]);
    assert!(cache.reserve(2 * bytes + 1).is_err());
    assert!(cache.reserve(2 * bytes).is_ok());
    assert_eq!([1, 2, 4].map(|number| has(&cache, number)), [true, false, false]);
}

#[test]
fn calls_fail_where_an_attempt_ends_without_a_result() {
    let cache = Cache::new(Arc::new(Memory::new(1 << 30)));
    let (ticket, mut receiver) = absent(&cache, &id(1));
    let Lookup::Loading { receiver: mut other, .. } = cache.look_up(&id(1), &terms("multiply")) else {
        panic!("a second attempt");
    };
    drop(ticket);
    for receiver in [&mut receiver, &mut other] {
        assert!(receiver.has_changed().is_err(), "the call would wait until its deadline");
    }
    absent(&cache, &id(1));
}

#[test]
fn a_call_joins_an_attempt_that_all_have_left_until_it_is_told_to_stop() {
    let cache = Cache::new(Arc::new(Memory::new(1 << 30)));
    let (first, receiver) = absent(&cache, &id(1));
    drop(receiver);
    let joined = cache.look_up(&id(1), &terms("multiply"));
    assert!(matches!(joined, Lookup::Loading { same_terms: true, .. }));
    assert!(!cache.is_abandoned(&first));
    drop(joined);
    assert!(cache.is_abandoned(&first));
    let (second, receiver) = absent(&cache, &id(1));
    assert!(cache.is_abandoned(&first) && !cache.is_abandoned(&second));
    // The end of the first does not touch the second.
    cache.finish(&first, Err(CircuitLoadError::Cancelled));
    assert!(matches!(cache.look_up(&id(1), &terms("multiply")), Lookup::Loading { .. }));
    assert!(receiver.borrow().is_none());
}

/// The failure of an attempt for one profile must not be that of a call for another one, which may have a key made.
#[tokio::test]
async fn a_call_with_other_terms_tries_again() {
    let circuits = Circuits::in_memory_only();
    let (never, first_use) = (rule(SetupRule::Never), rule(SetupRule::OnFirstUse));
    let named = |rule: &Groth16Rule| Arc::clone(rule.circuits.first().unwrap());
    let (of_never, of_first_use) = (named(&never), named(&first_use));
    let need = Need { rule: &never, circuit: &of_never, purpose: Purpose::Use };
    let Lookup::Absent(ticket, receiver) =
        circuits.cache.look_up(&CircuitId::new(&never, &of_never), &need.terms())
    else {
        panic!("there is no attempt yet");
    };
    let deadline = Instant::now() + Duration::from_secs(600);
    let need = Need { rule: &first_use, circuit: &of_first_use, purpose: Purpose::Use };
    let mut call = pin!(circuits.get(need, deadline, begin));
    let poll = std::future::poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_pending())).await;
    assert!(poll, "the call waits for the attempt");
    let error = CircuitLoadError::NoKey { circuit: "multiply".into(), reason: NoSetup::Never };
    circuits.cache.finish(&ticket, Err(error));
    drop(receiver);
    assert!(call.await.unwrap().created);
    // From now on the other profile has the key, too, and did not make it.
    let need = Need { rule: &never, circuit: &of_never, purpose: Purpose::Use };
    assert!(!circuits.get(need, deadline, begin).await.unwrap().created);
}

#[tokio::test]
async fn what_a_profile_says_holds_for_circuits_that_were_loaded_for_others() {
    let circuits = Circuits::in_memory_only();
    let deadline = Instant::now() + Duration::from_secs(600);
    let other = rule(SetupRule::OnFirstUse);
    let get = |rule: Groth16Rule, circuit: Arc<CircuitRule>| {
        let circuits = &circuits;
        async move {
            let need = Need { rule: &rule, circuit: &circuit, purpose: Purpose::Use };
            circuits.get(need, deadline, begin).await.map(drop).map_err(|error| error.reason())
        }
    };
    let limited = || {
        let mut limited = other.clone();
        limited.limits.constraints = 0;
        limited
    };
    // Before it is loaded, no key is made in vain.
    assert_eq!(get(limited(), multiply("multiply")).await, Err("LIMIT_EXCEEDED"));
    assert!(circuits.in_memory(&other, &multiply("multiply")).is_none());
    assert_eq!(get(other.clone(), multiply("multiply")).await, Ok(()));
    assert_eq!(get(limited(), multiply("multiply")).await, Err("LIMIT_EXCEEDED"));
    let mut pinned = CircuitRule::clone(&multiply("multiply"));
    pinned.fingerprint = Some([7; 32]);
    assert_eq!(get(other.clone(), Arc::new(pinned)).await, Err("FINGERPRINT_MISMATCH"));
}

#[test]
fn limits_of_a_witness_calculator_belong_to_the_identity() {
    let file = || PinnedFile { path: "f".into(), written: "f".into(), sha256: [1; 32], line: 1 };
    let id = |memory_per_proof, wasm| {
        let mut rule = rule(SetupRule::Never);
        rule.limits.memory_per_proof = memory_per_proof;
        let source = CircuitSource::Operator { zkey: file(), r1cs: None, wasm, sym: None };
        CircuitId::new(&rule, &CircuitRule { source, ..CircuitRule::clone(&multiply("c")) })
    };
    assert_ne!(id(1 << 20, Some(file())), id(1 << 30, Some(file())));
    assert_eq!(id(1 << 20, None), id(1 << 30, None), "they share the key");
}

#[test]
fn a_key_is_verified_for_profiles_with_the_powers_of_tau_alone() {
    let made = circuit(false).circuit;
    let loaded = LoadedCircuit::new(made, false, vec![[3; 32]]);
    let class_of = |class, sha256: Option<[u8; 32]>| {
        let powers_of_tau = sha256.map(|sha256| PowersOfTau { name: "p".into(), sha256 });
        let provenance = Provenance {
            class,
            ceremony: None,
            min_contributions: None,
            powers_of_tau,
            beacon: None,
            line: 1,
        };
        loaded.class(&CircuitRule { provenance: Some(provenance), ..CircuitRule::clone(&multiply("c")) })
    };
    let class = |sha256| class_of(SetupClass::CeremonyClaimed, sha256);
    assert_eq!(class(Some([3; 32])), SetupClass::CeremonyVerified);
    assert_eq!(class_of(SetupClass::SingleParty, Some([3; 32])), SetupClass::SingleParty, "it is declared");
    assert_eq!(class(Some([4; 32])), SetupClass::CeremonyClaimed);
    assert_eq!(class(None), SetupClass::CeremonyClaimed);
}

#[test]
fn witnesses_that_arrive_leave_half_of_the_memory() {
    let circuits = Circuits::with(&CircuitOptions { memory: 100, ..CircuitOptions::default() }, None);
    let refused = CircuitLoadError::UploadsExhausted { needed: 21, free: 20, limit: 50 };
    let first = circuits.reserve_upload(30).unwrap();
    assert_eq!(circuits.reserve_upload(21).unwrap_err(), refused);
    let second = circuits.reserve_upload(20).unwrap();
    drop((first, second));
    let half = circuits.reserve_upload(50).unwrap();
    assert!(circuits.reserve_upload(1).is_err());
    // A larger one has no part in it, and is alone.
    let large = circuits.reserve_upload(51).unwrap();
    assert!(circuits.reserve_upload(51).is_err());
    drop((half, large));
    assert!(circuits.reserve_upload(51).is_ok());
    // The memory itself is another matter.
    assert!(circuits.reserve(100).is_ok());
}

#[test]
fn options_choose_the_kernel() {
    let kernel =
        |portable| Circuits::with(&CircuitOptions { portable, ..CircuitOptions::default() }, None).kernel;
    assert_eq!(kernel(true), Kernel::PORTABLE);
    assert_eq!(kernel(false), Kernel::detect());
}
