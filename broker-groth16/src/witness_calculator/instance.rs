//! One run of a circuit's code.

use wasmi::{
    Memory, Store, StoreLimits, StoreLimitsBuilder, TrapCode, TypedFunc, TypedResumableCall, WasmParams,
    WasmResults,
    errors::{ErrorKind, MemoryError},
};
use zeroize::optimization_barrier;

use super::{
    Limits,
    error::{Exception, Stopped},
    module::{Module, export},
    name::Hash,
};
use crate::interrupt::Interrupt;

/// The fuel between two questions to the [`Interrupt`]: about a millisecond.
const SLICE: u64 = 1_000_000;

/// An instance of a circuit's code with its memory, which is wiped when the instance is dropped.
pub(super) struct Instance<'a> {
    budget: Budget<'a>,
    store: Store<StoreLimits>,
    instance: wasmi::Instance,
    memory: Memory,
    /// The address of the words that host and code share.
    shared: usize,
}

impl<'a> Instance<'a> {
    /// Allocates the memory that `module` asks for. It runs none of its code but a function that returns an address.
    pub(super) fn new(module: &Module, mut budget: Budget<'a>) -> Result<Self, Stopped> {
        let limits = StoreLimitsBuilder::new()
            .memory_size(budget.limits.memory)
            .table_elements(budget.limits.memory / size_of::<u64>())
            .instances(1)
            .memories(1)
            .tables(1)
            .trap_on_grow_failure(true)
            .build();
        let mut store = Store::new(&module.engine, limits);
        store.limiter(|limits| limits);
        let fuel = budget.take(0)?;
        store.set_fuel(fuel).map_err(|error| budget.stopped(&error))?;
        let instance = module
            .linker
            .instantiate_and_start(&mut store, &module.module)
            .map_err(|error| budget.stopped(&error))?;
        let memory = instance.get_memory(&store, export::MEMORY).ok_or(Stopped::Trap)?;
        let mut instance = Self { budget, store, instance, memory, shared: 0 };
        let shared: u32 = instance.call(export::SHARED, ())?;
        instance.shared = shared as usize;
        Ok(instance)
    }

    /// circom's major version.
    pub(super) fn version(&mut self) -> Result<u32, Stopped> {
        self.call(export::VERSION, ())
    }

    /// The size of a field element, in words of 32 bits.
    pub(super) fn field_words(&mut self) -> Result<u32, Stopped> {
        self.call(export::FIELD_WORDS, ())
    }

    /// The number of signals, with the constant 1.
    pub(super) fn signals(&mut self) -> Result<u32, Stopped> {
        self.call(export::SIGNALS, ())
    }

    /// The number of values of all inputs.
    pub(super) fn inputs(&mut self) -> Result<u32, Stopped> {
        self.call(export::INPUTS, ())
    }

    /// The modulus of the field, in `length` little-endian bytes.
    pub(super) fn prime(&mut self, length: usize) -> Result<&[u8], Stopped> {
        self.call::<_, ()>(export::PRIME, ())?;
        self.read(length)
    }

    /// Prepares a calculation. The code of a circuit without inputs calculates all signals here.
    pub(super) fn start(&mut self) -> Result<(), Stopped> {
        // The parameter is for circom's debugging: the assertions are checked in any case.
        self.call(export::INIT, 0_u32)
    }

    /// The number of values of an input, or `None` if there is no such input.
    pub(super) fn input_length(&mut self, name: Hash) -> Result<Option<usize>, Stopped> {
        let length: i32 = self.call(export::INPUT_LENGTH, name.halves())?;
        Ok(usize::try_from(length).ok())
    }

    /// Sets a value of an input to little-endian bytes. When it is the last one, the code calculates all signals.
    pub(super) fn set_input(&mut self, name: Hash, index: u32, value: &[u8]) -> Result<(), Stopped> {
        self.memory.write(&mut self.store, self.shared, value).map_err(|_| Stopped::Trap)?;
        let (upper, lower) = name.halves();
        self.call(export::SET_INPUT, (upper, lower, index))
    }

