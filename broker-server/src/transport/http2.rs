//! The parts of the HTTP/2 wire format that the I/O layers read and write (RFC 9113).

/// The length of the connection preface, which comes before the client's first frame (RFC 9113 3.4).
pub(super) const PREFACE_LENGTH: usize = 24;
/// The length of a frame header (RFC 9113 4.1).
pub(super) const FRAME_HEADER_LENGTH: usize = 9;
/// The largest payload that every peer accepts: the initial SETTINGS_MAX_FRAME_SIZE (RFC 9113 4.2, 6.5.2). The broker's
/// own setting stays at this value, because larger frames slow down a stream of data.
pub(super) const MAX_PAYLOAD: usize = 16_384;
/// The length of the priority fields of a HEADERS frame that has the flag [`flag::PRIORITY`] (RFC 9113 6.2).
const PRIORITY_LENGTH: usize = 5;

/// Frame types (RFC 9113 6).
pub(super) mod frame_type {
    #[cfg(test)]
    pub(in super::super) const DATA: u8 = 0;
    pub(in super::super) const HEADERS: u8 = 1;
    #[cfg(test)]
    pub(in super::super) const SETTINGS: u8 = 4;
    #[cfg(test)]
    pub(in super::super) const PING: u8 = 6;
    pub(in super::super) const GOAWAY: u8 = 7;
    pub(in super::super) const CONTINUATION: u8 = 9;
}

/// Flags of DATA, HEADERS and CONTINUATION (RFC 9113 6.1, 6.2, 6.10).
pub(super) mod flag {
    pub(in super::super) const END_STREAM: u8 = 0x1;
    pub(in super::super) const END_HEADERS: u8 = 0x4;
    pub(in super::super) const PADDED: u8 = 0x8;
    pub(in super::super) const PRIORITY: u8 = 0x20;
}

/// Error codes (RFC 9113 7).
pub(super) mod error_code {
    pub(in super::super) const NO_ERROR: u32 = 0;
    pub(in super::super) const COMPRESSION_ERROR: u32 = 9;
    pub(in super::super) const ENHANCE_YOUR_CALM: u32 = 11;
}

/// A frame header in wire format.
pub(super) type EncodedHeader = [u8; FRAME_HEADER_LENGTH];

/// A frame header (RFC 9113 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// The length of the payload in bytes, less than 2^24.
    pub(super) length: usize,
    pub(super) kind: u8,
    pub(super) flags: u8,
    /// The stream identifier in wire format, with the reserved bit as it was received.
    pub(super) stream: [u8; 4],
}

impl FrameHeader {
    pub(super) fn decode(bytes: EncodedHeader) -> Self {
        let [high, middle, low, kind, flags, stream @ ..] = bytes;
        let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        Self { length, kind, flags, stream }
    }

    pub(super) fn encode(self) -> EncodedHeader {
        let [.., high, middle, low] = self.length.to_be_bytes();
        let [a, b, c, d] = self.stream;
        [high, middle, low, self.kind, self.flags, a, b, c, d]
    }
}

/// Returns the header block fragment in the payload of a HEADERS frame with these flags, without padding and priority
/// (RFC 9113 6.2). Returns `None` if the payload is too short for them.
pub(super) fn header_fragment(payload: &[u8], flags: u8) -> Option<&[u8]> {
    let (padding, rest) = match flags & flag::PADDED {
        0 => (0, payload),
        _ => payload.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
    };
    let rest = if flags & flag::PRIORITY == 0 { rest } else { rest.get(PRIORITY_LENGTH..)? };
    rest.get(..rest.len().checked_sub(padding)?)
}

/// Returns an encoded frame, for tests of the I/O layers.
#[cfg(test)]
pub(super) fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader { length: payload.len(), kind, flags, stream: [0, 0, 0, stream] };
    [&header.encode()[..], payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_header_has_the_layout_of_rfc_9113() {
        let bytes = [0x01, 0x02, 0x03, frame_type::HEADERS, flag::END_HEADERS, 0x80, 0, 0, 5];
        let header = FrameHeader {
            length: 0x01_0203,
            kind: frame_type::HEADERS,
            flags: flag::END_HEADERS,
            stream: [0x80, 0, 0, 5],
        };
        assert_eq!(FrameHeader::decode(bytes), header);
        assert_eq!(header.encode(), bytes);
    }

    #[test]
    fn header_fragment_excludes_padding_and_priority() {
        assert_eq!(header_fragment(&[0x82, 9], 0), Some(&[0x82, 9][..]));
        assert_eq!(
            header_fragment(&[1, 0, 0, 0, 0, 0, 0x82, 9], flag::PADDED | flag::PRIORITY),
            Some(&[0x82][..])
        );
        assert_eq!(header_fragment(&[9, 1], flag::PADDED), None);
        assert_eq!(header_fragment(&[0; 4], flag::PRIORITY), None);
        assert_eq!(header_fragment(&[], flag::PADDED), None);
    }
}
