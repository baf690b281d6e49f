//! When a call is sent again, and how long it waits before that.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep, timeout_at};
use uuid::Uuid;

use crate::{
    error::{Code, Error, ErrorKind},
    wire::{Pushback, Status},
};

/// Exponential backoff with full jitter, between attempts of one call.
///
/// Only UNAVAILABLE, RESOURCE_EXHAUSTED, ABORTED and failures of the connection itself are retried, and never past
/// the call's deadline. A call that uses or makes a key is retried only where it is certain that the broker has not
/// executed it ([`Error::possibly_executed`]): otherwise there could be a second certificate, signature or key pair, and a
/// second record of it. Calls without a key (hashing, verifying, health, information) are retried in any case, since doing them twice
/// does nothing. A stream is sent once.
/// When the server names a time (`grpc-retry-pushback-ms`, `google.rpc.RetryInfo`), it wins.
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
    /// 5 attempts; waits of at most 50, 100, 200 and 400 ms, jittered; no use of a key is repeated.
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
    /// Every call is sent once.
    pub fn none() -> Self {
        Self::default().max_attempts(1)
    }

    /// How often a call is sent at most, the first time included. 0 counts as 1. Default: 5.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// The longest wait before the second attempt. Default: 50 ms.
    pub fn initial_backoff(mut self, wait: Duration) -> Self {
        self.initial_backoff = wait;
        self
    }

    /// The longest wait before any attempt. Default: 2 s.
    pub fn max_backoff(mut self, wait: Duration) -> Self {
        self.max_backoff = wait;
        self
    }

    /// The factor by which the wait grows from one attempt to the next. Less than 1 counts as 1. Default: 2.
    pub fn multiplier(mut self, factor: f64) -> Self {
        self.multiplier = factor;
        self
    }

    /// Whether each wait is drawn evenly from zero to its bound, so that many clients do not come back at once. Default:
    /// `true`.
    pub fn jitter(mut self, jitter: bool) -> Self {
        self.jitter = jitter;
        self
    }

    /// Whether a call that uses or makes a key is sent again even where the broker may have executed it before. This is for
    /// programs that would rather have a second certificate, signature or key pair than an error: the answer is that of
    /// the last attempt, and what an attempt before it made is in the broker's audit log and nowhere else. Default:
    /// `false`.
    pub fn repeat_key_use(mut self, repeat: bool) -> Self {
        self.repeat_key_use = repeat;
        self
    }

    /// Returns whether a call that failed like this may be sent again.
    fn permits(&self, work: Work, error: &Error) -> bool {
        error.is_retryable() && (!error.possibly_executed || work == Work::Keyless || self.repeat_key_use)
    }

    /// Returns the bound of the wait after the given attempt, counted from 1.
    fn backoff(&self, attempt: u32) -> Duration {
        let steps = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let factor = if self.multiplier > 1.0 { self.multiplier.powi(steps) } else { 1.0 };
        let seconds = self.initial_backoff.as_secs_f64() * factor;
        Duration::try_from_secs_f64(seconds).unwrap_or(self.max_backoff).min(self.max_backoff)
    }

    /// Returns how long to wait after the given attempt failed, or `None` when the server forbids another.
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
            // All clients that were refused got the same number: the jitter on top keeps them apart.
            (Pushback::Absent, Some(retry_after)) => Some(retry_after.saturating_add(backoff)),
            (Pushback::Absent, None) => Some(backoff),
        }
    }
}

/// Whether a call uses or makes a key, which is what matters where it is done twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// No key is in it, so doing it twice does nothing.
    Keyless,
    /// A key is used or made.
    Keyed,
}

/// The longest deadline that is honoured: a time that far away cannot overflow any clock.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The time that an attempt has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    pub(crate) deadline: Instant,
    /// From the beginning of the attempt.
    pub(crate) left: Duration,
}

impl Attempt {
    /// Waits for an attempt, and fails with [`Failure::Late`] when its time is over.
    pub(crate) async fn limit<T>(
        self,
        attempt: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        timeout_at(self.deadline, attempt).await.unwrap_or(Err(Failure::Late))
    }
}

/// How an attempt fails.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    /// The broker's own words.
    Status(Status),
    Own(Error),
    /// Its time is over.
    Late,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Own(error)
    }
}

