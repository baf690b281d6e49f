//! Why a JSON file is not accepted.

use serde_json::error::Category;

use crate::{field::FieldError, key::KeyError, point::PointError};

/// The longest message of the JSON parser that is passed on, in characters.
const LONGEST: usize = 200;

/// Why a verifying key, a proof or public inputs are not accepted. A `field` is a path such as `pi_b[0][1]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The text is not JSON, or has other fields or types than the format.
    #[error("{message}")]
    Syntax {
        /// What is wrong, and the line and column.
        message: String,
    },
    /// The text begins with something other than an object.
    #[error("the text must be a JSON object")]
    Object,
    /// The file is for another proof system.
    #[error("protocol must be \"groth16\"")]
    Protocol,
    /// The file is for another curve.
    #[error("curve must be {expected:?}")]
    Curve {
        /// snarkjs' name of the curve.
        expected: &'static str,
    },
    /// A number is not a decimal number below its modulus.
    #[error("{field} {reason}")]
    Number {
        /// The field.
        field: String,
        /// What is wrong with the number.
        reason: FieldError,
    },
    /// The third coordinate is not 1. Where it is 0, the point is refused as the identity element.
    #[error("{field}: the third coordinate must be 1")]
    Z {
        /// The field.
        field: String,
    },
    /// A point is not acceptable.
    #[error("{field} {reason}")]
    Point {
        /// The field.
        field: String,
        /// What is wrong with the point.
        reason: PointError,
    },
    /// `vk_alphabeta_12` is not the pairing of `vk_alpha_1` and `vk_beta_2`.
    #[error("vk_alphabeta_12 is not the pairing of vk_alpha_1 and vk_beta_2")]
    AlphaBeta,
    /// The verifying key is not acceptable.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl JsonError {
    /// The parser's message, which may quote the file, without control characters and not too long.
    pub(super) fn syntax(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let printable =
            text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character });
        let mut message: String = printable.take(LONGEST).collect();
        if matches!(error.classify(), Category::Syntax | Category::Eof) {
            message.insert_str(0, "not JSON: ");
        }
        Self::Syntax { message }
    }
}
