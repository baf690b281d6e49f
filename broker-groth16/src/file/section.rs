//! The formats, their sections, and places in them.

use std::fmt;

/// One of the binary formats.
#[derive(Debug, PartialEq, Eq)]
pub struct Format {
    /// The first four bytes, which are also the file's extension.
    pub magic: &'static str,
    /// The version that is read and written.
    pub version: u32,
}

/// A section of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// The section's number.
    pub number: u32,
    /// What it contains.
    pub name: &'static str,
}

impl fmt::Display for Section {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "section {} ({})", self.number, self.name)
    }
}

/// The place of an element in a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The section.
    pub section: Section,
    /// The index of the element in the section, from 0.
    pub index: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "element {} of {}", self.index, self.section)
    }
}

/// The place of an element in a section.
pub(super) const fn place(section: Section, index: usize) -> Place {
    Place { section, index }
}
