//! Witness calculators with circom's interface, written by hand. `interop/groth16` runs those that circom makes.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::atomic::{AtomicU32, Ordering};

use ark_bls12_381::Fr as OtherField;
use ark_bn254::Fr;
use broker_groth16::{
    assignment::{Assignment, AssignmentError},
    interrupt::{Interrupted, Never},
    witness_calculator::{CalculateError, Exception, Limits, LoadError, Stopped, WitnessCalculator},
};

const SIGNALS: usize = 5;
const LIMITS: Limits = Limits { memory: 1 << 20, fuel: 10_000_000 };
const CALCULATE: &str = "(func $calculate\n";
const GET_WITNESS: &str = "(func (export \"getWitness\") (param $signal i32)\n";

#[test]
fn signals_are_calculated_from_named_inputs() {
    let calculator = load(&[]).unwrap();
    assert_eq!((calculator.signals(), calculator.inputs()), (SIGNALS, 3));
    assert_eq!(calculator.memory(), 1 << 16, "one page");
    for _ in 0..2 {
        let assignment = calculate(&calculator, &[("b", &[5, 3]), ("a", &[2])]).unwrap();
        assert_eq!(assignment.values(), [1, 22, 2, 5, 3].map(Fr::from));
    }
}

#[test]
fn calculations_run_at_the_same_time() {
    let calculator = load(&[]).unwrap();
    std::thread::scope(|scope| {
        for a in 0..4 {
            let calculator = &calculator;
            scope.spawn(move || {
                let assignment = calculate(calculator, &[("a", &[a]), ("b", &[5, 3])]).unwrap();
                assert_eq!(assignment.public(1), [Fr::from(11 * a)]);
            });
        }
    });
}

#[test]
fn inputs_must_have_the_circuits_names_and_lengths() {
    let calculator = load(&[]).unwrap();
    let refused = |inputs: &[(&str, &[u64])]| calculate(&calculator, inputs).err().unwrap();
    let name = |name: &str| name.to_owned();

    assert_eq!(refused(&[("a", &[2]), ("c", &[1])]), CalculateError::UnknownInput { name: name("c") });
    assert_eq!(refused(&[("a", &[2]), ("ä", &[1])]), CalculateError::UnknownInput { name: name("ä") });
    let hostile = format!("\u{1b}[2J{}", "n".repeat(100));
    let shown = format!("\\u{{1b}}[2J{}", "n".repeat(60));
    assert_eq!(refused(&[(&hostile, &[1])]), CalculateError::UnknownInput { name: shown });
    let zero = load(&[("(else (i32.const -1))", "(else (i32.const 0))")]).unwrap();
    let error = calculate(&zero, &[("a", &[2]), ("c", &[1])]).err();
    assert_eq!(error, Some(CalculateError::UnknownInput { name: name("c") }));
    assert_eq!(refused(&[("a", &[2]), ("a", &[2])]), CalculateError::DuplicateInput { name: name("a") });
    for (found, values) in [(0, [].as_slice()), (1, &[1]), (3, &[1, 2, 3])] {
        let expected = CalculateError::InputLength { name: name("b"), found, expected: 2 };
        assert_eq!(refused(&[("a", &[2]), ("b", values)]), expected);
    }
    assert_eq!(refused(&[("a", &[2])]), CalculateError::InputCount { found: 1, expected: 3 });
    assert_eq!(refused(&[]), CalculateError::InputCount { found: 0, expected: 3 });
}

#[test]
fn exceptions_are_told_apart_and_texts_are_dropped() {
    let calculator = load(&[]).unwrap();
    let error = calculate(&calculator, &[("a", &[7]), ("b", &[5, 3])]).err().unwrap();
    assert_eq!(error, CalculateError::Stopped(Stopped::Exception(Exception::AssertionFailed)));

    let calculator = load(&[("(call $throw (i32.const 4))", "(call $throw (i32.const 99))")]).unwrap();
    let error = calculate(&calculator, &[("a", &[7]), ("b", &[5, 3])]).err().unwrap();
    assert_eq!(error, CalculateError::Stopped(Stopped::Exception(Exception::Other { code: 99 })));
}

#[test]
fn a_file_of_another_circuit_field_or_version_is_refused() {
    let other = |from, to| load(&[(from, to)]).err().unwrap();
    assert_eq!(
        other("\"getVersion\") (result i32) (i32.const 2)", "\"getVersion\") (result i32) (i32.const 1)"),
        LoadError::Version { found: 1 }
    );
    assert_eq!(other("(i32.const 8))\n", "(i32.const 2))\n"), LoadError::Field);
    assert_eq!(other("\\01\\00\\00\\f0", "\\03\\00\\00\\f0"), LoadError::Field);
    assert_eq!(
        WitnessCalculator::<OtherField>::load(&wasm(&[]), SIGNALS, LIMITS).err(),
        Some(LoadError::Field)
    );
    assert_eq!(
        WitnessCalculator::<Fr>::load(&wasm(&[]), SIGNALS + 1, LIMITS).err(),
        Some(LoadError::Signals { found: 5, expected: 6 })
    );
    assert_eq!(
        other("(result i32) (i32.const 5)", "(result i32) (i32.const -1)"),
        LoadError::Signals { found: u32::MAX, expected: 5 }
    );
    assert_eq!(
        other("(result i32) (i32.const 3)", "(result i32) (i32.const 5)"),
        LoadError::Inputs { inputs: 5, signals: 5 }
    );
}

