//! The retry policy: which calls are retried, and after which wait.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep, timeout_at};
use uuid::Uuid;

use crate::{
    error::{AttemptError, Error, ErrorKind},
    status::Pushback,
};

/// Retries with exponential backoff and full jitter.
///
/// Only UNAVAILABLE, RESOURCE_EXHAUSTED, ABORTED and failures of the connection are retried, and never past the
/// deadline of the call. A call that uses or makes a key, or uses a witness, is retried only where the broker has certainly not
/// executed it ([`Error::possibly_executed`]), because a second execution makes a second certificate, signature,
/// proof or key pair and a second audit record. Calls without a key (hashing, verification, health, information) are always
/// retried, because a second execution has no effect. A stream is attempted once. A wait that the server asks for
/// (`grpc-retry-pushback-ms`, `google.rpc.RetryInfo`) takes precedence.
///
/// ```
/// use std::time::Duration;
/// use broker_client::RetryPolicy;
///
/// let policy = RetryPolicy::default().max_attempts(3).max_backoff(Duration::from_millis(500));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use = "a policy does nothing until a client has it"]
pub struct RetryPolicy {
    max_attempts: u32,
    initial_backoff: Duration,
    max_backoff: Duration,
    multiplier: f64,
    jitter: bool,
    repeat_key_use: bool,
}

impl Default for RetryPolicy {
    /// Makes 5 attempts with waits of at most 50, 100, 200 and 400 ms, jittered, and does not repeat the use of a key.
    fn default() -> Self {
        Self {
            max_attempts: 5,
            initial_backoff: Duration::from_millis(50),
            max_backoff: Duration::from_secs(2),
            multiplier: 2.0,
            jitter: true,
            repeat_key_use: false,
        }
    }
}

impl RetryPolicy {
    /// Returns a policy that attempts every call once.
    pub fn none() -> Self {
        Self::default().max_attempts(1)
    }

    /// Sets the maximum number of attempts, the first one included. 0 counts as 1. Default: 5.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Sets the longest wait before the second attempt. Default: 50 ms.
    pub fn initial_backoff(mut self, wait: Duration) -> Self {
        self.initial_backoff = wait;
        self
    }

    /// Sets the longest wait before any attempt. Default: 2 s.
    pub fn max_backoff(mut self, wait: Duration) -> Self {
        self.max_backoff = wait;
        self
    }

    /// Sets the factor by which the wait grows from one attempt to the next. Less than 1 counts as 1. Default: 2.
    pub fn multiplier(mut self, factor: f64) -> Self {
        self.multiplier = factor;
        self
    }

    /// Sets whether each wait is drawn uniformly between zero and its bound, so that many clients do not retry at
    /// the same time. Default: `true`.
    pub fn jitter(mut self, jitter: bool) -> Self {
        self.jitter = jitter;
        self
    }

    /// Sets whether a call that uses or makes a key is retried even where the broker may have executed it. This is for
    /// programs that prefer a second certificate, signature or key pair to an error. The response is that of the last
    /// attempt; the result of an earlier attempt appears only in the broker's audit log. Default: `false`.
    pub fn repeat_key_use(mut self, repeat: bool) -> Self {
        self.repeat_key_use = repeat;
        self
    }

    /// Reports whether a call that failed like this may be retried.
    fn permits(&self, key_use: KeyUse, error: &Error) -> bool {
        error.is_retryable()
            && (!error.possibly_executed || key_use == KeyUse::Keyless || self.repeat_key_use)
    }

    /// Returns the bound of the wait after the given attempt, counted from 1.
    fn backoff(&self, attempt: u32) -> Duration {
        let steps = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let factor = if self.multiplier > 1.0 { self.multiplier.powi(steps) } else { 1.0 };
        let seconds = self.initial_backoff.as_secs_f64() * factor;
        Duration::try_from_secs_f64(seconds).unwrap_or(self.max_backoff).min(self.max_backoff)
    }

    /// Returns how long to wait after the given attempt failed, or `None` where the server forbids a retry.
    fn wait(
        &self,
        attempt: u32,
        pushback: Pushback,
        retry_after: Option<Duration>,
        draw: f64,
    ) -> Option<Duration> {
        let backoff = self.backoff(attempt);
        let backoff = if self.jitter { backoff.mul_f64(draw) } else { backoff };
        match (pushback, retry_after) {
            (Pushback::Stop, _) => None,
            (Pushback::Milliseconds(wait), _) => Some(Duration::from_millis(wait.into())),
            // All refused clients got the same wait; the jitter on top keeps them apart.
            (Pushback::Absent, Some(retry_after)) => Some(retry_after.saturating_add(backoff)),
            (Pushback::Absent, None) => Some(backoff),
        }
    }
}

/// The use of keys by a method: whether it uses or makes one, which decides whether a second execution does harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyUse {
    /// The method has no key, so a second execution has no effect.
    Keyless,
    /// The method uses or makes a key.
    Keyed,
}

/// The longest timeout. Adding it to the current time cannot overflow.
pub(crate) const MAX_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The time limit of an attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    /// The deadline of the call, which all its attempts share.
    pub(crate) deadline: Instant,
    /// The time from the beginning of the attempt to the deadline.
    pub(crate) timeout: Duration,
}

