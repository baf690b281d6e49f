//! Compiled WebAssembly, what it may import and what it must export.

use wasmi::{
    CompilationMode, Config, Engine, ExternType, Linker, StoreLimits,
    ValType::{self, I32},
    errors::{HostError, LinkerError},
};

use super::error::{Exception, LoadError};

/// The size of a page of memory (WebAssembly Core Specification 4.2.8), in bytes.
const PAGE: u64 = 65_536;
/// The longest text of the file in an error, in characters.
const TEXT: usize = 128;
/// The module that circom's imports belong to.
const RUNTIME: &str = "runtime";
/// The imports that print. They do nothing, because what they would print contains values.
const PRINTING: [&str; 3] = ["printErrorMessage", "showSharedRWMemory", "writeBufferMessage"];
/// The import that ends a calculation.
const EXCEPTION_HANDLER: &str = "exceptionHandler";

/// The names of the exports.
pub(super) mod export {
    pub(in super::super) const MEMORY: &str = "memory";
    pub(in super::super) const VERSION: &str = "getVersion";
    pub(in super::super) const FIELD_WORDS: &str = "getFieldNumLen32";
    pub(in super::super) const PRIME: &str = "getRawPrime";
    pub(in super::super) const SHARED: &str = "getSharedRWMemoryStart";
    pub(in super::super) const SIGNALS: &str = "getWitnessSize";
    pub(in super::super) const INPUTS: &str = "getInputSize";
    pub(in super::super) const INPUT_LENGTH: &str = "getInputSignalSize";
    pub(in super::super) const INIT: &str = "init";
    pub(in super::super) const SET_INPUT: &str = "setInputSignal";
    pub(in super::super) const SIGNAL: &str = "getWitness";
}

/// The functions that the code must export, with their parameters and results.
const EXPORTS: [(&str, &[ValType], &[ValType]); 10] = [
    (export::VERSION, &[], &[I32]),
    (export::FIELD_WORDS, &[], &[I32]),
    (export::PRIME, &[], &[]),
    (export::SHARED, &[], &[I32]),
    (export::SIGNALS, &[], &[I32]),
    (export::INPUTS, &[], &[I32]),
    (export::INPUT_LENGTH, &[I32, I32], &[I32]),
    (export::INIT, &[I32], &[]),
    (export::SET_INPUT, &[I32, I32, I32], &[]),
    (export::SIGNAL, &[I32], &[]),
];

/// A circuit's compiled code.
pub(super) struct Module {
    pub(super) engine: Engine,
    pub(super) module: wasmi::Module,
    pub(super) linker: Linker<StoreLimits>,
}

impl HostError for Exception {}

impl Module {
    /// Compiles `file`, whose memory must not begin with more than `memory` bytes.
    pub(super) fn compile(file: &[u8], memory: usize) -> Result<Self, LoadError> {
        let engine = Engine::new(&config());
        let module = wasmi::Module::new(&engine, file).map_err(|error| invalid(&error))?;
        for import in module.imports() {
            if !may_import(import.module(), import.name(), import.ty()) {
                let name = format!("{}.{}", printable(import.module()), printable(import.name()));
                return Err(LoadError::Import { name });
            }
        }
        for (name, params, results) in EXPORTS {
            match module.get_export(name) {
                Some(ExternType::Func(ty)) if ty.params() == params && ty.results() == results => {}
                _ => return Err(LoadError::Export { name }),
            }
        }
        let Some(ExternType::Memory(ty)) = module.get_export(export::MEMORY) else {
            return Err(LoadError::Export { name: export::MEMORY });
        };
        let required = ty.minimum().saturating_mul(PAGE);
        if required > memory as u64 {
            return Err(LoadError::Memory { required, limit: memory });
        }
        let linker = linker(&engine).map_err(|error| LoadError::Invalid { reason: error.to_string() })?;
        Ok(Self { engine, module, linker })
    }
}

/// WebAssembly 1.0 without what circom does not use.
fn config() -> Config {
    let mut config = Config::default();
    config
        .consume_fuel(true)
        .compilation_mode(CompilationMode::Eager)
        // A cached stack would keep values.
        .set_max_cached_stacks(0)
        .allow_start_fn(false)
        .ignore_custom_sections(true)
        .floats(false)
        .wasm_bulk_memory(false)
        .wasm_extended_const(false)
        .wasm_multi_memory(false)
        .wasm_multi_value(false)
        .wasm_reference_types(false)
        .wasm_saturating_float_to_int(false)
        .wasm_sign_extension(false)
        .wasm_tail_call(false);
    config
}

fn linker(engine: &Engine) -> Result<Linker<StoreLimits>, LinkerError> {
    let mut linker = Linker::new(engine);
    for name in PRINTING {
        linker.func_wrap(RUNTIME, name, || {})?;
    }
    linker.func_wrap(RUNTIME, EXCEPTION_HANDLER, |code: i32| -> Result<(), wasmi::Error> {
        Err(wasmi::Error::host(Exception::from(code)))
    })?;
    Ok(linker)
}

fn may_import(module: &str, name: &str, ty: &ExternType) -> bool {
    let params: &[ValType] = match name {
        EXCEPTION_HANDLER => &[I32],
        name if PRINTING.contains(&name) => &[],
        _ => return false,
    };
    let ExternType::Func(ty) = ty else { return false };
    module == RUNTIME && ty.params() == params && ty.results().is_empty()
}

/// The reason why a file cannot be compiled or instantiated. No inputs have been set then, so that it contains no value.
pub(super) fn invalid(error: &wasmi::Error) -> LoadError {
    LoadError::Invalid { reason: printable(&error.to_string()) }
}

/// The beginning of a text that may be the file's, without control characters.
fn printable(text: &str) -> String {
    text.chars().take(TEXT).flat_map(char::escape_debug).collect()
}
