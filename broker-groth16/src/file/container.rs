//! The container of iden3's binary files: four bytes of magic, a version, the number of sections, and the sections,
//! each with its number and its length. All integers are little-endian.

use super::{
    error::FileError,
    section::{Format, Section},
};

/// The largest file that is read. It has fewer than 2^32 elements of any kind, so indices and counts fit 32 bits.
pub const MAX_FILE_BYTES: usize = 1 << 36;

/// Section numbers above this are unknown to every format.
const MAX_SECTION: usize = 15;

/// A file whose sections have been found.
#[derive(Clone, Debug)]
pub(super) struct Container<'a> {
    /// The sections by number, without those that no format has.
    sections: [Option<&'a [u8]>; MAX_SECTION + 1],
}

impl<'a> Container<'a> {
    /// Finds the sections. They must fill the file, and none that a format knows may be there twice. Sections with
    /// unknown numbers are skipped.
    pub(super) fn open(bytes: &'a [u8], format: &'static Format) -> Result<Self, FileError> {
        if bytes.len() > MAX_FILE_BYTES {
            return Err(FileError::TooLarge { bytes: bytes.len(), limit: MAX_FILE_BYTES });
        }
        let rest =
            bytes.strip_prefix(format.magic.as_bytes()).ok_or(FileError::Magic { expected: format.magic })?;
        let mut header = Cursor { section: Section { number: 0, name: "file header" }, rest };
        let version = header.u32("version")?;
        if version != format.version {
            return Err(FileError::Version { found: version, expected: format.version });
        }
        let count = header.u32("number of sections")?;
        let mut sections = [None; MAX_SECTION + 1];
        for _ in 0..count {
            let number = header.u32("number of a section")?;
            let length = header.u64("length of a section")?;
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let section = Section { number, name: "unnamed" };
            let available = header.rest.len();
            let content = header.take(length).ok_or(FileError::SectionEnd { section, length, available })?;
            let known = usize::try_from(number).ok().and_then(|number| sections.get_mut(number));
            if let Some(place) = known
                && place.replace(content).is_some()
            {
                return Err(FileError::SectionTwice { number });
            }
        }
        if !header.rest.is_empty() {
            return Err(FileError::TrailingBytes { bytes: header.rest.len() });
        }
        Ok(Self { sections })
    }

    /// The content of a section, if the file has it.
    pub(super) fn optional(&self, section: Section) -> Option<&'a [u8]> {
        self.sections.get(section.number as usize).copied().flatten()
    }

    /// The content of a section that the file must have.
    pub(super) fn section(&self, section: Section) -> Result<&'a [u8], FileError> {
        self.optional(section).ok_or(FileError::SectionMissing { section })
    }

    /// The content of a section of `count` elements of `size` bytes and nothing else.
    pub(super) fn elements(
        &self,
        section: Section,
        count: usize,
        size: usize,
    ) -> Result<&'a [u8], FileError> {
        let content = self.section(section)?;
        expect_length(section, content.len(), count.checked_mul(size))?;
        Ok(content)
    }

    /// Reads a section from its beginning.
    pub(super) fn cursor(&self, section: Section) -> Result<Cursor<'a>, FileError> {
        Ok(Cursor { section, rest: self.section(section)? })
    }
}

