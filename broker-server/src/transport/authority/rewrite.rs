//! The rewritten header blocks.

use super::HeaderBlock;
use crate::transport::{
    hpack::{self, Field},
    http2::{FrameHeader, MAX_PAYLOAD, flag, frame_type},
};

/// The value that replaces a malformed authority.
pub(super) const LOCALHOST: &[u8] = b"localhost";

/// Reports whether the fields contain no malformed authority.
pub(super) fn has_valid_authority(fields: &[Field]) -> bool {
    fields.iter().all(|(name, value)| name != b":authority" || is_authority(value))
}

/// Writes the fields of `block` as HEADERS and CONTINUATION frames, in literals that no dynamic table contains.
pub(super) fn write_block(fields: &[Field], block: &HeaderBlock, to: &mut Vec<u8>) {
    let mut fragments = Vec::new();
    for (name, value) in fields {
        let value = if name == b":authority" && !is_authority(value) { LOCALHOST } else { value };
        hpack::write_literal(name, value, &mut fragments);
    }
    let count = fragments.len().div_ceil(MAX_PAYLOAD).max(1);
    for index in 0..count {
        let rest = fragments.get(index * MAX_PAYLOAD..).unwrap_or_default();
        let fragment = rest.get(..MAX_PAYLOAD).unwrap_or(rest);
        let end = if index + 1 == count { flag::END_HEADERS } else { 0 };
        let (kind, flags) = match index {
            0 => (
                frame_type::HEADERS,
                block.flags & !(flag::PADDED | flag::PRIORITY | flag::END_HEADERS) | end,
            ),
            _ => (frame_type::CONTINUATION, end),
        };
        let header = FrameHeader { length: fragment.len(), kind, flags, stream: block.stream };
        to.extend_from_slice(&header.encode());
        to.extend_from_slice(fragment);
    }
}

/// Reports whether h2 accepts the authority, which it parses with `http::uri::Authority`.
fn is_authority(value: &[u8]) -> bool {
    http::uri::Authority::try_from(value).is_ok()
}
