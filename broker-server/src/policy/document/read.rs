//! Typed readers over the tree. Each reports errors and returns `None` where it found one. The callers continue
//! with the other keys, so that all errors of a document are reported at once.

use std::{collections::HashMap, ops::RangeInclusive};

use super::{
    report::Report,
    suggest::most_similar,
    tree::{Node, Position, Value},
};

/// The message for a list that has an entry twice.
pub(super) const DUPLICATE_ENTRY: &str = "duplicate entry";

const NO_ALIAS: &str = "aliases are not supported; write the value out";
const NO_KEY_ALIAS: &str = "aliases are not supported; write the key out";
const NO_MERGE: &str = "merge keys are not supported; write the keys out";

/// The number of characters of a text from the document that a message shows.
const MAX_QUOTED: usize = 64;

/// A key and its value, or an entry of a list.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    /// The path of the rule.
    pub(super) path: String,
    /// The position of the key, or of the entry of a list.
    pub(super) at: Position,
    /// The value.
    pub(super) node: &'a Node,
}

/// The fields of a map of which all keys are valid and occur once.
#[derive(Debug)]
pub(super) struct FieldMap<'a> {
    /// The path of the rule.
    pub(super) path: String,
    /// The position of the key that has the map as its value.
    pub(super) at: Position,
    fields: HashMap<&'a str, Field<'a>>,
}

impl<'a> FieldMap<'a> {
    /// Returns the field called `key` where it is present, even where its value is empty.
    pub(super) fn field(&self, key: &str) -> Option<&Field<'a>> {
        self.fields.get(key)
    }

    /// Returns the field called `key` where it is present and has a value. An empty value is an error in a strict
    /// reading, because people leave a key empty by mistake. A lenient reading treats the key as absent, as the Go broker
    /// does.
    pub(super) fn non_empty(&self, key: &str, report: &mut Report) -> Option<&Field<'a>> {
        let field = self.fields.get(key)?;
        if !is_empty(&field.node.value) {
            return Some(field);
        }
        field.key_error_if_strict("is empty; write a value, or remove the key", report);
        None
    }

    /// Returns the field called `key` where it is present and has a value. A missing key or an empty value is an error in
    /// a strict reading, and a warning in a lenient one, because the Go broker accepts both.
    pub(super) fn require_if_strict(&self, key: &str, report: &mut Report) -> Option<&Field<'a>> {
        if self.fields.contains_key(key) {
            return self.non_empty(key, report);
        }
        report.error_if_strict(self.at, &self.path, format!("`{key}` is missing"), None);
        None
    }

    /// Returns the field called `key`, even where its value is empty. A missing key is an error in every reading.
    pub(super) fn require(&self, key: &str, report: &mut Report) -> Option<&Field<'a>> {
        let field = self.fields.get(key);
        if field.is_none() {
            report.error(self.at, &self.path, format!("`{key}` is missing"));
        }
        field
    }

    /// Reads the boolean called `key`, which is `false` where it is missing.
    pub(super) fn flag(&self, key: &str, report: &mut Report) -> Option<bool> {
        match self.fields.get(key) {
            Some(field) => field.boolean(report),
            None => Some(false),
        }
    }
}

