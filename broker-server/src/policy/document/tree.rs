//! YAML text to a tree in which every node knows its line and column. Nothing is judged here: the readers do that, so
//! that they can report every mistake at once.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Location, MergeKeyPolicy, Spanned, UserMessageFormatter};

/// A place in the document, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Position {
    pub(super) const START: Self = Self { line: 1, column: 1 };
}

/// A document, and where a second one starts in the same text.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) first: Node,
    pub(super) second: Option<Position>,
}

/// A value and where it stands.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: Position,
    /// The node is `*name`, and `value` is what the anchor of that name marks.
    pub(super) alias: bool,
    /// A boolean's or a number's own spelling; empty for every other value.
    pub(super) written: String,
    pub(super) value: Value,
}

/// What YAML's core schema makes of a node.
#[derive(Debug)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    Integer(i128),
    Float,
    Text(String),
    List(Vec<Node>),
    /// Key and value, in the document's order, repeated keys included.
    Map(Vec<(Node, Node)>),
}

/// Reads YAML. A text without a document is an empty one. The error is the parser's: where it stopped and why.
pub(super) fn read(text: &str) -> Result<Text, (Position, String)> {
    let options = serde_saphyr::options! {
        // A document of a thousand profiles stays far below these; one that is made to exhaust the reader does not.
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
        // YAML 1.1 reads `04000` as octal and YAML 1.2 as decimal, so it is no number here.
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    match serde_saphyr::from_multiple_with_options::<Spanned<Raw>>(text, options) {
        Ok(documents) => {
            let mut documents = documents.into_iter();
            let first = documents.next().map_or_else(nothing, |first| node(first, text, None));
            Ok(Text { first, second: documents.next().map(|second| position(second.referenced)) })
        }
        Err(error) => {
            let at = error.location().map_or(Position::START, position);
            Err((at, sentence(&error.render_with_formatter(&UserMessageFormatter))))
        }
    }
}

/// The parser's own words without its line breaks and its second account of where.
fn sentence(rendered: &str) -> String {
    let line = rendered.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("is not YAML");
    let line = line.strip_prefix("error: ").unwrap_or(line);
    line.split(" at line ").next().unwrap_or(line).to_owned()
}

fn position(location: Location) -> Position {
    let number = |n: u64| u32::try_from(n).unwrap_or(u32::MAX).max(1);
    Position { line: number(location.line()), column: number(location.column()) }
}

fn nothing() -> Node {
    Node { at: Position::START, alias: false, written: String::new(), value: Value::Null }
}

/// The node with its place, and with what serde does not tell of it. What an alias stands for has the alias's place, which
/// is `within`. Nodes nest as deep as `max_depth` allows.
fn node(spanned: Spanned<Raw>, text: &str, within: Option<Location>) -> Node {
    let place = spanned.referenced;
    let alias = place != spanned.defined && Some(place) != within;
    let within = if alias { Some(place) } else { within };
    let written = match spanned.value {
        Raw::Boolean(_) | Raw::Integer(_) | Raw::Float => written(spanned.defined, text).to_owned(),
        _ => String::new(),
    };
    let inner = |spanned| node(spanned, text, within);
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
    Node { at: position(place), alias, written, value }
}

/// The bytes at a place; empty where the parser does not know them.
fn written(at: Location, text: &str) -> &str {
    let span = at.span();
    let bytes = |number: Option<u64>| number.and_then(|number| usize::try_from(number).ok());
    let range = bytes(span.byte_offset()).zip(bytes(span.byte_len()));
    range.and_then(|(start, length)| text.get(start..start.checked_add(length)?)).unwrap_or_default().trim()
}

/// A node as serde sees it.
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
