//! Parses YAML text into a tree in which every node has its line and column. The tree is not validated here:
//! the readers do that, so that they can report all errors at once.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Location, MergeKeyPolicy, Spanned, UserMessageFormatter};

/// A position in the document. Lines and columns are numbered from 1, and columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Position {
    pub(super) const START: Self = Self { line: 1, column: 1 };
}

/// The documents in a YAML stream: the first one, and the position of the second one where there is one.
#[derive(Debug)]
pub(super) struct ParsedStream {
    pub(super) first: Node,
    pub(super) second: Option<Position>,
}

/// A value and its position.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: Position,
    /// Whether the node is an alias (`*name`); `value` is the value of its anchor then.
    pub(super) alias: bool,
    /// A boolean or a number as it is spelt in the document; empty for all other values.
    pub(super) source_text: String,
    pub(super) value: Value,
}

/// A value of YAML's core schema.
#[derive(Debug)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    Integer(i128),
    Float,
    Text(String),
    List(Vec<Node>),
    /// The keys and values in the order of the document, with duplicate keys.
    Map(Vec<(Node, Node)>),
}

/// Parses YAML. A text without a document yields an empty document.
///
/// # Errors
/// Fails with the position and the message of the parser's first error.
pub(super) fn read(text: &str) -> Result<ParsedStream, (Position, String)> {
    let options = serde_saphyr::options! {
        // A document of a thousand profiles is far below these limits, which stop documents that are made to
        // exhaust memory.
        budget: serde_saphyr::budget! {
            max_depth: 32,
            max_nodes: 200_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 10_000,
            max_replay_stack_depth: 4,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::PassThrough,
        strict_booleans: true,
        // YAML 1.1 reads `04000` as octal and YAML 1.2 as decimal, so it is not accepted as a number.
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    match serde_saphyr::from_multiple_with_options::<Spanned<Raw>>(text, options) {
        Ok(documents) => {
            let mut documents = documents.into_iter();
            let first = documents.next().map_or_else(empty, |first| node(first, text, None));
            Ok(ParsedStream { first, second: documents.next().map(|second| position(second.referenced)) })
        }
        Err(error) => {
            let at = error.location().map_or(Position::START, position);
            Err((at, first_line_of_message(&error.render_with_formatter(&UserMessageFormatter))))
        }
    }
}

/// Returns the first line with text in a message of the parser, without the position, which diagnostics have anyway.
fn first_line_of_message(rendered: &str) -> String {
    let line = rendered.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("is not YAML");
    let line = line.strip_prefix("error: ").unwrap_or(line);
    line.split(" at line ").next().unwrap_or(line).to_owned()
}

fn position(location: Location) -> Position {
    let number = |n: u64| u32::try_from(n).unwrap_or(u32::MAX).max(1);
    Position { line: number(location.line()), column: number(location.column()) }
}

fn empty() -> Node {
    Node { at: Position::START, alias: false, source_text: String::new(), value: Value::Null }
}

/// Converts a node, and adds what serde does not report. The nodes below an alias have the position of the
/// alias, which is `alias_at`. The recursion is as deep as `max_depth` allows.
fn node(spanned: Spanned<Raw>, text: &str, alias_at: Option<Location>) -> Node {
    let location = spanned.referenced;
    let alias = location != spanned.defined && Some(location) != alias_at;
    let alias_at = if alias { Some(location) } else { alias_at };
    let source_text = match spanned.value {
        Raw::Boolean(_) | Raw::Integer(_) | Raw::Float => source_text(spanned.defined, text).to_owned(),
        _ => String::new(),
    };
    let inner = |spanned| node(spanned, text, alias_at);
    let value = match spanned.value {
        Raw::Null => Value::Null,
        Raw::Boolean(value) => Value::Boolean(value),
        Raw::Integer(value) => Value::Integer(value),
        Raw::Float => Value::Float,
        Raw::Text(text) => Value::Text(text),
        Raw::List(items) => Value::List(items.into_iter().map(inner).collect()),
        Raw::Map(entries) => {
            Value::Map(entries.into_iter().map(|(key, value)| (inner(key), inner(value))).collect())
        }
    };
    Node { at: position(location), alias, source_text, value }
}

/// Returns the source text at a location; empty where the parser does not report its extent.
fn source_text(at: Location, text: &str) -> &str {
    let span = at.span();
    let bytes = |number: Option<u64>| number.and_then(|number| usize::try_from(number).ok());
    let range = bytes(span.byte_offset()).zip(bytes(span.byte_len()));
    range.and_then(|(start, length)| text.get(start..start.checked_add(length)?)).unwrap_or_default().trim()
}

/// A node as serde deserializes it.
#[derive(Debug)]
enum Raw {
    Null,
    Boolean(bool),
    Integer(i128),
    Float,
    Text(String),
    List(Vec<Spanned<Self>>),
    Map(Vec<(Spanned<Self>, Spanned<Self>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Boolean(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Integer(i128::from(value)))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Integer(i128::from(value)))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Float)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Spanned<Raw>>()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some((key, value)) = entries.next_entry::<Spanned<Raw>, Spanned<Raw>>()? {
            map.push((key, value));
        }
        Ok(Raw::Map(map))
    }
}
