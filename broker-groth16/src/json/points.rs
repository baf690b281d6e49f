//! Points as snarkjs writes them: `["x", "y", "1"]` in G1, `[["x0", "x1"], ["y0", "y1"], ["1", "0"]]` in G2.

use ark_ec::AffineRepr;
use ark_ff::{Field, Zero};

use super::JsonError;
use crate::{
    curve::Curve,
    field,
    point::{Point, PointError},
};

/// The coordinates of a point in G1.
pub(super) type G1 = [String; 3];
/// The coordinates of a point in G2.
pub(super) type G2 = [[String; 2]; 3];

/// Reads a point that must be in G1 and not the identity element.
pub(super) fn g1<E: Curve>([x, y, z]: &G1, field: &str) -> Result<E::G1Affine, JsonError> {
    let x = number::<E>(x, || format!("{field}[0]"))?;
    let y = number::<E>(y, || format!("{field}[1]"))?;
    let z = number::<E>(z, || format!("{field}[2]"))?;
    element(x, y, z, field)
}

/// Reads a point that must be in G2 and not the identity element.
pub(super) fn g2<E: Curve>(coordinates: &G2, field: &str) -> Result<E::G2Affine, JsonError> {
    let coordinate = |index: usize, [c0, c1]: &[String; 2]| {
        let c0 = number::<E>(c0, || format!("{field}[{index}][0]"))?;
        let c1 = number::<E>(c1, || format!("{field}[{index}][1]"))?;
        let wrong = || JsonError::Point { field: field.to_owned(), reason: PointError::Encoding };
        <E::G2Affine as AffineRepr>::BaseField::from_base_prime_field_elems([c0, c1]).ok_or_else(wrong)
    };
    let [x, y, z] = coordinates;
    element(coordinate(0, x)?, coordinate(1, y)?, coordinate(2, z)?, field)
}

fn number<E: Curve>(text: &str, field: impl FnOnce() -> String) -> Result<E::BaseField, JsonError> {
    field::parse_decimal(text).map_err(|reason| JsonError::Number { field: field(), reason })
}

fn element<P: Point>(x: P::BaseField, y: P::BaseField, z: P::BaseField, field: &str) -> Result<P, JsonError> {
    let refused = |reason| JsonError::Point { field: field.to_owned(), reason };
    if z.is_zero() {
        return Err(refused(PointError::Identity));
    }
    if z != P::BaseField::ONE {
        return Err(JsonError::Z { field: field.to_owned() });
    }
    let point = P::from_coordinates(x, y);
    point.check_element().map_err(refused)?;
    Ok(point)
}

/// The coordinates of a point in G1. The identity element, which no file that is read may contain, is `["0", "1", "0"]`.
pub(super) fn g1_text<E: Curve>(point: &E::G1Affine) -> G1 {
    projective(point).map(|coordinate| coordinate.to_string())
}

/// The coordinates of a point in G2.
pub(super) fn g2_text<E: Curve>(point: &E::G2Affine) -> G2 {
    projective(point).map(|coordinate| {
        let mut parts = coordinate.to_base_prime_field_elements().map(|part| part.to_string());
        [parts.next().unwrap_or_default(), parts.next().unwrap_or_default()]
    })
}

fn projective<P: Point>(point: &P) -> [P::BaseField; 3] {
    let (zero, one) = (P::BaseField::zero(), P::BaseField::ONE);
    point.xy().map_or([zero, one, zero], |(x, y)| [x, y, one])
}