    /// The value of a signal, in `length` little-endian bytes.
    pub(super) fn signal(&mut self, index: u32, length: usize) -> Result<&[u8], Stopped> {
        self.call::<_, ()>(export::SIGNAL, index)?;
        self.read(length)
    }

    fn read(&self, length: usize) -> Result<&[u8], Stopped> {
        let end = self.shared.checked_add(length).ok_or(Stopped::Trap)?;
        self.memory.data(&self.store).get(self.shared..end).ok_or(Stopped::Trap)
    }

    fn call<P: WasmParams, R: WasmResults>(&mut self, name: &str, params: P) -> Result<R, Stopped> {
        let function: TypedFunc<P, R> =
            self.instance.get_typed_func(&self.store, name).map_err(|error| self.budget.stopped(&error))?;
        let mut call = function.call_resumable(&mut self.store, params);
        loop {
            call = match call.map_err(|error| self.budget.stopped(&error))? {
                TypedResumableCall::Finished(results) => return Ok(results),
                TypedResumableCall::HostTrap(trap) => return Err(self.budget.stopped(trap.host_error())),
                TypedResumableCall::OutOfFuel(stopped) => {
                    let left = self.store.get_fuel().unwrap_or_default();
                    let more = self.budget.take(stopped.required_fuel().saturating_sub(left))?;
                    let fuel = left.saturating_add(more);
                    self.store.set_fuel(fuel).map_err(|error| self.budget.stopped(&error))?;
                    stopped.resume(&mut self.store)
                }
            }
        }
    }

    fn wipe(&mut self) {
        let bytes = self.memory.data_mut(&mut self.store);
        bytes.fill(0);
        optimization_barrier(bytes);
    }
}

impl Drop for Instance<'_> {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// The fuel that is left, and who may end the calculation.
pub(super) struct Budget<'a> {
    limits: Limits,
    fuel: u64,
    interrupt: &'a dyn Interrupt,
}

impl<'a> Budget<'a> {
    pub(super) fn new(limits: Limits, interrupt: &'a dyn Interrupt) -> Self {
        Self { limits, fuel: limits.fuel, interrupt }
    }

    /// Takes a slice of the fuel, of at least `required` units.
    fn take(&mut self, required: u64) -> Result<u64, Stopped> {
        self.interrupt.check()?;
        let slice = SLICE.max(required).min(self.fuel);
        if slice < required.max(1) {
            return Err(Stopped::Fuel { limit: self.limits.fuel });
        }
        self.fuel = self.fuel.saturating_sub(slice);
        Ok(slice)
    }

    fn stopped(&self, error: &wasmi::Error) -> Stopped {
        if let Some(exception) = error.downcast_ref::<Exception>() {
            return Stopped::Exception(*exception);
        }
        match error.kind() {
            ErrorKind::TrapCode(TrapCode::GrowthOperationLimited | TrapCode::OutOfSystemMemory)
            | ErrorKind::Memory(
                MemoryError::ResourceLimiterDeniedAllocation | MemoryError::OutOfSystemMemory,
            ) => Stopped::Memory { limit: self.limits.memory },
            ErrorKind::TrapCode(TrapCode::StackOverflow) => Stopped::Stack,
            _ => Stopped::Trap,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interrupt::Never;

    #[test]
    fn memory_is_wiped() {
        let file = wat::parse_str(include_str!("../../tests/witness_calculator/multiply.wat")).unwrap();
        let limits = Limits { memory: 1 << 16, fuel: 1_000_000 };
        let module = Module::compile(&file, limits.memory).unwrap();
        let mut instance = Instance::new(&module, Budget::new(limits, &Never)).unwrap();
        instance.set_input(Hash::of("a").unwrap(), 0, &[0xa5; 32]).unwrap();
        assert_eq!(instance.signal(2, 32), Ok([0xa5; 32].as_slice()));
        instance.wipe();
        assert!(instance.memory.data(&instance.store).iter().all(|byte| *byte == 0));
    }
}
