//! A writer of DER (X.690), which also writes what no encoder would, and a check whether bytes are well-formed DER.

pub const BOOLEAN: u8 = 1;
pub const INTEGER: u8 = 2;
pub const BIT_STRING: u8 = 3;
pub const OCTET_STRING: u8 = 4;
pub const NULL: u8 = 5;
pub const OBJECT_IDENTIFIER: u8 = 6;
pub const ENUMERATED: u8 = 10;
pub const UTF8_STRING: u8 = 12;
pub const NUMERIC_STRING: u8 = 18;
pub const PRINTABLE_STRING: u8 = 19;
pub const T61_STRING: u8 = 20;
pub const IA5_STRING: u8 = 22;
pub const UTC_TIME: u8 = 23;
pub const VISIBLE_STRING: u8 = 26;
pub const UNIVERSAL_STRING: u8 = 28;
pub const BMP_STRING: u8 = 30;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;

/// Returns an element: identifier octet, length, content.
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut element = vec![tag];
    match content.len() {
        length @ 0..=0x7f => element.push(length as u8),
        length => {
            let octets = length.to_be_bytes();
            let octets = &octets[length.leading_zeros() as usize / 8..];
            element.push(0x80 | octets.len() as u8);
            element.extend(octets);
        }
    }
    element.extend(content);
    element
}

/// Returns a SEQUENCE of these elements.
pub fn sequence(elements: &[Vec<u8>]) -> Vec<u8> {
    tlv(SEQUENCE, &elements.concat())
}

/// Returns a SET of these elements, in the order given.
pub fn set(elements: &[Vec<u8>]) -> Vec<u8> {
    tlv(SET, &elements.concat())
}

/// Returns a SET OF these elements in the order that DER requires (X.690 11.6).
pub fn set_of(mut elements: Vec<Vec<u8>>) -> Vec<u8> {
    elements.sort();
    set(&elements)
}

/// Returns an element with a context-specific tag below 31.
pub fn context(number: u8, constructed: bool, content: &[u8]) -> Vec<u8> {
    tlv(0x80 | u8::from(constructed) << 5 | number, content)
}

/// Returns the OBJECT IDENTIFIER of these arcs, of which there must be at least two.
pub fn oid(arcs: &[u128]) -> Vec<u8> {
    let mut content = Vec::new();
    for arc in std::iter::once(arcs[0] * 40 + arcs[1]).chain(arcs[2..].iter().copied()) {
        let groups = (128 - arc.leading_zeros()).div_ceil(7).max(1);
        for group in (0..groups).rev() {
            content.push((arc >> (7 * group)) as u8 & 0x7f | u8::from(group > 0) << 7);
        }
    }
    tlv(OBJECT_IDENTIFIER, &content)
}

/// Returns the OBJECT IDENTIFIER in dotted form.
pub fn dotted(text: &str) -> Vec<u8> {
    let arcs: Vec<u128> = text.split('.').map(|arc| arc.parse().unwrap()).collect();
    oid(&arcs)
}

/// Reports whether `bytes` are one element of well-formed DER with no other bytes after it, as far as that can be
/// told without knowledge of the type: identifier and length octets, the nested elements, and the contents of the
/// universal types that are not strings or times.
pub fn is_well_formed(bytes: &[u8]) -> bool {
    matches!(element(bytes), Some([]))
}

/// Reports whether each extnValue in a well-formed request is well-formed, too: the content of the OCTET STRING in an
/// Extension.
pub fn extension_values_are_well_formed(bytes: &[u8]) -> bool {
    let Some((tag, _, _)) = header(bytes) else { return false };
    if tag & 0x20 == 0 {
        return true;
    }
    let children = children(bytes);
    match children.as_slice() {
        [[OBJECT_IDENTIFIER, ..], .., value @ [OCTET_STRING, ..]] => {
            header(value).is_some_and(|(_, content, _)| is_well_formed(content))
        }
        _ => children.into_iter().all(extension_values_are_well_formed),
    }
}

/// Returns an element with its SETs in the order that DER requires for a SET OF (X.690 11.6).
pub fn sorted(bytes: &[u8]) -> Vec<u8> {
    match header(bytes) {
        Some((SET, _, _)) => set_of(children(bytes).into_iter().map(sorted).collect()),
        Some((SEQUENCE, _, _)) => sequence(&children(bytes).into_iter().map(sorted).collect::<Vec<_>>()),
        _ => bytes.to_vec(),
    }
}

/// Returns the elements inside the first element of `bytes`. Their contents are not looked at.
pub fn children(bytes: &[u8]) -> Vec<&[u8]> {
    let mut rest = header(bytes).map(|(_, content, _)| content).unwrap_or_default();
    let mut children = Vec::new();
    while let Some((_, _, after)) = header(rest) {
        children.push(&rest[..rest.len() - after.len()]);
        rest = after;
    }
    children
}