#[test]
fn imports_that_circom_does_not_have_are_refused_by_name() {
    let import = |from, to| load(&[(from, to)]).err().unwrap();
    let name = |name: &str| LoadError::Import { name: name.to_owned() };
    assert_eq!(
        import(
            "(memory (export",
            "(import \"wasi_snapshot_preview1\" \"fd_write\" (func (param i32)))\n(memory (export"
        ),
        name("wasi_snapshot_preview1.fd_write")
    );
    assert_eq!(
        import("\"runtime\" \"printErrorMessage\"", "\"env\" \"printErrorMessage\""),
        name("env.printErrorMessage")
    );
    let typed = [
        ("(func $print_error)", "(func $print_error (result i32))"),
        ("(call $print_error)", "(drop (call $print_error))"),
    ];
    assert_eq!(
        load(&typed).err().unwrap().to_string(),
        "the WebAssembly imports runtime.printErrorMessage, which circom's does not"
    );
    assert_eq!(
        import("(memory (export \"memory\") 1)", "(import \"env\" \"memory\" (memory 1))"),
        name("env.memory")
    );
    assert_eq!(import("\"showSharedRWMemory\"", "\"\\1b[2J\""), name("runtime.\\u{1b}[2J"));
}

#[test]
fn exports_must_be_there_with_their_types() {
    for name in [
        "memory",
        "getVersion",
        "getFieldNumLen32",
        "getSharedRWMemoryStart",
        "getWitnessSize",
        "getInputSize",
        "getRawPrime",
        "getInputSignalSize",
        "init",
        "setInputSignal",
        "getWitness",
    ] {
        let error = load(&[(&format!("(export \"{name}\")"), "(export \"other\")")]).err().unwrap();
        assert_eq!(error, LoadError::Export { name });
    }
    let error = load(&[("(param $sanity_check i32)", "(param $sanity_check i64)")]).err().unwrap();
    assert_eq!(error, LoadError::Export { name: "init" });
}

#[test]
fn files_that_are_not_circoms_webassembly_are_refused() {
    let invalid = |file: &[u8]| {
        let error = WitnessCalculator::<Fr>::load(file, SIGNALS, LIMITS).err().unwrap();
        assert!(matches!(error, LoadError::Invalid { .. }), "{error:?}");
    };
    let file = wasm(&[]);
    invalid(b"");
    invalid(b"(module)");
    invalid(&file[..file.len() - 1]);
    // A start function would run while the memory is allocated; circom has none, nor floating-point numbers, nor
    // anything newer than WebAssembly 1.0.
    invalid(&wasm(&[("(func $calculate\n", "(start $calculate)\n(func $calculate\n")]));
    invalid(&wasm(&[(CALCULATE, "(func $calculate\n(drop (f64.const 1))\n")]));
    invalid(&wasm(&[(
        CALCULATE,
        "(func $calculate\n(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))\n",
    )]));
    invalid(&wasm(&[("(memory (export", "(memory 1)\n(memory (export")]));
}

#[test]
fn memory_is_limited() {
    let error = load(&[("\"memory\") 1)", "\"memory\") 17)")]).err().unwrap();
    assert_eq!(error, LoadError::Memory { required: 17 << 16, limit: 1 << 20 });

    assert!(load(&[("\"memory\") 1)", "\"memory\") 16)")]).is_ok());
    for pages in [16, 60_000] {
        let grow = format!("(func $calculate\n(drop (memory.grow (i32.const {pages})))\n");
        assert_eq!(stopped(&[(CALCULATE, &grow)]), Stopped::Memory { limit: 1 << 20 });
    }
    // What no memory can have is not granted, and the code goes on.
    let code =
        "(func $calculate\n(if (i32.ne (memory.grow (i32.const -1)) (i32.const -1)) (then unreachable))\n";
    assert!(calculate_two(&load(&[(CALCULATE, code)]).unwrap()).is_ok());
    // A table is memory too.
    let error = load(&[("(memory (export", "(table 4294967295 funcref)\n(memory (export")]).err().unwrap();
    assert!(matches!(error, LoadError::Stopped(_)), "{error:?}");
}

