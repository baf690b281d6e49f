//! Field elements as text and bytes. A value that is not canonical is refused, never reduced.

use std::sync::Arc;

use ark_ff::{BigInteger, Fp, MontBackend, MontConfig, PrimeField};

#[cfg(target_arch = "x86_64")]
use crate::kernel::avx512::Transform8;
use crate::kernel::{Kernel, Transform};

/// The longest decimal text of a value below 2^384, in bytes.
const MAX_DIGITS: usize = 116;

/// Reads a decimal number (`0`, `17`) or a hexadecimal one (`0x11`) without sign, spaces or separators.
///
/// # Errors
///
/// [`FieldError`], which does not contain the value.
pub fn parse<F: PrimeField>(text: &str) -> Result<F, FieldError> {
    match text.strip_prefix("0x") {
        Some(digits) => parse_digits(digits, 16),
        None => parse_decimal(text),
    }
}

/// Reads a decimal number without sign, spaces, separators or leading zeros, as snarkjs writes it.
///
/// # Errors
///
/// [`FieldError`], which does not contain the value.
pub fn parse_decimal<F: PrimeField>(text: &str) -> Result<F, FieldError> {
    if text.len() > 1 && text.starts_with('0') {
        return Err(FieldError::Syntax);
    }
    parse_digits(text, 10)
}

/// Reads the little-endian bytes of an integer below the modulus.
///
/// # Errors
///
/// [`FieldError::NotCanonical`] if the integer is the modulus or more.
pub fn from_le_bytes<F: PrimeField>(bytes: &[u8]) -> Result<F, FieldError> {
    F::from_bigint(integer_from_le_bytes::<F>(bytes)?).ok_or(FieldError::NotCanonical)
}

/// Reads the little-endian bytes of the Montgomery form of a value.
///
/// # Errors
///
/// [`FieldError::NotCanonical`] if the integer is the modulus or more.
pub fn from_montgomery_le_bytes<F: Montgomery>(bytes: &[u8]) -> Result<F, FieldError> {
    F::from_montgomery(integer_from_le_bytes::<F>(bytes)?).ok_or(FieldError::NotCanonical)
}

/// A prime field whose elements are kept in Montgomery form: the value v as the integer v·R mod p, where R is 2 to the
/// power of 64 times the number of limbs. circom's files contain points in the same form.
pub trait Montgomery: PrimeField {
    /// The value whose Montgomery form is `integer`, or nothing if that is the modulus or more.
    fn from_montgomery(integer: Self::BigInt) -> Option<Self>;

    /// The Montgomery form of the value.
    fn into_montgomery(self) -> Self::BigInt;
}

impl<T: MontConfig<N>, const N: usize> Montgomery for Fp<MontBackend<T, N>, N> {
    fn from_montgomery(integer: Self::BigInt) -> Option<Self> {
        (integer < Self::MODULUS).then(|| Self::new_unchecked(integer))
    }

    fn into_montgomery(self) -> Self::BigInt {
        self.0
    }
}

/// A field over whose roots of unity there are transforms.
pub trait TransformField: Montgomery {
    /// Whether the kernel has transforms over a domain of `size` elements.
    #[doc(hidden)]
    fn has_transform(kernel: Kernel, size: usize) -> bool;

    /// The tables for the kernel, if it is faster than the portable code, from the portable tables of
    /// [`Domain`](crate::qap::Domain).
    #[doc(hidden)]
    fn transform(kernel: Kernel, roots: &[Self], shifts: &[Self]) -> Option<Arc<dyn Transform<Self>>>;
}

