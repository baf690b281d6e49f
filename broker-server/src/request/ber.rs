//! Converts BER (X.690 8) to DER as far as the readers of this module need it: definite lengths in their shortest form, and
//! OCTET STRINGs in one piece. The order of sets and the values of primitives stay as they are.

use bcder::{
    Mode, Tag,
    decode::{Constructed, Content, DecodeError, Source},
};
use der::{Encode as _, Length};

/// The maximum depth of nested values. Attributes of certificates in SignedData have a depth of about 15.
const MAX_DEPTH: usize = 32;

/// Returns the DER of the only value in `bytes`, or `None` if they are not BER. `depth` is that of a structure in which the
/// values of the constructed tag [0] must be DER: they stay as they are.
pub(super) fn to_der(bytes: &[u8], depth: usize) -> Option<Vec<u8>> {
    // The decoder ignores bytes after the value.
    let value = Mode::Ber.decode(bytes, |values| values.capture_one()).ok()?;
    if value.as_slice().len() != bytes.len() {
        return None;
    }
    let mut der = Vec::with_capacity(bytes.len());
    Mode::Ber.decode(bytes, |values| convert(values, 0, depth, &mut der)).ok()?;
    Some(der)
}

/// Appends the next value to `der`. Returns `false` if none is left.
fn convert<S: Source>(
    values: &mut Constructed<'_, S>,
    depth: usize,
    verbatim: usize,
    der: &mut Vec<u8>,
) -> Result<bool, DecodeError<S::Error>> {
    let converted = values.take_opt_value(|tag, content| {
        let mut contents = Vec::new();
        let constructed = match content {
            Content::Primitive(primitive) => {
                contents.extend_from_slice(primitive.slice_all()?);
                primitive.skip_all()?;
                false
            }
            Content::Constructed(parts) if depth == MAX_DEPTH => {
                return Err(parts.content_err("too deep"));
            }
            Content::Constructed(parts) if tag == Tag::OCTET_STRING => {
                join(parts, depth + 1, &mut contents)?;
                false
            }
            Content::Constructed(parts) if tag == Tag::CTX_0 && depth == verbatim => {
                copy(parts, &mut contents)?;
                true
            }
            Content::Constructed(parts) => {
                while convert(parts, depth + 1, verbatim, &mut contents)? {}
                true
            }
        };
        let header = |der: &mut Vec<u8>| {
            tag.write_encoded(constructed, der).ok()?;
            Length::try_from(contents.len()).ok()?.encode_to_vec(der).ok()
        };
        header(der).ok_or_else(|| content.content_err("too long"))?;
        der.append(&mut contents);
        Ok(())
    })?;
    Ok(converted.is_some())
}

/// Appends all remaining values as they are.
fn copy<S: Source>(
    values: &mut Constructed<'_, S>,
    bytes: &mut Vec<u8>,
) -> Result<(), DecodeError<S::Error>> {
    loop {
        let mut found = None;
        let value = values.capture(|values| {
            found = values.skip_opt(|_, _, _| Ok(()))?;
            Ok(())
        })?;
        // Without a value, the end of the contents was captured.
        if found.is_none() {
            return Ok(());
        }
        bytes.extend_from_slice(value.as_slice());
    }
}

/// Appends the octets of all segments of an OCTET STRING, which can have segments themselves (X.690 8.7.3).
fn join<S: Source>(
    segments: &mut Constructed<'_, S>,
    depth: usize,
    octets: &mut Vec<u8>,
) -> Result<(), DecodeError<S::Error>> {
    while let Some(()) = segments.take_opt_value(|tag, content| match content {
        Content::Primitive(segment) if tag == Tag::OCTET_STRING => {
            octets.extend_from_slice(segment.slice_all()?);
            segment.skip_all()
        }
        Content::Constructed(segments) if tag == Tag::OCTET_STRING && depth < MAX_DEPTH => {
            join(segments, depth + 1, octets)
        }
        _ => Err(content.content_err("not a segment")),
    })? {}
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// No structure has this depth.
    const NONE: usize = 99;

    #[test]
    fn converts_lengths_and_segments() {
        for (ber, der) in [
            ("3000", "3000"),
            ("308105020105 0500", "300502010505 00"),
            ("3083000003020105", "3003020105"),
            ("30800201050000", "3003020105"),
            ("a0803080020105000005000000", "a0073003020105 0500"),
            ("2480040161040262630000", "0403616263"),
            ("240a 2480 040161 0000 040162", "04026162"),
            ("a480 040161 0000", "a403040161"),
            ("2400", "0400"),
            ("bf8f7f80 0500 0000", "bf8f7f020500"),
        ] {
            let bytes = |text: &str| hex::decode(text.replace(' ', "")).unwrap();
            assert_eq!(to_der(&bytes(ber), NONE).map(hex::encode), Some(hex::encode(bytes(der))), "{ber}");
        }
    }

    #[test]
    fn keeps_values_at_a_depth() {
        let bytes = |text: &str| hex::decode(text.replace(' ', "")).unwrap();
        for contents in ["308105020105 0500", "2480 0401 61 0000", ""] {
            let ber = bytes(&format!("3080 a080 {contents} 0000 0000"));
            let der = to_der(&ber, 1).unwrap();
            assert_eq!(&der[4..], bytes(contents));
        }
    }

    #[test]
    fn refuses_what_is_not_one_value() {
        for text in [
            "",
            "30",
            "3080",
            "30800000 00",
            "3003020105 00",
            "30020201",
            "0480 0000",
            "2403020105",
            "0000",
            "3080 0001 00",
            "3085000000000000",
            "ffffffffff00",
        ] {
            assert_eq!(to_der(&hex::decode(text.replace(' ', "")).unwrap(), NONE), None, "{text}");
        }
        let deep = |levels: usize| [b"\x30\x80".repeat(levels), b"\0\0".repeat(levels)].concat();
        assert!(to_der(&deep(MAX_DEPTH), NONE).is_some());
        assert_eq!(to_der(&deep(MAX_DEPTH + 1), NONE), None);
        assert_eq!(to_der(&deep(100_000), NONE), None);
    }

    proptest! {
        #[test]
        fn keeps_der(octets in prop::collection::vec(any::<u8>(), 0..300), depth in 0..30_usize) {
            let mut der = crate::request::asn1::encode(der::Tag::OctetString, &octets).unwrap();
            for _ in 0..depth {
                der = crate::request::asn1::encode(der::Tag::Sequence, &der).unwrap();
            }
            prop_assert_eq!(to_der(&der, NONE), Some(der));
        }

        #[test]
        fn arbitrary_bytes_do_not_panic(bytes in "([0$\u{80}\u{81}\u{82}\u{0}-\u{6}]){0,60}") {
            to_der(&bytes.chars().map(|c| c as u8).collect::<Vec<_>>(), 1);
        }
    }
}