/// Sends one call until it succeeds, fails for good, or its time is over. `send` makes one attempt and ends it at its
/// deadline.
pub(crate) async fn run<T, S, F>(
    policy: &RetryPolicy,
    work: Work,
    timeout: Duration,
    mut send: S,
) -> Result<T, Error>
where
    S: FnMut(Attempt) -> F,
    F: Future<Output = Result<T, Failure>>,
{
    let mut left = timeout.min(LONGEST);
    let deadline = Instant::now() + left;
    let mut last: Option<Box<Error>> = None;
    // By an attempt before this one.
    let mut possibly_executed = false;
    let mut attempt = 1;
    loop {
        let failure = match send(Attempt { deadline, left }).await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        let (pushback, error) = match failure {
            // The server keeps the same deadline as we do and may notice it first.
            Failure::Status(status) if Instant::now() < deadline && !out_of_time(&status) => {
                (status.pushback, Error::refused(status))
            }
            Failure::Own(error) if Instant::now() < deadline => (Pushback::Absent, error),
            _ => return Err(Error::new(ErrorKind::Deadline { timeout, attempts: attempt, last })),
        };
        let error = if possibly_executed { error.after_possible_execution() } else { error };
        if attempt >= policy.max_attempts || !policy.permits(work, &error) {
            return Err(error);
        }
        let retry_after = error.rejection().and_then(|rejection| rejection.retry_after);
        let Some(wait) = policy.wait(attempt, pushback, retry_after, draw()) else { return Err(error) };
        // The refusal at hand says more than a deadline that is certain to pass.
        if Instant::now() + wait.min(LONGEST) >= deadline {
            return Err(error);
        }
        tracing::debug!(attempt, ?wait, %error, "the call is sent again");
        // On the heap: few calls come here, and each has room for it.
        Box::pin(sleep(wait)).await;
        left = deadline.saturating_duration_since(Instant::now());
        possibly_executed = error.possibly_executed;
        last = Some(Box::new(error));
        attempt += 1;
    }
}

/// Returns whether the server says that the call's time is over.
pub(crate) fn out_of_time(status: &Status) -> bool {
    status.code == Code::DeadlineExceeded
}

/// Draws a number from 0 to 1.
fn draw() -> f64 {
    // The low 53 bits of a version 4 UUID are all random, and fill the fraction of an f64.
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
    fn backoff_grows_to_its_bound_and_no_exponent_overflows() {
        let millis = |attempt| policy().backoff(attempt).as_millis();
        assert_eq!([50, 100, 200, 300, 300], [millis(1), millis(2), millis(3), millis(4), millis(5)]);
        assert_eq!(300, millis(u32::MAX));
        let odd = policy().multiplier(f64::NAN);
        assert_eq!(50, odd.backoff(9).as_millis());
    }

    #[test]
    fn repeats_key_use_only_where_it_was_not_executed_or_by_choice() {
        let cut = |executed| Error::connection("", executed);
        let choice = policy().repeat_key_use(true);
        for (policy, work, executed, permitted) in [
            (policy(), Work::Keyed, false, true),
            (policy(), Work::Keyed, true, false),
            (policy(), Work::Keyless, true, true),
            (choice, Work::Keyed, true, true),
        ] {
            assert_eq!(permitted, policy.permits(work, &cut(executed)), "{work:?} {executed}");
        }
        let final_one = Error::protocol("");
        assert!(!choice.permits(Work::Keyless, &final_one));
    }

    #[test]
    fn jitter_is_full() {
        let wait = |draw| policy().wait(2, Pushback::Absent, None, draw);
        assert_eq!(Some(Duration::ZERO), wait(0.0));
        assert_eq!(Some(Duration::from_millis(100)), wait(1.0));
        for _ in 0..100 {
            assert!((0.0..=1.0).contains(&draw()));
        }
    }

    #[test]
    fn the_server_s_word_wins() {
        let second = Duration::from_secs(1);
        let wait = |pushback, after| policy().wait(1, pushback, after, 1.0);
        assert_eq!(None, wait(Pushback::Stop, Some(second)));
        assert_eq!(Some(second), wait(Pushback::Milliseconds(1000), None));
        assert_eq!(Some(Duration::from_millis(1050)), wait(Pushback::Absent, Some(second)));
    }
}
