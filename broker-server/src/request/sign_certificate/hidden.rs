//! Characters that a name must not have, because they are not displayed: two names that look the same would differ.

/// Why a character is not displayed. The text completes "has the … U+200B at position 1".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hidden {
    /// A control character or a separator of lines, or a character that changes the direction of the text (RFC 4518 2.2, and
    /// table C.8 of RFC 3454, which RFC 4518 2.4 prohibits).
    Control,
    /// A character that is displayed as nothing, or no character at all (PrecisIgnorableProperties, RFC 8264 9.13).
    Invisible,
}

impl Hidden {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Control => "control character",
            Self::Invisible => "invisible character",
        }
    }
}

/// Returns the first character that is not displayed, and its position, from 1.
///
/// Characters that only select the form of the character before them are displayed there, so texts may have them: the joiners
/// U+200C and U+200D in the scripts that need them, such as Persian and Malayalam (RFC 5892 A.1, A.2), and a variation selector
/// after an ideograph, as in Japanese names (UTS 37), and in these scripts. A repeated one changes nothing, so it is hidden.
pub(super) fn first_hidden(text: &str) -> Option<(Hidden, char, usize)> {
    let (mut before, mut previous) = (None, None);
    for (index, character) in text.chars().enumerate() {
        let is_repeated = previous == Some(character) && is_joiner(character)
            || previous.is_some_and(selects_form) && is_variation_selector(character);
        // A joiner after a selector or another joiner applies to the same character.
        let base = before.filter(|_| !is_repeated);
        if let Some(hidden) = hidden(character, base) {
            return Some((hidden, character, index + 1));
        }
        previous = Some(character);
        if !selects_form(character) {
            before = previous;
        }
    }
    None
}

/// Reports whether the text has only white space. U+2800 is a pattern of dots without a dot.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(|character| character.is_whitespace() || character == '\u{2800}')
}

const fn selects_form(character: char) -> bool {
    is_joiner(character) || is_variation_selector(character)
}

/// Reports whether a character is hidden where it follows `before`.
fn hidden(character: char, before: Option<char>) -> Option<Hidden> {
    match character {
        _ if character.is_control() => Some(Hidden::Control),
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}' => Some(Hidden::Control),
        _ if is_joiner(character) && before.is_some_and(is_joined) => None,
        _ if is_variation_selector(character) && before.is_some_and(has_variants) => None,
        _ if is_ignorable(character) || is_noncharacter(character) => Some(Hidden::Invisible),
        _ => None,
    }
}

const fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200c}' | '\u{200d}')
}

