//! Reads lists of extensions.

use std::collections::BTreeSet;

use der::Tag;

use crate::request::{
    FieldErrorKind,
    asn1::{NotDer, Tlv, Values},
    oid::Oid,
};

/// One extension (RFC 5280 4.1.2.9). The order is that of the identifiers.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Extension<'a> {
    pub(super) oid: Oid,
    pub(super) critical: bool,
    pub(super) value: &'a [u8],
}

/// Reads a list of extensions. Fails if an extension appears twice.
pub(super) fn extensions(list: Tlv<'_>) -> Result<Vec<Extension<'_>>, FieldErrorKind> {
    let mut values = list.inside(Tag::Sequence).map_err(NotDer::in_a("list of extensions"))?;
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    while !values.is_empty() {
        let extension = extension(&mut values).map_err(NotDer::in_a("list of extensions"))?;
        if !seen.insert(extension.oid.clone()) {
            return Err(FieldErrorKind::Malformed(format!(
                "has the extension {} twice (RFC 5280 4.2)",
                extension.oid.short_text()
            )));
        }
        found.push(extension);
    }
    Ok(found)
}

fn extension<'a>(values: &mut Values<'a>) -> Result<Extension<'a>, NotDer> {
    let mut parts = values.sequence()?;
    let oid = parts.oid()?;
    // FALSE is the default and must be absent in DER, but old request tools write it, and it is harmless.
    let critical = parts.optional_boolean()?.unwrap_or(false);
    let value = parts.next(Tag::OctetString)?.value;
    parts.end()?;
    Ok(Extension { oid, critical, value })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]
mod tests {
    use der::{Encode as _, asn1::ObjectIdentifier};

    use super::*;
    use crate::request::asn1::encode;

    /// As many extensions as fit the largest request that `--limit csr` can allow. Comparing each with each would take
    /// minutes.
    const COUNT: u32 = 90_000;

    fn list(numbers: impl Iterator<Item = u32>) -> Vec<u8> {
        let extensions = numbers.flat_map(|number| {
            let oid = ObjectIdentifier::new(&format!("1.3.6.1.4.1.{number}")).unwrap();
            let value = encode(Tag::OctetString, &[5, 0]).unwrap();
            encode(Tag::Sequence, &[oid.to_der().unwrap(), value].concat()).unwrap()
        });
        encode(Tag::Sequence, &extensions.collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn finds_duplicate_among_many_extensions() {
        let der = list(0..COUNT);
        assert_eq!(extensions(Tlv::only(&der).unwrap()).unwrap().len(), COUNT as usize);
        let der = list((0..COUNT).chain([0]));
        let Err(FieldErrorKind::Malformed(kind)) = extensions(Tlv::only(&der).unwrap()) else {
            panic!("accepted a duplicate extension")
        };
        assert_eq!(kind, "has the extension 1.3.6.1.4.1.0 twice (RFC 5280 4.2)");
    }
}
