//! Points of the plane: data, teacher and student in three panels of the same range.

use super::axis::Axis;
use super::canvas::page;
use super::palette::Source;
use super::panel::{Frame, Panel};
use super::samples::Samples;
use plotters::style::text_anchor::{HPos, VPos};

const SIDE: f64 = 250.0;
const GAP: f64 = 18.0;
const LEFT: f64 = 58.0;
const TOP: f64 = 28.0;
const BOTTOM: f64 = 48.0;
/// More points than this only blacken the picture.
const MOST_POINTS: usize = 3000;

/// One panel for each source that has samples, of the two columns given.
pub fn scatter(samples: &Samples, columns: (usize, usize)) -> Option<String> {
    let (x, y) = (samples.range(columns.0)?, samples.range(columns.1)?);
    let names = (samples.columns.get(columns.0)?, samples.columns.get(columns.1)?);
    let shown: Vec<_> = Source::ALL.into_iter().filter(|source| !samples.rows(*source).is_empty()).collect();
    let width = LEFT + shown.len() as f64 * (SIDE + GAP);
    page(width, TOP + SIDE + BOTTOM, "Samples of data, teacher and student", |canvas| {
        for (i, source) in shown.iter().enumerate() {
            let left = LEFT + i as f64 * (SIDE + GAP);
            let panel = Panel {
                frame: Frame { left, top: TOP, right: left + SIDE, bottom: TOP + SIDE },
                x: Axis::linear(x.0, x.1, names.0),
                y: Axis::linear(y.0, y.1, names.1),
            };
            let inside = |&(px, py): &(f64, f64)| (x.0..=x.1).contains(&px) && (y.0..=y.1).contains(&py);
            let points: Vec<_> = samples
                .pairs(*source, columns)
                .into_iter()
                .take(MOST_POINTS)
                .filter(inside)
                .map(|(x, y)| panel.at(x, y))
                .collect();
            canvas.dots(&points, 1.6, source.colour(), 0.8);
            panel.outline(canvas)?;
            panel.x_axis(canvas, 4)?;
            if i == 0 {
                panel.y_axis(canvas)?;
            }
            canvas.text(source.name(), (left, TOP - 12.0), 13.0, (HPos::Left, VPos::Center), source.colour())?;
        }
        Ok(())
    })
}
