//! Parsed CA pairs.
use std::time::Duration;
/// A bounded cache of loaded CA keys; with 0 entries it holds nothing.
#[derive(Debug)]
pub struct CaCache {}
impl CaCache {
    /// At most `entries`, each for at most `ttl` and never past its certificate's notAfter.
    pub fn new(entries: usize, ttl: Duration) -> Self {
        todo!()
    }
}
