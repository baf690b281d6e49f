//! The repeated fields of a message. The values are generated from the descriptors (`build/shape.rs`).

/// The repeated fields of a message.
#[derive(Debug)]
pub struct Shape {
    /// The number of repeated fields, including those of nested messages.
    pub slots: usize,
    /// The fields that are repeated or contain repeated fields.
    pub fields: &'static [Field],
}

/// A field of a [`Shape`].
#[derive(Debug)]
pub struct Field {
    /// The number of the field on the wire.
    pub number: u32,
    /// How the field is repeated; `None` for a singular field.
    pub repeated: Option<Repeated>,
    /// The fields of the nested message that are repeated or contain repeated fields; empty for a scalar.
    pub fields: &'static [Field],
}

/// A repeated field.
#[derive(Debug)]
pub struct Repeated {
    /// The path of the field in the request, such as `key_source.component_keys.keys`.
    pub name: &'static str,
    /// The index of the field among the repeated fields of the message.
    pub slot: usize,
    /// How the elements are encoded.
    pub elements: Elements,
}

/// The number of elements in a length-delimited record of a repeated field.
#[derive(Clone, Copy, Debug)]
pub enum Elements {
    /// One element: a string, bytes, a message or an entry of a map.
    One,
    /// Packed varints.
    Varints,
    /// Packed numbers of the given length, in bytes.
    Fixed(usize),
}
