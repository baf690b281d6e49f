//! Typed readers over the tree. Each takes note of what is wrong and goes on, so that a document's mistakes come all at
//! once; a reader that found one answers `None`.

use std::{collections::HashMap, ops::RangeInclusive};

use super::{
    report::Report,
    suggest::nearest,
    tree::{Node, Position, Value},
};

/// A key and its value, or an entry of a list.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    /// The path of the rule.
    pub(super) path: String,
    /// Where the key stands (for an entry of a list, the entry).
    pub(super) at: Position,
    /// The value.
    pub(super) node: &'a Node,
}

/// A map whose keys have been looked through.
#[derive(Debug)]
pub(super) struct Section<'a> {
    /// The path of the rule.
    pub(super) path: String,
    /// Where the section's key stands.
    pub(super) at: Position,
    fields: HashMap<&'a str, Field<'a>>,
}

impl<'a> Section<'a> {
    /// The field called `key`, if it is there.
    pub(super) fn get(&self, key: &str) -> Option<&Field<'a>> {
        self.fields.get(key)
    }

    /// The field called `key`, where it has a value. The Go broker takes a key that is left empty for one that is
    /// absent; people leave one empty by mistake.
    pub(super) fn optional(&self, key: &str, report: &mut Report) -> Option<&Field<'a>> {
        let field = self.fields.get(key)?;
        if !is_empty(&field.node.value) {
            return Some(field);
        }
        field.forbidden_key("is empty; write a value, or take the key away", report);
        None
    }

    /// The field called `key`, where it has a value. The Go broker loads documents without it, so that its absence is
    /// a mistake that a lenient reading warns of.
    pub(super) fn expect(&self, key: &str, report: &mut Report) -> Option<&Field<'a>> {
        if self.fields.contains_key(key) {
            return self.optional(key, report);
        }
        report.ignorable(self.at, &self.path, format!("`{key}` is missing"), None);
        None
    }

    /// The field called `key`; that it is missing is a mistake.
    pub(super) fn require(&self, key: &str, report: &mut Report) -> Option<&Field<'a>> {
        let field = self.fields.get(key);
        if field.is_none() {
            report.add(self.at, &self.path, format!("`{key}` is missing"));
        }
        field
    }
}