impl Attempt {
    /// Waits for the result of an attempt until the deadline.
    pub(crate) async fn limit<T>(
        self,
        attempt: impl Future<Output = Result<T, AttemptError>>,
    ) -> Result<T, AttemptError> {
        timeout_at(self.deadline, attempt).await.unwrap_or(Err(AttemptError::DeadlineExceeded))
    }
}

/// Makes attempts at a call until it succeeds, fails with an error that is not retried, or reaches its deadline. `send`
/// makes one attempt and ends it at the deadline.
pub(crate) async fn run<T, S, F>(
    policy: &RetryPolicy,
    key_use: KeyUse,
    timeout: Duration,
    mut send: S,
) -> Result<T, Error>
where
    S: FnMut(Attempt) -> F,
    F: Future<Output = Result<T, AttemptError>>,
{
    let mut remaining = timeout.min(MAX_TIMEOUT);
    let deadline = Instant::now() + remaining;
    let mut last: Option<Box<Error>> = None;
    // Whether an earlier attempt may have been executed.
    let mut possibly_executed = false;
    let mut attempt = 1;
    loop {
        let error = match send(Attempt { deadline, timeout: remaining }).await {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        let (pushback, error) = match error {
            // The server knows the same deadline and may notice first that it passed.
            AttemptError::Status(status) if Instant::now() < deadline && !status.is_deadline_exceeded() => {
                (status.pushback, Error::refused(status))
            }
            AttemptError::Failed(error) if Instant::now() < deadline => (Pushback::Absent, error),
            _ => return Err(Error::new(ErrorKind::Deadline { timeout, attempts: attempt, last })),
        };
        let error = if possibly_executed { error.after_possible_execution() } else { error };
        if attempt >= policy.max_attempts || !policy.permits(key_use, &error) {
            return Err(error);
        }
        let retry_after = error.rejection().and_then(|rejection| rejection.retry_after);
        let Some(wait) = policy.wait(attempt, pushback, retry_after, draw()) else { return Err(error) };
        // The refusal tells more than the deadline that would pass during the wait.
        if Instant::now() + wait.min(MAX_TIMEOUT) >= deadline {
            return Err(error);
        }
        tracing::debug!(attempt, ?wait, %error, "retrying the call");
        // Boxed, since few calls are retried and the future of every call would reserve space for the sleep.
        Box::pin(sleep(wait)).await;
        remaining = deadline.saturating_duration_since(Instant::now());
        possibly_executed = error.possibly_executed;
        last = Some(Box::new(error));
        attempt += 1;
    }
}

/// Returns a random number between 0 and 1.
fn draw() -> f64 {
    // The low 53 bits of a version 4 UUID are all random, and fill the significand of an f64.
    const BITS: u64 = (1 << 53) - 1;
    let random = (Uuid::new_v4().as_u128() as u64) & BITS;
    random as f64 / BITS as f64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

    use super::*;

    fn policy() -> RetryPolicy {
        RetryPolicy::default().max_backoff(Duration::from_millis(300))
    }

    #[test]
    fn backoff_grows_to_its_bound_without_overflow() {
        let millis = |attempt| policy().backoff(attempt).as_millis();
        assert_eq!([50, 100, 200, 300, 300], [millis(1), millis(2), millis(3), millis(4), millis(5)]);
        assert_eq!(300, millis(u32::MAX));
        let invalid = policy().multiplier(f64::NAN);
        assert_eq!(50, invalid.backoff(9).as_millis());
    }

    #[test]
    fn retries_key_use_only_if_not_executed_or_by_choice() {
        let broken = |executed| Error::connection("", executed);
        let choice = policy().repeat_key_use(true);
        for (policy, key_use, executed, permitted) in [
            (policy(), KeyUse::Keyed, false, true),
            (policy(), KeyUse::Keyed, true, false),
            (policy(), KeyUse::Keyless, true, true),
            (choice, KeyUse::Keyed, true, true),
        ] {
            assert_eq!(permitted, policy.permits(key_use, &broken(executed)), "{key_use:?} {executed}");
        }
        let permanent = Error::protocol("");
        assert!(!choice.permits(KeyUse::Keyless, &permanent));
    }

    #[test]
    fn jitter_covers_the_whole_wait() {
        let wait = |draw| policy().wait(2, Pushback::Absent, None, draw);
        assert_eq!(Some(Duration::ZERO), wait(0.0));
        assert_eq!(Some(Duration::from_millis(100)), wait(1.0));
        for _ in 0..100 {
            assert!((0.0..=1.0).contains(&draw()));
        }
    }

    #[test]
    fn wait_of_the_server_takes_precedence() {
        let second = Duration::from_secs(1);
        let wait = |pushback, after| policy().wait(1, pushback, after, 1.0);
        assert_eq!(None, wait(Pushback::Stop, Some(second)));
        assert_eq!(Some(second), wait(Pushback::Milliseconds(1000), None));
        assert_eq!(Some(Duration::from_millis(1050)), wait(Pushback::Absent, Some(second)));
    }
}