impl<T: MontConfig<4>> TransformField for Fp<MontBackend<T, 4>, 4> {
    #[cfg(target_arch = "x86_64")]
    fn has_transform(kernel: Kernel, size: usize) -> bool {
        kernel.avx512().is_some() && size >= Transform8::<T>::SMALLEST
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn has_transform(_: Kernel, _: usize) -> bool {
        false
    }

    #[cfg(target_arch = "x86_64")]
    fn transform(kernel: Kernel, roots: &[Self], shifts: &[Self]) -> Option<Arc<dyn Transform<Self>>> {
        let transform = Transform8::<T>::new(kernel.avx512()?, roots, shifts)?;
        Some(Arc::new(transform))
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn transform(_: Kernel, _: &[Self], _: &[Self]) -> Option<Arc<dyn Transform<Self>>> {
        None
    }
}

/// The bits of the integer that represents the value, lowest first.
pub fn bits<F: PrimeField>(value: F) -> impl Iterator<Item = bool> {
    let integer = value.into_bigint();
    (0..F::MODULUS_BIT_SIZE as usize).map(move |bit| integer.get_bit(bit))
}

fn integer_from_le_bytes<F: PrimeField>(bytes: &[u8]) -> Result<F::BigInt, FieldError> {
    let mut integer = F::BigInt::default();
    let limbs = integer.as_mut();
    // Files have millions of values of just this length.
    let (words, rest) = bytes.as_chunks();
    if words.len() == limbs.len() && rest.is_empty() {
        for (limb, word) in limbs.iter_mut().zip(words) {
            *limb = u64::from_le_bytes(*word);
        }
        return Ok(integer);
    }
    for (index, chunk) in bytes.chunks(8).enumerate() {
        let mut limb = [0; 8];
        for (to, from) in limb.iter_mut().zip(chunk) {
            *to = *from;
        }
        match limbs.get_mut(index) {
            Some(place) => *place = u64::from_le_bytes(limb),
            None if limb == [0; 8] => {}
            None => return Err(FieldError::NotCanonical),
        }
    }
    Ok(integer)
}

fn parse_digits<F: PrimeField>(digits: &str, radix: u8) -> Result<F, FieldError> {
    if digits.is_empty() {
        return Err(FieldError::Syntax);
    }
    if digits.len() > MAX_DIGITS {
        return Err(FieldError::NotCanonical);
    }
    let mut integer = F::BigInt::default();
    for digit in digits.chars() {
        let digit = digit.to_digit(u32::from(radix)).ok_or(FieldError::Syntax)?;
        let mut carry = u128::from(digit);
        for limb in integer.as_mut() {
            let sum = u128::from(*limb) * u128::from(radix) + carry;
            *limb = sum as u64;
            carry = sum >> 64;
        }
        if carry != 0 {
            return Err(FieldError::NotCanonical);
        }
    }
    F::from_bigint(integer).ok_or(FieldError::NotCanonical)
}

/// Why text or bytes are not a field element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// The text is not a number.
    #[error(
        "must be a decimal number, or a hexadecimal one that begins with 0x, without sign or leading zeros"
    )]
    Syntax,
    /// The number is the modulus of the field or larger.
    #[error("must be less than the modulus of the field")]
    NotCanonical,
}

#[cfg(test)]
mod tests {
    use ark_bn254::{Fq, Fr};
    use ark_ff::{AdditiveGroup, BigInteger, Field, PrimeField};
    use proptest::prelude::*;

    use super::*;

    const MODULUS: &str = "21888242871839275222246405745257275088548364400416034343698204186575808495617";

    #[test]
    fn the_largest_value_is_read_and_the_modulus_refused() {
        let largest = "21888242871839275222246405745257275088548364400416034343698204186575808495616";
        assert_eq!(parse::<Fr>(largest), Ok(-Fr::from(1)));
        assert_eq!(parse::<Fr>(MODULUS), Err(FieldError::NotCanonical));
        assert_eq!(parse::<Fr>(&format!("{MODULUS}0")), Err(FieldError::NotCanonical));
        assert_eq!(parse::<Fr>(&"9".repeat(MAX_DIGITS + 1)), Err(FieldError::NotCanonical));
        assert_eq!(from_le_bytes::<Fr>(&Fr::MODULUS.to_bytes_le()), Err(FieldError::NotCanonical));
        assert_eq!(from_le_bytes::<Fr>(&[0xff; 32]), Err(FieldError::NotCanonical));
    }

    #[test]
    fn the_montgomery_form_is_the_value_times_two_to_the_256() {
        let r = Fr::from(2).pow([256]);
        assert_eq!(from_montgomery_le_bytes::<Fr>(&r.into_bigint().to_bytes_le()), Ok(Fr::from(1)));
        assert_eq!(Fr::from(5).into_montgomery(), (r * Fr::from(5)).into_bigint());
        let modulus = Fr::MODULUS.to_bytes_le();
        assert_eq!(from_montgomery_le_bytes::<Fr>(&modulus), Err(FieldError::NotCanonical));
    }

    #[test]
    fn text_that_is_not_a_number_is_refused() {
        for text in ["", "-1", "+1", " 1", "1 ", "1_0", "01", "00", "0x", "0xg", "0X1", "1e3", "１"] {
            assert_eq!(parse::<Fr>(text), Err(FieldError::Syntax), "{text:?}");
        }
        assert_eq!(parse::<Fr>("0"), Ok(Fr::ZERO));
        assert_eq!(parse::<Fr>("0x00ff"), Ok(Fr::from(255)));
        assert_eq!(parse_decimal::<Fr>("0x1"), Err(FieldError::Syntax));
    }

    proptest! {
        #[test]
        fn every_value_survives_text_and_bytes(bytes in any::<[u8; 32]>()) {
            let value = Fq::from_le_bytes_mod_order(&bytes);
            prop_assert_eq!(parse_decimal::<Fq>(&value.to_string()), Ok(value));
            prop_assert_eq!(parse::<Fq>(&format!("0x{}", hex(&value))), Ok(value));
            prop_assert_eq!(from_le_bytes::<Fq>(&value.into_bigint().to_bytes_le()), Ok(value));
        }
    }

    fn hex(value: &Fq) -> String {
        value.into_bigint().to_bytes_be().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