impl<'a> Field<'a> {
    /// The value as a map that knows these keys and no others.
    pub(super) fn section(&self, known: &[&str], report: &mut Report) -> Option<Section<'a>> {
        let mut fields: HashMap<&str, Field<'a>> = HashMap::with_capacity(known.len());
        for (key, value) in self.entries(report)? {
            let Value::Text(name) = &key.value else {
                report.ignorable(key.at, &self.path, "a key must be text", None);
                continue;
            };
            let path = self.join(name);
            if let Some(earlier) = fields.get(name.as_str()) {
                let message = format!("the key stands here a second time; first in line {}", earlier.at.line);
                report.add(key.at, &path, message);
            } else if known.contains(&name.as_str()) {
                let field = Field { path, at: key.at, node: value };
                field.no_alias(report);
                fields.insert(name, field);
            } else {
                let message = format!("there is no such key; the keys here are {}", known.join(", "));
                report.ignorable(key.at, &path, message, nearest(name, known.iter().copied()));
            }
        }
        Some(Section { path: self.path.clone(), at: self.at, fields })
    }

    /// The value's keys and values, those of a merge key (`<<: *name`) among them. Values may be aliases still.
    pub(super) fn entries(&self, report: &mut Report) -> Option<Vec<(&'a Node, &'a Node)>> {
        let Value::Map(own) = &self.node.value else {
            self.wrong_type("a section with keys", report);
            return None;
        };
        let mut entries = Vec::with_capacity(own.len());
        for (key, value) in own {
            match (&key.value, &value.value) {
                _ if key.alias => report.add(key.at, &self.path, "an alias is not taken; write the key out"),
                (Value::Text(name), Value::Map(merged)) if name == "<<" && !merged.iter().any(is_merge) => {
                    report.ignorable(key.at, &self.join(name), NO_MERGE, None);
                    entries.extend(merged.iter().map(|(key, value)| (key, value)));
                }
                // A list of sections to merge, or a section that merges another.
                (Value::Text(name), _) if name == "<<" => report.add(key.at, &self.join(name), NO_MERGE),
                _ => entries.push((key, value)),
            }
        }
        Some(entries)
    }

    /// Whether the value is empty, or a section all of whose values are.
    pub(super) fn is_blank(&self) -> bool {
        match &self.node.value {
            Value::Map(entries) => entries.iter().all(|(_, value)| is_empty(&value.value)),
            value => is_empty(value),
        }
    }

    /// The field called `key` of a value that has been read as a section already.
    pub(super) fn key(&self, key: &str) -> Option<Self> {
        let Value::Map(entries) = &self.node.value else { return None };
        let named = |(name, _): &&(Node, Node)| matches!(&name.value, Value::Text(name) if name == key);
        let (name, node) = entries.iter().find(named)?;
        Some(Self { path: self.join(key), at: name.at, node })
    }

    /// The value as a list; each entry is a field of its own.
    pub(super) fn list(&self, report: &mut Report) -> Option<Vec<Field<'a>>> {
        let Value::List(entries) = &self.node.value else {
            self.wrong_type("a list", report);
            return None;
        };
        let mut fields = Vec::with_capacity(entries.len());
        for (index, node) in entries.iter().enumerate() {
            let field = Field { path: format!("{}[{index}]", self.path), at: node.at, node };
            field.no_alias(report);
            fields.push(field);
        }
        Some(fields)
    }

    /// The value as text. A boolean, and a number that everybody spells alike, are text to the Go broker.
    pub(super) fn text(&self, report: &mut Report) -> Option<&'a str> {
        let alike = match &self.node.value {
            Value::Text(text) => return Some(text),
            Value::Boolean(_) => !self.node.written.is_empty(),
            Value::Integer(value) => value.to_string() == self.node.written,
            _ => false,
        };
        if alike && report.is_lenient() {
            self.forbidden("must be text; put it in quotes", report);
            return Some(&self.node.written);
        }
        self.wrong_type("text", report);
        None
    }

    /// The value as text that is neither empty nor longer than `most` bytes and has no control characters.
    pub(super) fn word(&self, most: usize, report: &mut Report) -> Option<&'a str> {
        let text = self.text(report)?;
        let problem = if text.trim().is_empty() {
            "must not be empty".to_owned()
        } else if text.len() > most {
            format!("is {} bytes long; at most {most} are allowed", text.len())
        } else if text.chars().any(char::is_control) {
            "must not hold control characters".to_owned()
        } else {
            return Some(text);
        };
        self.wrong(problem, report);
        None
    }

    /// The value as a boolean: `true` or `false`.
    pub(super) fn boolean(&self, report: &mut Report) -> Option<bool> {
        if let Value::Boolean(value) = self.node.value {
            return Some(value);
        }
        self.wrong_type("`true` or `false`", report);
        None
    }

    /// The value as a whole number in `range`.
    pub(super) fn integer(&self, range: RangeInclusive<u32>, report: &mut Report) -> Option<u32> {
        let value = self.whole(report)?;
        let number = u32::try_from(value).ok().filter(|number| range.contains(number));
        if number.is_none() {
            let message =
                format!("{value} is not allowed; the range is {} to {}", range.start(), range.end());
            self.wrong(message, report);
        }
        number
    }

    /// The value as a whole number. The Go broker also takes one in quotes, with underscores, or with `.0`.
    pub(super) fn whole(&self, report: &mut Report) -> Option<i128> {
        let other = match &self.node.value {
            Value::Integer(value) => return Some(*value),
            Value::Text(text) => whole(text),
            Value::Float => whole(&self.node.written),
            _ => None,
        };
        if other.is_some() && report.is_lenient() {
            self.forbidden("must be a whole number; write it in digits alone", report);
            return other;
        }
        self.wrong_type("a whole number", report);
        None
    }

    /// The value as one of these whole numbers.
    pub(super) fn one_of(&self, allowed: &[u32], report: &mut Report) -> Option<u32> {
        let value = self.whole(report)?;
        let number = u32::try_from(value).ok().filter(|number| allowed.contains(number));
        if number.is_none() {
            let list: Vec<String> = allowed.iter().map(u32::to_string).collect();
            self.wrong(format!("{value} is not allowed; the choices are {}", list.join(", ")), report);
        }
        number
    }

    /// The value as one of the names of an algorithm; their case does not matter.
    pub(super) fn algorithm<T: Copy>(&self, names: &[(&str, T)], report: &mut Report) -> Option<T> {
        let text = self.text(report)?;
        let found = names.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        self.found(text, found, names, report)
    }

    /// The value as one of these words, case and all.
    pub(super) fn choice<T: Copy>(&self, names: &[(&str, T)], report: &mut Report) -> Option<T> {
        let text = self.text(report)?;
        let found = names.iter().find(|(name, _)| *name == text);
        self.found(text, found, names, report)
    }

    /// The value as a list of such words, none of them twice.
    pub(super) fn choices<T: Copy + PartialEq>(
        &self,
        names: &[(&str, T)],
        report: &mut Report,
    ) -> Option<Vec<T>> {
        let mut chosen: Vec<T> = Vec::new();
        let mut sound = true;
        for entry in self.list(report)? {
            match entry.choice(names, report) {
                Some(value) if chosen.contains(&value) => {
                    entry.forbidden("stands in this list already", report);
                }
                Some(value) => chosen.push(value),
                None => sound = false,
            }
        }
        sound.then_some(chosen)
    }

    /// Takes note that the value is wrong.
    pub(super) fn wrong(&self, message: impl Into<String>, report: &mut Report) {
        report.add(self.node.at, &self.path, message);
    }

    /// Takes note that the Go broker takes the value, and should not.
    pub(super) fn forbidden(&self, message: impl Into<String>, report: &mut Report) {
        report.ignorable(self.node.at, &self.path, message, None);
    }

    /// Takes note that the Go broker takes the key as it stands here, and should not.
    pub(super) fn forbidden_key(&self, message: impl Into<String>, report: &mut Report) {
        report.ignorable(self.at, &self.path, message, None);
    }

    /// Takes note of an alias: a rule must be readable where it stands.
    pub(super) fn no_alias(&self, report: &mut Report) {
        if self.node.alias {
            self.forbidden("aliases are not taken; write the value out", report);
        }
    }

    /// Takes note that the key should not be here.
    pub(super) fn misplaced(&self, message: impl Into<String>, report: &mut Report) {
        report.add(self.at, &self.path, message);
    }

    fn found<T: Copy>(
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
        report.add_with(self.node.at, &self.path, message, nearest(text, all));
        None
    }

    fn wrong_type(&self, wanted: &str, report: &mut Report) {
        if matches!(self.node.value, Value::Null) {
            // Nothing has no place of its own; its key has.
            self.misplaced(format!("must be {wanted}, and is empty"), report);
            return;
        }
        let message = match &self.node.value {
            Value::Null => format!("must be {wanted}"),
            Value::Boolean(_) | Value::Integer(_) | Value::Float if wanted == "text" => {
                "must be text; put it in quotes".to_owned()
            }
            Value::Boolean(_) => format!("must be {wanted}, and is a boolean"),
            Value::Integer(_) => format!("must be {wanted}, and is a whole number"),
            Value::Float => format!("must be {wanted}, and is a number with a fraction"),
            Value::Text(text) => format!("must be {wanted}, and is the text {}", quote(text)),
            Value::List(_) => format!("must be {wanted}, and is a list"),
            Value::Map(_) => format!("must be {wanted}, and is a section with keys"),
        };
        self.wrong(message, report);
    }

    fn join(&self, key: &str) -> String {
        let key: String = key.chars().take(64).flat_map(char::escape_debug).collect();
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }
}