impl<'a> Field<'a> {
    /// Reads the value as a map with no other keys than `valid_keys`.
    pub(super) fn field_map(&self, valid_keys: &[&str], report: &mut Report) -> Option<FieldMap<'a>> {
        let mut fields: HashMap<&str, Field<'a>> = HashMap::with_capacity(valid_keys.len());
        for (key, value) in self.entries(report)? {
            let Value::Text(name) = &key.value else {
                report.error_if_strict(key.at, &self.path, "a key must be text", None);
                continue;
            };
            let path = self.join(name);
            if let Some(first) = fields.get(name.as_str()) {
                let message = format!("duplicate key; it is first set in line {}", first.at.line);
                report.error(key.at, &path, message);
            } else if valid_keys.contains(&name.as_str()) {
                let field = Field { path, at: key.at, node: value };
                field.reject_alias(report);
                fields.insert(name, field);
            } else {
                let message = format!("unknown key; the keys here are {}", valid_keys.join(", "));
                report.error_if_strict(
                    key.at,
                    &path,
                    message,
                    most_similar(name, valid_keys.iter().copied()),
                );
            }
        }
        Some(FieldMap { path: self.path.clone(), at: self.at, fields })
    }

    /// Returns the keys and values of a map, with those of a merge key (`<<: *name`). The values may still be
    /// aliases.
    pub(super) fn entries(&self, report: &mut Report) -> Option<Vec<(&'a Node, &'a Node)>> {
        let Value::Map(own) = &self.node.value else {
            self.type_error("a section with keys", report);
            return None;
        };
        let mut entries = Vec::with_capacity(own.len());
        for (key, value) in own {
            match (&key.value, &value.value) {
                _ if key.alias => report.error(key.at, &self.path, NO_KEY_ALIAS),
                (Value::Text(name), Value::Map(merged)) if name == "<<" && !merged.iter().any(is_merge) => {
                    report.error_if_strict(key.at, &self.join(name), NO_MERGE, None);
                    entries.extend(merged.iter().map(|(key, value)| (key, value)));
                }
                // A list of sections, and a section that merges another one, are not merged even in a lenient reading.
                (Value::Text(name), _) if name == "<<" => report.error(key.at, &self.join(name), NO_MERGE),
                _ => entries.push((key, value)),
            }
        }
        Some(entries)
    }

    /// Reports whether the value is empty, or is a map of which all values are empty.
    pub(super) fn has_no_values(&self) -> bool {
        match &self.node.value {
            Value::Map(entries) => entries.iter().all(|(_, value)| is_empty(&value.value)),
            value => is_empty(value),
        }
    }

    /// Returns the field called `key` of a value that is a map, without the checks of [`field_map`](Self::field_map).
    pub(super) fn raw_entry(&self, key: &str) -> Option<Self> {
        let Value::Map(entries) = &self.node.value else { return None };
        let named = |(name, _): &&(Node, Node)| matches!(&name.value, Value::Text(name) if name == key);
        let (name, node) = entries.iter().find(named)?;
        Some(Self { path: self.join(key), at: name.at, node })
    }

    /// Reads the value as a list. Each entry becomes a field of its own.
    pub(super) fn list(&self, report: &mut Report) -> Option<Vec<Field<'a>>> {
        let Value::List(entries) = &self.node.value else {
            self.type_error("a list", report);
            return None;
        };
        let mut fields = Vec::with_capacity(entries.len());
        for (index, node) in entries.iter().enumerate() {
            let field = Field { path: format!("{}[{index}]", self.path), at: node.at, node };
            field.reject_alias(report);
            fields.push(field);
        }
        Some(fields)
    }

    /// Reads the value as text. The Go broker also accepts a boolean, and a number in its canonical spelling.
    pub(super) fn text(&self, report: &mut Report) -> Option<&'a str> {
        let canonical = match &self.node.value {
            Value::Text(text) => return Some(text),
            Value::Boolean(_) => !self.node.source_text.is_empty(),
            Value::Integer(value) => value.to_string() == self.node.source_text,
            _ => false,
        };
        if canonical && report.is_lenient() {
            self.error_if_strict("must be text; put it in quotes", report);
            return Some(&self.node.source_text);
        }
        self.type_error("text", report);
        None
    }

    /// Reads the value as text with at most `max_length` bytes, with at least one character that is not white space, and
    /// without control characters.
    pub(super) fn printable_text(&self, max_length: usize, report: &mut Report) -> Option<&'a str> {
        let text = self.text(report)?;
        let message = if text.trim().is_empty() {
            "must not be empty".to_owned()
        } else if text.len() > max_length {
            format!("is {} bytes long; the limit is {max_length}", text.len())
        } else if text.chars().any(char::is_control) {
            "must not contain control characters".to_owned()
        } else {
            return Some(text);
        };
        self.error(message, report);
        None
    }

    /// Reads the value as `true` or `false`.
    pub(super) fn boolean(&self, report: &mut Report) -> Option<bool> {
        if let Value::Boolean(value) = self.node.value {
            return Some(value);
        }
        self.type_error("`true` or `false`", report);
        None
    }

    /// Reads the value as an integer. The Go broker also accepts one in quotes, with underscores, or with `.0`.
    pub(super) fn integer(&self, report: &mut Report) -> Option<i128> {
        let other = match &self.node.value {
            Value::Integer(value) => return Some(*value),
            Value::Text(text) => parse_integer(text),
            Value::Float => parse_integer(&self.node.source_text),
            _ => None,
        };
        if other.is_some() && report.is_lenient() {
            self.error_if_strict("must be an integer; write digits only", report);
            return other;
        }
        self.type_error("an integer", report);
        None
    }

    /// Reads the value as an integer in `range`.
    pub(super) fn integer_in(&self, range: RangeInclusive<u32>, report: &mut Report) -> Option<u32> {
        let value = self.integer(report)?;
        let number = u32::try_from(value).ok().filter(|number| range.contains(number));
        if number.is_none() {
            let message =
                format!("{value} is not allowed; the range is {} to {}", range.start(), range.end());
            self.error(message, report);
        }
        number
    }

    /// Reads the value as one of the integers in `allowed`.
    pub(super) fn integer_one_of(&self, allowed: &[u32], report: &mut Report) -> Option<u32> {
        let value = self.integer(report)?;
        let number = u32::try_from(value).ok().filter(|number| allowed.contains(number));
        if number.is_none() {
            let list: Vec<String> = allowed.iter().map(u32::to_string).collect();
            self.error(format!("{value} is not allowed; the choices are {}", list.join(", ")), report);
        }
        number
    }

    /// Reads the value as one of the words in `names`, ignoring case.
    pub(super) fn choice_ignoring_case<T: Copy>(
        &self,
        names: &[(&str, T)],
        report: &mut Report,
    ) -> Option<T> {
        let text = self.text(report)?;
        let found = names.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        self.found_or_report(text, found, names, report)
    }

    /// Reads the value as one of the words in `names`, which are case-sensitive.
    pub(super) fn choice<T: Copy>(&self, names: &[(&str, T)], report: &mut Report) -> Option<T> {
        let text = self.text(report)?;
        let found = names.iter().find(|(name, _)| *name == text);
        self.found_or_report(text, found, names, report)
    }

    /// Reads the value as a list of the words in `names`, without duplicates.
    pub(super) fn choices<T: Copy + PartialEq>(
        &self,
        names: &[(&str, T)],
        report: &mut Report,
    ) -> Option<Vec<T>> {
        let mut chosen: Vec<T> = Vec::new();
        let mut valid = true;
        for entry in self.list(report)? {
            match entry.choice(names, report) {
                Some(value) if chosen.contains(&value) => entry.error_if_strict(DUPLICATE_ENTRY, report),
                Some(value) => chosen.push(value),
                None => valid = false,
            }
        }
        valid.then_some(chosen)
    }

    /// Reports an error at the value.
    pub(super) fn error(&self, message: impl Into<String>, report: &mut Report) {
        report.error(self.node.at, &self.path, message);
    }

    /// Reports an error at the key.
    pub(super) fn key_error(&self, message: impl Into<String>, report: &mut Report) {
        report.error(self.at, &self.path, message);
    }

    /// Reports something at the value that the Go broker accepts: an error in a strict reading, a warning in a lenient one.
    pub(super) fn error_if_strict(&self, message: impl Into<String>, report: &mut Report) {
        report.error_if_strict(self.node.at, &self.path, message, None);
    }

    /// Reports something at the key that the Go broker accepts: an error in a strict reading, a warning in a lenient one.
    pub(super) fn key_error_if_strict(&self, message: impl Into<String>, report: &mut Report) {
        report.error_if_strict(self.at, &self.path, message, None);
    }

    /// Reports an alias, because a rule must be readable without looking for its anchor.
    pub(super) fn reject_alias(&self, report: &mut Report) {
        if self.node.alias {
            self.error_if_strict(NO_ALIAS, report);
        }
    }

    /// Returns the value of `found`, the entry of `names` for `text`. Without an entry it reports that `text` is not one of
    /// `names`.
    fn found_or_report<T: Copy>(
        &self,
        text: &str,
        found: Option<&(&str, T)>,
        names: &[(&str, T)],
        report: &mut Report,
    ) -> Option<T> {
        if let Some((_, value)) = found {
            return Some(*value);
        }
        let all: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
        let message = format!("{} is not known; the choices are {}", quote(text), all.join(", "));
        report.error_with_suggestion(self.node.at, &self.path, message, most_similar(text, all));
        None
    }

    fn type_error(&self, expected: &str, report: &mut Report) {
        let found = match &self.node.value {
            // An empty value has no position of its own.
            Value::Null => return self.key_error(format!("must be {expected}, but is empty"), report),
            Value::Boolean(_) | Value::Integer(_) | Value::Float if expected == "text" => {
                return self.error("must be text; put it in quotes", report);
            }
            Value::Boolean(_) => "a boolean".to_owned(),
            Value::Integer(_) => "an integer".to_owned(),
            Value::Float
                if self.node.source_text.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit()) =>
            {
                "too large a number".to_owned()
            }
            Value::Float => "a number with a fraction".to_owned(),
            Value::Text(text) => format!("the text {}", quote(text)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a section with keys".to_owned(),
        };
        self.error(format!("must be {expected}, but is {found}"), report);
    }

    fn join(&self, key: &str) -> String {
        let key: String = key.chars().take(MAX_QUOTED).flat_map(char::escape_debug).collect();
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }
}

