//! Typed readers over the tree. Each takes note of what is wrong and goes on, so that a document's mistakes come all at
//! once; a reader that found one answers `None`.

use std::{collections::HashMap, ops::RangeInclusive};

use super::{
    error::Mistake,
    suggest::nearest,
    tree::{Node, Position, Value},
};

/// Mistakes past this number are not listed: whoever has a thousand does not read the thousand-and-first.
const MOST_MISTAKES: usize = 1000;

/// The mistakes found so far.
#[derive(Debug)]
pub(super) struct Report {
    file: String,
    mistakes: Vec<Mistake>,
    more: bool,
    /// What is noted with [`Report::ignorable`] is a warning.
    lenient: bool,
    warnings: Vec<Mistake>,
}

impl Report {
    pub(super) fn new(file: &str, lenient: bool) -> Self {
        Self { file: file.to_owned(), mistakes: Vec::new(), more: false, lenient, warnings: Vec::new() }
    }

    /// Takes note of a mistake.
    pub(super) fn add(&mut self, at: Position, path: &str, message: impl Into<String>) {
        self.add_with(at, path, message, None);
    }

    /// Takes note of a mistake and what was probably meant.
    pub(super) fn add_with(
        &mut self,
        at: Position,
        path: &str,
        message: impl Into<String>,
        suggestion: Option<&str>,
    ) {
        if self.mistakes.len() >= MOST_MISTAKES {
            self.more = true;
            return;
        }
        let mistake = self.mistake(at, path, message, suggestion);
        self.mistakes.push(mistake);
    }

    /// Takes note of what the Go broker passes over: a mistake, or a warning where the reading is lenient.
    pub(super) fn ignorable(
        &mut self,
        at: Position,
        path: &str,
        message: impl Into<String>,
        suggestion: Option<&str>,
    ) {
        if !self.lenient {
            return self.add_with(at, path, message, suggestion);
        }
        if self.warnings.len() < MOST_MISTAKES {
            let warning = self.mistake(at, path, message, suggestion);
            self.warnings.push(warning);
        }
    }

    fn mistake(
        &self,
        at: Position,
        path: &str,
        message: impl Into<String>,
        suggestion: Option<&str>,
    ) -> Mistake {
        Mistake {
            file: self.file.clone(),
            line: at.line,
            column: at.column,
            path: path.to_owned(),
            message: message.into(),
            suggestion: suggestion.map(str::to_owned),
        }
    }

    /// The warnings so far, in the document's order.
    pub(super) fn take_warnings(&mut self) -> Vec<Mistake> {
        let mut warnings = std::mem::take(&mut self.warnings);
        warnings.sort_by_key(|warning| (warning.line, warning.column));
        warnings
    }

    /// Every mistake in the document's order.
    pub(super) fn finish(mut self) -> Vec<Mistake> {
        self.mistakes.sort_by_key(|mistake| (mistake.line, mistake.column));
        if self.more
            && let Some(mut last) = self.mistakes.last().cloned()
        {
            last.path = String::new();
            last.message = format!("more than {MOST_MISTAKES} mistakes; the rest are not listed");
            last.suggestion = None;
            self.mistakes.push(last);
        }
        self.mistakes
    }
}

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
        let Value::Map(entries) = &self.node.value else {
            self.wrong_type("a section with keys", report);
            return None;
        };
        let mut fields: HashMap<&str, Field<'a>> = HashMap::with_capacity(known.len());
        for (key, value) in entries {
            let Value::Text(name) = &key.value else {
                let what = if matches!(key.value, Value::Alias) {
                    "an alias is not taken; write the key out"
                } else {
                    "a key must be text"
                };
                report.add(key.at, &self.path, what);
                continue;
            };
            let path = self.join(name);
            if let Some(earlier) = fields.get(name.as_str()) {
                let message = format!("the key stands here a second time; first in line {}", earlier.at.line);
                report.add(key.at, &path, message);
            } else if name == "<<" {
                report.add(key.at, &path, "merge keys are not taken; write the keys out");
            } else if known.contains(&name.as_str()) {
                fields.insert(name, Field { path, at: key.at, node: value });
            } else {
                let message = format!("there is no such key; the keys here are {}", known.join(", "));
                report.ignorable(key.at, &path, message, nearest(name, known.iter().copied()));
            }
        }
        Some(Section { path: self.path.clone(), at: self.at, fields })
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
        let field = |(index, node): (usize, &'a Node)| Field {
            path: format!("{}[{index}]", self.path),
            at: node.at,
            node,
        };
        Some(entries.iter().enumerate().map(field).collect())
    }

    /// The value as text.
    pub(super) fn text(&self, report: &mut Report) -> Option<&'a str> {
        if let Value::Text(text) = &self.node.value {
            return Some(text);
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
        let Value::Integer(value) = self.node.value else {
            self.wrong_type("a whole number", report);
            return None;
        };
        let number = u32::try_from(value).ok().filter(|number| range.contains(number));
        if number.is_none() {
            let message =
                format!("{value} is not allowed; the range is {} to {}", range.start(), range.end());
            self.wrong(message, report);
        }
        number
    }

    /// The value as one of these whole numbers.
    pub(super) fn one_of(&self, allowed: &[u32], report: &mut Report) -> Option<u32> {
        let Value::Integer(value) = self.node.value else {
            self.wrong_type("a whole number", report);
            return None;
        };
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
                    entry.wrong("stands in this list already", report);
                    sound = false;
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

    /// Takes note that the Go broker would do something with the value that the standard does not allow.
    pub(super) fn forbidden(&self, message: impl Into<String>, report: &mut Report) {
        report.ignorable(self.node.at, &self.path, message, None);
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
            Value::Alias => format!("must be {wanted}; aliases are not taken, write the value out"),
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

/// A value of the document as it may stand in a message: one line, not long.
pub(super) fn quote(text: &str) -> String {
    let shown: String = text.chars().take(64).flat_map(char::escape_debug).collect();
    let dots = if text.chars().nth(64).is_some() { "…" } else { "" };
    format!("`{shown}{dots}`")
}