const NO_MERGE: &str = "merge keys are not taken; write the keys out";

fn is_merge((key, _): &(Node, Node)) -> bool {
    matches!(&key.value, Value::Text(name) if name == "<<")
}

/// Whether a value is nothing at all, or text of no length.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.is_empty(),
        _ => false,
    }
}

/// Returns the whole number that the Go broker reads in spellings such as `2_048`, `2048.0` and `2.048e3`. It has no answer
/// for a number with a leading zero, which is octal to the Go broker in one place and decimal in another, nor for one with
/// a fraction.
fn whole(text: &str) -> Option<i128> {
    /// Up to here every whole number has a floating-point number of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let digits = text.replace('_', "");
    let bytes = digits.as_bytes();
    if !bytes.first()?.is_ascii_digit() || (bytes.first() == Some(&b'0') && digits.len() > 1) {
        return None;
    }
    if let Ok(number) = digits.parse::<u64>() {
        return Some(i128::from(number));
    }
    let number = digits.parse::<f64>().ok().filter(|number| number.fract() == 0.0 && *number <= EXACT)?;
    format!("{number:.0}").parse().ok()
}

/// A value of the document as it may stand in a message: one line, not long.
pub(super) fn quote(text: &str) -> String {
    let shown: String = text.chars().take(64).flat_map(char::escape_debug).collect();
    let dots = if text.chars().nth(64).is_some() { "…" } else { "" };
    format!("`{shown}{dots}`")
}
