//! The nearest right word for a wrong one.

/// Longer words than this are not compared: no key or value of ours comes near.
const LONGEST: usize = 64;

/// The candidate that `word` was probably meant to be, if any is near enough to be worth a guess.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.is_empty() || word.len() > LONGEST {
        return None;
    }
    let folded = fold(word);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&folded, &fold(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= allowance(word.len().max(candidate.len())))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Case and separators are the commonest slips (`SHA512` for `sha-512`), so they cost nothing.
fn fold(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '-' | '_' | ' ' | '.')).flat_map(char::to_lowercase).collect()
}

/// One slip in every three letters.
const fn allowance(length: usize) -> usize {
    if length < 3 { 1 } else { length / 3 }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_find_their_word() {
        let keys = ["HashAlg", "SignAlg", "KeyUsage", "ExtendedKeyUsage", "SKIHashAlg"];
        assert_eq!(nearest("HashAlgo", keys), Some("HashAlg"));
        assert_eq!(nearest("hashalg", keys), Some("HashAlg"));
        assert_eq!(nearest("KeyUsages", keys), Some("KeyUsage"));
        assert_eq!(nearest("Banana", keys), None);
        assert_eq!(nearest("", keys), None);
        assert_eq!(nearest(&"HashAlg".repeat(100), keys), None);
        assert_eq!(nearest("SHA512", ["sha-256", "sha-512"]), Some("sha-512"));
    }
}