const fn is_variation_selector(character: char) -> bool {
    matches!(character, '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Reports whether a character is of a block whose scripts join letters: those from Arabic to Myanmar, Khmer, Mongolian, and the
/// later ones of the same families.
const fn is_joined(character: char) -> bool {
    matches!(
        character,
        '\u{600}'..='\u{109f}'
            | '\u{1780}'..='\u{18af}'
            | '\u{1900}'..='\u{1cff}'
            | '\u{a800}'..='\u{abff}'
            | '\u{fb50}'..='\u{fdff}'
            | '\u{fe70}'..='\u{fefc}'
            | '\u{10a00}'..='\u{11fff}'
            | '\u{1e900}'..='\u{1e95f}'
    )
}

/// Reports whether a character is an ideograph, or of a script that joins letters.
const fn has_variants(character: char) -> bool {
    matches!(character, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
        || is_joined(character)
}

/// Reports whether a character has the property Default_Ignorable_Code_Point (Unicode 17.0, DerivedCoreProperties.txt), or
/// delimits annotations, which is displayed as nothing as well (table C.6 of RFC 3454).
const fn is_ignorable(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Reports whether Unicode will never define the character (The Unicode Standard 23.7).
fn is_noncharacter(character: char) -> bool {
    matches!(character, '\u{fdd0}'..='\u{fdef}') || u32::from(character) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_characters_that_are_not_displayed() {
        for (character, expected) in [
            ('\0', Hidden::Control),
            ('\n', Hidden::Control),
            ('\u{7f}', Hidden::Control),
            ('\u{85}', Hidden::Control),
            ('\u{200e}', Hidden::Control),
            ('\u{2028}', Hidden::Control),
            ('\u{2029}', Hidden::Control),
            ('\u{202e}', Hidden::Control),
            ('\u{2066}', Hidden::Control),
            ('\u{ad}', Hidden::Invisible),
            ('\u{34f}', Hidden::Invisible),
            ('\u{61c}', Hidden::Invisible),
            ('\u{115f}', Hidden::Invisible),
            ('\u{17b4}', Hidden::Invisible),
            ('\u{180e}', Hidden::Invisible),
            ('\u{200b}', Hidden::Invisible),
            ('\u{200c}', Hidden::Invisible),
            ('\u{200d}', Hidden::Invisible),
            ('\u{2060}', Hidden::Invisible),
            ('\u{3164}', Hidden::Invisible),
            ('\u{fe0f}', Hidden::Invisible),
            ('\u{feff}', Hidden::Invisible),
            ('\u{ffa0}', Hidden::Invisible),
            ('\u{fff9}', Hidden::Invisible),
            ('\u{fdd0}', Hidden::Invisible),
            ('\u{ffff}', Hidden::Invisible),
            ('\u{1d173}', Hidden::Invisible),
            ('\u{1fffe}', Hidden::Invisible),
            ('\u{e0020}', Hidden::Invisible),
            ('\u{e0100}', Hidden::Invisible),
            ('\u{10ffff}', Hidden::Invisible),
        ] {
            for (text, position) in [
                (format!("bank{character}.example"), 5),
                (format!("{character}a"), 1),
                (format!("é{character}"), 2),
                (format!("銀{character}a\u{7}"), if is_variation_selector(character) { 4 } else { 2 }),
            ] {
                let found = first_hidden(&text);
                if position == 4 {
                    assert_eq!(found, Some((Hidden::Control, '\u{7}', 4)), "{character:?}");
                } else {
                    assert_eq!(found, Some((expected, character, position)), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn languages_keep_what_they_need() {
        for text in [
            "",
            "Zoë Müller",
            // Persian with ZWNJ, Sinhala and Devanagari with ZWJ, and Malayalam with ZWJ at the end
            "می\u{200c}خواهم",
            "ශ්\u{200d}රී",
            "क\u{94d}\u{200d}ष",
            "ന\u{d4d}\u{200d}",
            // ideographs with variation selectors, and Mongolian with one
            "辻\u{e0100}",
            "葛\u{e0101}城市",
            "ᠠ\u{180b}",
            "ᠠ\u{180b}\u{200d}ᠠ",
            // ZWJ, ZWNJ, ZWJ joins without a ligature (The Unicode Standard 23.2).
            "ل\u{200d}\u{200c}\u{200d}ا",
            // Arabic signs that are of the category Cf but displayed
            "\u{600}١",
            "\u{6dd}",
            "a\u{a0}b\u{3000}c",
            "👍",
            "\u{fffd}",
        ] {
            assert_eq!(first_hidden(text), None, "{text:?}");
        }
        // These are different names that look the same.
        for (text, character, position) in [
            ("می\u{200c}\u{200c}خ", '\u{200c}', 4),
            ("ശ\u{200d}\u{200d}", '\u{200d}', 3),
            ("辻\u{e0100}\u{e0101}", '\u{e0101}', 3),
            ("辻\u{e0100}\u{e0100}", '\u{e0100}', 3),
            ("ᠠ\u{200d}\u{180b}", '\u{180b}', 3),
        ] {
            assert_eq!(first_hidden(text), Some((Hidden::Invisible, character, position)), "{text:?}");
        }
        assert_eq!(first_hidden("ab\u{200c}"), Some((Hidden::Invisible, '\u{200c}', 3)));
        assert_eq!(first_hidden("мир\u{200d}"), Some((Hidden::Invisible, '\u{200d}', 4)));
    }

    #[test]
    fn white_space_of_every_script_is_blank() {
        for text in ["", " ", " \t ", "\u{a0}", "\u{1680}", "\u{2003}\u{3000}", "\u{2800}"] {
            assert!(is_blank(text), "{text:?}");
        }
        for text in [".", " a ", "\u{200b}", "-"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }
}