/// Returns a text from the document in a form that is safe in a message: escaped and of limited length.
pub(super) fn quote(text: &str) -> String {
    let escaped: String = text.chars().take(MAX_QUOTED).flat_map(char::escape_debug).collect();
    let ellipsis = if text.chars().nth(MAX_QUOTED).is_some() { "…" } else { "" };
    format!("`{escaped}{ellipsis}`")
}

fn is_merge((key, _): &(Node, Node)) -> bool {
    matches!(&key.value, Value::Text(name) if name == "<<")
}

/// Reports whether a value is null or the empty text.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.is_empty(),
        _ => false,
    }
}

/// Returns the integer that the Go broker reads in spellings such as `2_048`, `2048.0` and `2.048e3`. Returns
/// `None` for a number with a leading zero, which the Go broker reads as octal in some places and as decimal in
/// others, and for a number with a fraction.
fn parse_integer(text: &str) -> Option<i128> {
    /// The largest number up to which every integer has an exact floating-point representation.
    const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
    let digits = text.replace('_', "");
    let bytes = digits.as_bytes();
    if !bytes.first()?.is_ascii_digit() || (bytes.first() == Some(&b'0') && digits.len() > 1) {
        return None;
    }
    if let Ok(number) = digits.parse::<u64>() {
        return Some(i128::from(number));
    }
    let number = digits.parse::<f64>().ok().filter(|number| number.fract() == 0.0 && *number <= MAX_EXACT)?;
    format!("{number:.0}").parse().ok()
}
