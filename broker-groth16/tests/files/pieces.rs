//! Fixtures, and files that are altered piece by piece.

use std::path::Path;

/// The bytes of a file in `tests/data`.
pub fn data(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A binary file in pieces.
#[derive(Clone)]
pub struct Pieces {
    /// Magic and version.
    pub start: Vec<u8>,
    /// Number and content of each section.
    pub sections: Vec<(u32, Vec<u8>)>,
}

impl Pieces {
    pub fn of(name: &str) -> Self {
        Self::parse(&data(name))
    }

    pub fn parse(bytes: &[u8]) -> Self {
        let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let mut at = 12;
        let sections = (0..number(8)).map(|_| {
            let length = u64::from_le_bytes(bytes[at + 4..at + 12].try_into().unwrap()) as usize;
            let section = (number(at), bytes[at + 12..at + 12 + length].to_vec());
            at += 12 + length;
            section
        });
        Self { start: bytes[..8].to_vec(), sections: sections.collect() }
    }

    pub fn section(&mut self, number: u32) -> &mut Vec<u8> {
        &mut self.sections.iter_mut().find(|(found, _)| *found == number).unwrap().1
    }

    /// Replaces the bytes at `at` in a section.
    pub fn set(mut self, section: u32, at: usize, bytes: &[u8]) -> Self {
        self.section(section)[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.start.clone();
        bytes.extend((self.sections.len() as u32).to_le_bytes());
        for (number, content) in &self.sections {
            bytes.extend(number.to_le_bytes());
            bytes.extend((content.len() as u64).to_le_bytes());
            bytes.extend(content);
        }
        bytes
    }
}
