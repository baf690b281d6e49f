//! How a caller stops work that takes long.

/// Tells long work whether it should go on. It is asked many times a second, so it must be cheap and must not block.
pub trait Interrupt: Sync {
    /// Whether the work should end, for example because its deadline has passed or its caller has left.
    fn is_requested(&self) -> bool;

    /// Returns an error if the work should end.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if [`Interrupt::is_requested`].
    fn check(&self) -> Result<(), Interrupted> {
        if self.is_requested() { Err(Interrupted) } else { Ok(()) }
    }
}

impl<F: Fn() -> bool + Sync> Interrupt for F {
    fn is_requested(&self) -> bool {
        self()
    }
}

/// Work that is never interrupted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Never;

impl Interrupt for Never {
    fn is_requested(&self) -> bool {
        false
    }
}

/// The work was ended by its [`Interrupt`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;
