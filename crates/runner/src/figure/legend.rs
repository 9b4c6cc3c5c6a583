//! A row of names, each beside a stroke of its colour.

use super::canvas::{Canvas, Drawn, text_width};
use super::palette::INK;
use plotters::style::RGBColor;
use plotters::style::text_anchor::{HPos, VPos};

const SIZE: f64 = 12.0;
const STROKE: f64 = 18.0;

/// Draws the names from `left` on, at height `y`.
pub fn legend(canvas: &mut Canvas, left: f64, y: f64, entries: &[(&str, RGBColor)]) -> Drawn {
    let mut x = left;
    for (name, colour) in entries {
        canvas.line(&[(x, y), (x + STROKE, y)], *colour, 2.5)?;
        canvas.text(name, (x + STROKE + 6.0, y), SIZE, (HPos::Left, VPos::Center), INK)?;
        x += STROKE + 6.0 + text_width(name, SIZE) + 18.0;
    }
    Ok(())
}
