//! Makes text from files safe to print.
//!
//! The escaped form can be read back: a backslash in it always begins `\\`, `\u{…}` or `\x…`.
//!
//! A certificate can contain any character: escape sequences that a terminal obeys, line ends that imitate other output, and
//! characters that reorder or hide text.

use std::borrow::Cow;

/// Returns the text with every character that does not show itself as `\u{…}` and every backslash doubled, so that the text can
/// be told from its escaped form.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().all(|letter| letter != '\\' && shows_itself(letter)) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '\\' => safe.push_str("\\\\"),
            _ if shows_itself(letter) => safe.push(letter),
            _ => safe.extend(letter.escape_unicode()),
        }
    }
    Cow::Owned(safe)
}

/// Returns bytes that should be text as [`printable`] does, and those that are not UTF-8 as `\x…`.
pub(crate) fn printable_bytes(bytes: &[u8]) -> String {
    let mut safe = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        safe.push_str(&printable(chunk.valid()));
        chunk.invalid().iter().for_each(|byte| safe.push_str(&format!("\\x{byte:02x}")));
    }
    safe
}

/// Reports whether a terminal shows the character as one that stands where it is: not a control character, not one that
/// changes the direction of text or joins or hides others (Unicode's bidirectional controls and default ignorables), not a
/// line or paragraph separator, and not a private or unassigned one of the special ranges.
fn shows_itself(letter: char) -> bool {
    !letter.is_control()
        && !matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffd}' | '\u{fffe}'..='\u{ffff}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_do_not_show_themselves_are_escaped() {
        for (text, expected) in [
            ("Zoë 😀 * &", "Zoë 😀 * &"),
            ("C:\\u{1b}", "C:\\\\u{1b}"),
            ("\u{1b}[2J\r\n", "\\u{1b}[2J\\u{d}\\u{a}"),
            ("a\\\u{9b}", "a\\\\\\u{9b}"),
            ("abc\u{202e}fed\u{200b}\0", "abc\\u{202e}fed\\u{200b}\\u{0}"),
        ] {
            assert_eq!(printable(text), expected);
        }
        assert_eq!(printable_bytes(b"a\xff\x1b\\xff"), "a\\xff\\u{1b}\\\\xff");
    }
}
