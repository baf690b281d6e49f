//! Colours that most people can tell apart (Okabe and Ito, "Color Universal Design").

use plotters::style::RGBColor;

use super::canvas::Color;

/// Blue.
pub const BLUE: Color = RGBColor(0x00, 0x72, 0xb2);
/// Vermilion.
pub const VERMILION: Color = RGBColor(0xd5, 0x5e, 0x00);
/// Bluish green.
pub const GREEN: Color = RGBColor(0x00, 0x9e, 0x73);
/// Reddish purple.
pub const PURPLE: Color = RGBColor(0xcc, 0x79, 0xa7);
/// Orange.
pub const ORANGE: Color = RGBColor(0xe6, 0x9f, 0x00);
/// Sky blue.
pub const SKY_BLUE: Color = RGBColor(0x56, 0xb4, 0xe9);
/// Grey.
pub const GREY: Color = RGBColor(0x5a, 0x5a, 0x5a);

/// All of them, in the order in which curves get them.
pub(super) const ALL: [Color; 7] = [BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY_BLUE, GREY];