#[test]
fn loops_end_when_the_fuel_does() {
    let endless = "(loop $again (br $again))";
    let limit = Stopped::Fuel { limit: LIMITS.fuel };
    assert_eq!(stopped(&[(CALCULATE, &format!("(func $calculate\n{endless}\n"))]), limit);
    assert_eq!(stopped(&[(GET_WITNESS, &format!("{GET_WITNESS}{endless}\n"))]), limit);
    assert_eq!(
        stopped(&[("(param $sanity_check i32))", &format!("(param $sanity_check i32) {endless})"))]),
        limit
    );
    let version = ("(result i32) (i32.const 2))", format!("(result i32) {endless} (i32.const 2))"));
    assert_eq!(load(&[(version.0, &version.1)]).err(), Some(LoadError::Stopped(limit)));
}

#[test]
fn the_interrupt_ends_a_loop() {
    let limits = Limits { fuel: u64::MAX, ..LIMITS };
    let file = wasm(&[(CALCULATE, "(func $calculate\n(loop $again (br $again))\n")]);
    let calculator = WitnessCalculator::<Fr>::load(&file, SIGNALS, limits).unwrap();
    let asked = AtomicU32::new(0);
    let interrupt = || asked.fetch_add(1, Ordering::Relaxed) == 10;
    let values = [Fr::from(2), Fr::from(5)];
    let error = calculator.calculate([("a", &values[..1]), ("b", &values)], &interrupt).err();
    assert_eq!(error, Some(CalculateError::Stopped(Stopped::Interrupted(Interrupted))));
    assert_eq!(asked.into_inner(), 11);
}

#[test]
fn traps_are_errors() {
    for code in [
        "unreachable",
        "(drop (i32.load (i32.const -4)))",
        "(drop (i32.load (i32.const 65533)))",
        "(drop (i32.div_u (i32.const 1) (i32.const 0)))",
    ] {
        assert_eq!(stopped(&[(CALCULATE, &format!("(func $calculate\n{code}\n"))]), Stopped::Trap, "{code}");
    }
    assert_eq!(stopped(&[(CALCULATE, "(func $calculate\n(call $calculate)\n")]), Stopped::Stack);
    let outside = [("Start\") (result i32) (i32.const 0)", "Start\") (result i32) (i32.const 65505)")];
    assert_eq!(load(&outside).err(), Some(LoadError::Stopped(Stopped::Trap)));
    let outside = [("Start\") (result i32) (i32.const 0)", "Start\") (result i32) (i32.const -1)")];
    assert_eq!(load(&outside).err(), Some(LoadError::Stopped(Stopped::Trap)));
}

#[test]
fn values_of_signals_must_be_canonical() {
    let modulus = [(
        "(call $copy (call $address (local.get $signal)) (i32.const 0))",
        "(call $copy (i32.const 32) (i32.const 0))",
    )];
    assert_eq!(
        calculate_two(&load(&modulus).unwrap()).err(),
        Some(CalculateError::NotCanonical { signal: 0 })
    );
    let zero = [("(data (i32.const 64) \"\\01\")", "")];
    let error = calculate_two(&load(&zero).unwrap()).err();
    assert_eq!(error, Some(CalculateError::Assignment(AssignmentError::One)));
}

/// Every single-byte edit is refused, or gives a calculator that ends.
#[test]
fn no_edit_of_the_file_panics_or_hangs() {
    let limits = Limits { memory: 1 << 17, fuel: 100_000 };
    let file = wasm(&[]);
    let mut loaded = 0;
    for position in 0..file.len() {
        for bit in 0..8 {
            let mut edited = file.clone();
            edited[position] ^= 1 << bit;
            if let Ok(calculator) = WitnessCalculator::<Fr>::load(&edited, SIGNALS, limits) {
                loaded += 1;
                let _ended = calculate_two(&calculator);
            }
        }
    }
    assert!(loaded > 0);
}

fn wasm(edits: &[(&str, &str)]) -> Vec<u8> {
    let mut text = include_str!("witness_calculator/multiply.wat").to_owned();
    for (from, to) in edits {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text = text.replace(from, to);
    }
    wat::parse_str(text).unwrap()
}

fn load(edits: &[(&str, &str)]) -> Result<WitnessCalculator<Fr>, LoadError> {
    WitnessCalculator::load(&wasm(edits), SIGNALS, LIMITS)
}

fn calculate(
    calculator: &WitnessCalculator<Fr>,
    inputs: &[(&str, &[u64])],
) -> Result<Assignment<Fr>, CalculateError> {
    let inputs: Vec<(&str, Vec<Fr>)> =
        inputs.iter().map(|(name, values)| (*name, values.iter().copied().map(Fr::from).collect())).collect();
    calculator.calculate(inputs.iter().map(|(name, values)| (*name, values.as_slice())), &Never)
}

fn calculate_two(calculator: &WitnessCalculator<Fr>) -> Result<Assignment<Fr>, CalculateError> {
    calculate(calculator, &[("a", &[2]), ("b", &[5, 3])])
}

fn stopped(edits: &[(&str, &str)]) -> Stopped {
    match calculate_two(&load(edits).unwrap()).err() {
        Some(CalculateError::Stopped(stopped)) => stopped,
        other => panic!("{other:?}"),
    }
}
