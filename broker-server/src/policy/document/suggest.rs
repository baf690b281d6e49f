//! The most similar valid word for an unknown one.

/// The length in bytes above which words are not compared. No key or value is nearly as long.
const MAX_LENGTH: usize = 64;

/// Returns the candidate that is most similar to `word`, where one is similar enough to be worth suggesting.
pub(crate) fn most_similar<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.is_empty() || word.len() > MAX_LENGTH {
        return None;
    }
    let normalized = normalize(word);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&normalized, &normalize(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= max_distance(word.len().max(candidate.len())))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Removes differences of case and of separators, which are the most common mistakes (`SHA512` for `sha-512`).
fn normalize(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '-' | '_' | ' ' | '.')).flat_map(char::to_lowercase).collect()
}

/// Returns the number of edits at which words of a length still count as similar: one in three letters.
const fn max_distance(length: usize) -> usize {
    if length < 3 { 1 } else { length / 3 }
}

#[cfg(test)]
mod tests {
    use super::most_similar;

    #[test]
    fn suggests_most_similar_candidate() {
        let keys = ["HashAlg", "SignAlg", "KeyUsage", "ExtendedKeyUsage", "SKIHashAlg"];
        assert_eq!(most_similar("HashAlgo", keys), Some("HashAlg"));
        assert_eq!(most_similar("hashalg", keys), Some("HashAlg"));
        assert_eq!(most_similar("KeyUsages", keys), Some("KeyUsage"));
        assert_eq!(most_similar("Banana", keys), None);
        assert_eq!(most_similar("", keys), None);
        assert_eq!(most_similar(&"HashAlg".repeat(100), keys), None);
        assert_eq!(most_similar("SHA512", ["sha-256", "sha-512"]), Some("sha-512"));
    }
}