/// Reads a section piece by piece.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    section: Section,
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Reads the content of a section that was found before.
    pub(super) fn new(section: Section, content: &'a [u8]) -> Self {
        Self { section, rest: content }
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    /// The next `length` bytes.
    pub(super) fn bytes(&mut self, length: usize, field: &'static str) -> Result<&'a [u8], FileError> {
        self.take(length).ok_or(FileError::Truncated { section: self.section, field })
    }

    /// The next four bytes as an integer.
    pub(super) fn u32(&mut self, field: &'static str) -> Result<u32, FileError> {
        let bytes = self.bytes(4, field)?.first_chunk();
        bytes
            .map(|bytes| u32::from_le_bytes(*bytes))
            .ok_or(FileError::Truncated { section: self.section, field })
    }

    /// The next eight bytes as an integer.
    pub(super) fn u64(&mut self, field: &'static str) -> Result<u64, FileError> {
        let bytes = self.bytes(8, field)?.first_chunk();
        bytes
            .map(|bytes| u64::from_le_bytes(*bytes))
            .ok_or(FileError::Truncated { section: self.section, field })
    }

    /// The next bytes as elements of `size` bytes, whose number stands before them.
    pub(super) fn counted(&mut self, size: usize, field: &'static str) -> Result<&'a [u8], FileError> {
        let count = self.u32(field)? as usize;
        let length = count.saturating_mul(size);
        self.bytes(length, field)
    }

    /// The section that is read.
    pub(super) fn section(&self) -> Section {
        self.section
    }

    /// The bytes that are left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The number of bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    /// Makes sure that nothing is left.
    pub(super) fn end(&self) -> Result<(), FileError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(FileError::SectionTrailing { section: self.section, bytes: self.rest.len() })
        }
    }
}

/// Makes sure that a section has the length that the header demands.
fn expect_length(section: Section, found: usize, expected: Option<usize>) -> Result<(), FileError> {
    match expected {
        Some(expected) if expected == found => Ok(()),
        _ => Err(FileError::SectionLength { section, found, expected: expected.unwrap_or(usize::MAX) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: Format = Format { magic: "test", version: 1 };
    const FIRST: Section = Section { number: 1, name: "first" };
    const SECOND: Section = Section { number: 2, name: "second" };

    fn file(sections: &[(u32, &[u8])]) -> Vec<u8> {
        let mut bytes = b"test\x01\0\0\0".to_vec();
        bytes.extend(u32::try_from(sections.len()).unwrap().to_le_bytes());
        for (number, content) in sections {
            bytes.extend(number.to_le_bytes());
            bytes.extend((content.len() as u64).to_le_bytes());
            bytes.extend(*content);
        }
        bytes
    }

    fn error(bytes: &[u8]) -> FileError {
        Container::open(bytes, &FORMAT).unwrap_err()
    }

    #[test]
    fn sections_are_found_in_any_order_and_unknown_ones_skipped() {
        let bytes = file(&[(2, b"two"), (4_000_000_000, b"?"), (1, b"one"), (4_000_000_000, b"?")]);
        let container = Container::open(&bytes, &FORMAT).unwrap();
        assert_eq!(container.section(FIRST), Ok(&b"one"[..]));
        assert_eq!(container.section(SECOND), Ok(&b"two"[..]));
        let missing = Section { number: 3, name: "third" };
        assert_eq!(container.section(missing), Err(FileError::SectionMissing { section: missing }));
    }

    #[test]
    fn a_section_may_not_be_there_twice() {
        assert_eq!(error(&file(&[(1, b""), (2, b""), (1, b"")])), FileError::SectionTwice { number: 1 });
    }

    #[test]
    fn other_magics_and_versions_are_refused() {
        assert_eq!(error(b"tesk\x01\0\0\0\0\0\0\0"), FileError::Magic { expected: "test" });
        assert_eq!(error(b"tes"), FileError::Magic { expected: "test" });
        assert_eq!(error(b"test\x02\0\0\0\0\0\0\0"), FileError::Version { found: 2, expected: 1 });
    }

    #[test]
    fn every_truncation_and_every_surplus_byte_is_refused() {
        let bytes = file(&[(1, b"one"), (2, b"two")]);
        for length in 0..bytes.len() {
            assert!(Container::open(&bytes[..length], &FORMAT).is_err(), "{length}");
        }
        let surplus = [bytes, vec![0; 2]].concat();
        assert_eq!(error(&surplus), FileError::TrailingBytes { bytes: 2 });
    }

    #[test]
    fn a_section_that_is_longer_than_the_file_is_refused() {
        let mut bytes = file(&[(1, b"one")]);
        bytes[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(matches!(error(&bytes), FileError::SectionEnd { available: 3, length: usize::MAX, .. }));
    }

    #[test]
    fn a_number_of_sections_without_sections_is_refused() {
        assert!(matches!(error(b"test\x01\0\0\0\xff\xff\xff\xff"), FileError::Truncated { .. }));
    }
}