/// Returns the content of the first element in a sequence, such as the type of an attribute.
pub fn first_value(sequence: &[u8]) -> &[u8] {
    let (_, content, _) = header(sequence).unwrap();
    header(content).unwrap().1
}

/// Reads the identifier and length octets of an element. Returns the identifier, the content, and what follows the
/// element.
fn header(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet));
            if octets[0] == 0 || length < 0x80 {
                return None;
            }
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    (tag & 0x1f != 0x1f && tag != 0).then_some((tag, content, rest))
}

/// Reads an element and returns what follows it; `None` if it is not well-formed.
fn element(bytes: &[u8]) -> Option<&[u8]> {
    let (tag, content, rest) = header(bytes)?;
    let is_constructed = tag & 0x20 != 0;
    let is_universal = tag & 0xc0 == 0;
    if is_constructed {
        // In DER only SEQUENCE, SET, EXTERNAL and EMBEDDED PDV are constructed (X.690 10.2).
        if is_universal && !matches!(tag & 0x1f, 8 | 11 | 16 | 17) {
            return None;
        }
        let mut inner = content;
        while !inner.is_empty() {
            inner = element(inner)?;
        }
    } else if is_universal && !is_primitive_content(tag, content) {
        return None;
    }
    Some(rest)
}

fn is_primitive_content(tag: u8, content: &[u8]) -> bool {
    match tag {
        BOOLEAN => matches!(content, [0 | 0xff]),
        INTEGER | ENUMERATED => match content {
            [] | [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..] => false,
            [_, ..] => true,
        },
        BIT_STRING => match content {
            [] => false,
            [unused] => *unused == 0,
            [unused, .., last] => *unused < 8 && last.trailing_zeros() >= u32::from(*unused),
        },
        NULL => content.is_empty(),
        OBJECT_IDENTIFIER => {
            let starts = std::iter::once(&0).chain(content).zip(content);
            content.last().is_some_and(|last| last & 0x80 == 0)
                && starts.into_iter().all(|(before, octet)| before & 0x80 != 0 || *octet != 0x80)
        }
        8 | 11 | 16 | 17 => false,
        _ => true,
    }
}

#[test]
fn elements_have_the_octets_of_x690() {
    assert_eq!(tlv(OCTET_STRING, &[7; 200])[..3], [4, 0x81, 200]);
    assert_eq!(tlv(OCTET_STRING, &[7; 256])[..4], [4, 0x82, 1, 0]);
    assert_eq!(dotted("1.2.840.113549"), [6, 6, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d]);
    assert_eq!(dotted("2.999.0"), [6, 3, 0x88, 0x37, 0]);
    assert_eq!(context(2, false, b"a"), [0x82, 1, b'a']);
}

#[test]
fn sets_are_sorted_and_extension_values_are_found() {
    let [a, b] = [b"a", b"b"].map(|text| sequence(&[tlv(UTF8_STRING, text)]));
    let name = sequence(&[set(&[b.clone(), a.clone()]), set(std::slice::from_ref(&b))]);
    assert_eq!(sorted(&name), sequence(&[set(&[a, b.clone()]), set(&[b])]));
    let extension = |value: &[u8]| sequence(&[sequence(&[dotted("2.5.29.17"), tlv(OCTET_STRING, value)])]);
    assert!(extension_values_are_well_formed(&extension(&tlv(NULL, &[]))));
    assert!(!extension_values_are_well_formed(&extension(&[5])));
}

#[test]
fn malformed_elements_are_recognized() {
    for good in [
        sequence(&[]),
        sequence(&[tlv(BOOLEAN, &[0xff]), tlv(INTEGER, &[0, 0x80]), dotted("2.25.1")]),
        context(1, true, &tlv(NULL, &[])),
        tlv(UTF8_STRING, &[0xff]),
        tlv(BIT_STRING, &[7, 0x80]),
    ] {
        assert!(is_well_formed(&good), "{good:?}");
    }
    for bad in [
        vec![],
        vec![0x30],
        vec![0x30, 0x80, 0, 0],
        vec![0x30, 0x81, 1, 5],
        vec![5, 0, 0],
        tlv(BOOLEAN, &[1]),
        tlv(INTEGER, &[0, 1]),
        tlv(INTEGER, &[]),
        tlv(BIT_STRING, &[1, 1]),
        tlv(OBJECT_IDENTIFIER, &[0x2a, 0x80, 1]),
        tlv(OBJECT_IDENTIFIER, &[0x2a, 0x81]),
        tlv(0x2c, &tlv(UTF8_STRING, b"a")),
        context(1, true, &[5]),
    ] {
        assert!(!is_well_formed(&bad), "{bad:?}");
    }
}
