//! Colours: Okabe and Ito's set, which readers with any common colour vision tell apart, and greys for the frame.

use plotters::style::RGBColor;

pub const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub const FRAME: RGBColor = RGBColor(0x8a, 0x8a, 0x8a);
pub const GRID: RGBColor = RGBColor(0xe8, 0xe8, 0xe8);

const GREY: RGBColor = RGBColor(0x6e, 0x6e, 0x6e);
const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xb2);
const VERMILLION: RGBColor = RGBColor(0xd5, 0x5e, 0x00);

/// A lighter companion, for what lies behind: training losses behind validation losses.
pub const LIGHT_BLUE: RGBColor = RGBColor(0x8f, 0xc7, 0xe8);
pub const SKY: RGBColor = RGBColor(0x56, 0xb4, 0xe9);
pub const NAVY: RGBColor = RGBColor(0x0b, 0x3c, 0x6f);

/// Where samples or densities come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Data,
    Teacher,
    Student,
}

impl Source {
    pub const ALL: [Self; 3] = [Self::Data, Self::Teacher, Self::Student];

    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Teacher => "teacher",
            Self::Student => "student",
        }
    }

    pub(super) fn colour(self) -> RGBColor {
        match self {
            Self::Data => GREY,
            Self::Teacher => BLUE,
            Self::Student => VERMILLION,
        }
    }
}
