//! The load generator with this program's endpoint, signals and failures.

use broker_load::{Generator, Interrupt, LoadError, Sample, pin_to_processors};

use crate::{broker::Endpoint, error::Failure, runtime::Interruption};

impl Interrupt for Interruption {
    async fn interrupted(&mut self) {
        self.received().await;
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Usage(message) => Self::Usage(message),
            LoadError::Call(error) => error.into(),
            LoadError::File { what, path, source } => {
                Self::File { what, path: path.display().to_string(), source }
            }
            LoadError::Local { what, source } => Self::Local { what, source },
            LoadError::TestCa(source) => Self::local("nothing was measured", source),
            LoadError::Interrupted => Self::Interrupted,
        }
    }
}

/// Returns a generator for the broker at `endpoint`, and keeps this program on the processors of `pin`.
///
/// # Errors
/// Fails where the processors cannot be used, and where no broker listens.
pub(super) async fn generator(
    endpoint: &Endpoint,
    pin: Option<&[usize]>,
) -> Result<Generator<Interruption>, Failure> {
    if let Some(processors) = pin {
        pin_to_processors(processors)?;
    }
    let interruption = Interruption::new()?;
    let (socket, connection) = endpoint.find().await?;
    Ok(Generator::new(socket, &connection, endpoint.timeout, interruption))
}

/// Fails where the run was interrupted, or where not every request was answered.
pub(super) fn verdict(sample: &Sample) -> Result<(), Failure> {
    if sample.interrupted {
        return Err(Failure::Interrupted);
    }
    if sample.errors.is_empty() {
        return Ok(());
    }
    let counts: Vec<String> = sample.errors.iter().map(|(name, count)| format!("{count} {name}")).collect();
    let text = format!("{} ({} of {})", counts.join(", "), sample.failed(), sample.requests());
    Err(match &sample.first_error {
        Some(error) => {
            Failure::local("not every request was answered", format!("{text}; the first: {error}"))
        }
        None => Failure::local("not every request was answered", text),
    })
}
