//! Pair plot: marginals on the diagonal, below it the joint distribution of every two coordinates.
//!
//! The data are a grey density; teacher and student are lines around the regions of highest density that hold half and
//! nine tenths of their samples.

use super::axis::Axis;
use super::canvas::{Canvas, Drawn, Point, page};
use super::colour_map::greys;
use super::contour;
use super::histogram::{blurred, histogram, histogram_2d};
use super::legend::legend;
use super::palette::{INK, Source};
use super::panel::{Frame, Panel};
use super::raster::encode;
use super::samples::Samples;
use plotters::style::text_anchor::{HPos, VPos};

const CELL: f64 = 132.0;
const GAP: f64 = 10.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 52.0;
/// Bins of a marginal and cells of one side of a joint density.
const BINS: usize = 40;
const SIDE: usize = 56;
const SHARES: [f64; 2] = [0.5, 0.9];

/// The pair plot of two or more `columns`; five are about as many as one can read.
pub fn pairs(samples: &Samples, columns: &[usize]) -> Option<String> {
    let count = columns.len();
    if count < 2 {
        return None;
    }
    let ranges: Vec<_> = columns.iter().map(|&column| samples.range(column)).collect::<Option<_>>()?;
    let extent = count as f64 * (CELL + GAP);
    page(LEFT + extent + 4.0, TOP + extent + BOTTOM, "Pair plot of data, teacher and student", |canvas| {
        let present = Source::ALL.iter().filter(|source| !samples.rows(**source).is_empty());
        legend(canvas, LEFT, 18.0, &present.map(|source| (source.name(), source.colour())).collect::<Vec<_>>())?;
        for row in 0..count {
            for column in 0..=row {
                let (left, top) = (LEFT + column as f64 * (CELL + GAP), TOP + row as f64 * (CELL + GAP));
                let panel = Panel {
                    frame: Frame { left, top, right: left + CELL, bottom: top + CELL },
                    x: Axis::linear(ranges[column].0, ranges[column].1, ""),
                    y: Axis::linear(ranges[row].0, ranges[row].1, ""),
                };
                if row == column {
                    diagonal(canvas, &panel, samples, columns[row])?;
                } else {
                    joint(canvas, &panel, samples, (columns[column], columns[row]))?;
                }
                labels(canvas, &panel, samples, (columns, row, column))?;
            }
        }
        Ok(())
    })
}

fn diagonal(canvas: &mut Canvas, panel: &Panel, samples: &Samples, column: usize) -> Drawn {
    let range = (panel.x.lower, panel.x.upper);
    let shown = Source::ALL.map(|source| (source, histogram(&samples.column(source, column), range, BINS)));
    let highest = shown.iter().flat_map(|(_, density)| density).fold(0.0f64, |highest, &value| highest.max(value));
    let panel = Panel { frame: panel.frame, x: panel.x.clone(), y: Axis::linear(0.0, highest * 1.08, "") };
    let width = (range.1 - range.0) / BINS as f64;
    for (source, density) in &shown {
        if samples.rows(*source).is_empty() {
            continue;
        }
        let edge = |i: usize| range.0 + i as f64 * width;
        let steps: Vec<Point> = (0..BINS).flat_map(|i| [(edge(i), density[i]), (edge(i + 1), density[i])]).collect();
        if *source == Source::Data {
            let mut area = vec![panel.at(range.0, 0.0)];
            area.extend(steps.iter().map(|&(x, y)| panel.at(x, y)));
            area.push(panel.at(range.1, 0.0));
            canvas.polygon(&area, source.colour(), 0.25)?;
        } else {
            panel.line(canvas, &steps, source.colour(), 1.25)?;
        }
    }
    panel.outline(canvas)
}

fn joint(canvas: &mut Canvas, panel: &Panel, samples: &Samples, columns: (usize, usize)) -> Drawn {
    let (x, y) = ((panel.x.lower, panel.x.upper), (panel.y.lower, panel.y.upper));
    for source in Source::ALL {
        let points = samples.pairs(source, columns);
        if points.is_empty() {
            continue;
        }
        let counts = blurred(&histogram_2d(&points, x, y, SIDE), SIDE);
        if source == Source::Data {
            let highest = counts.iter().copied().fold(0.0, f64::max).max(f64::MIN_POSITIVE);
            // the square root keeps the tails visible
            let shade = |count: &f64| greys((count / highest).sqrt());
            let upright: Vec<_> = counts.chunks(SIDE).rev().flatten().map(shade).collect();
            canvas.image(
                (panel.frame.left, panel.frame.top),
                (CELL, CELL),
                &encode(SIDE as u32, SIDE as u32, &upright),
            );
            continue;
        }
        for (share, width) in SHARES.into_iter().zip([1.5, 1.0]) {
            let Some(level) = contour::level(&counts, share) else { continue };
            let cell = CELL / SIDE as f64;
            let place = |(x, y): Point| (panel.frame.left + x * cell, panel.frame.bottom - y * cell);
            let lines = contour::lines(&counts, SIDE, level);
            let lines: Vec<_> = lines.into_iter().map(|(from, to)| (place(from), place(to))).collect();
            canvas.segments(&lines, width, source.colour());
        }
    }
    panel.outline(canvas)
}

/// Names and numbers on the left and lower edges only.
fn labels(canvas: &mut Canvas, panel: &Panel, samples: &Samples, place: (&[usize], usize, usize)) -> Drawn {
    let (columns, row, column) = place;
    let Frame { left, top, bottom, .. } = panel.frame;
    if row + 1 == columns.len() {
        for (value, label) in panel.x_ticks(3, 11.0) {
            let (x, _) = panel.at(value, panel.y.lower);
            canvas.text(&label, (x, bottom + 6.0), 11.0, (HPos::Center, VPos::Top), INK)?;
        }
        let name = &samples.columns[columns[column]];
        canvas.text(name, (left + CELL / 2.0, bottom + 26.0), 12.0, (HPos::Center, VPos::Top), INK)?;
    }
    if column == 0 && row > 0 {
        for (value, label) in panel.y.ticks(3) {
            let (_, y) = panel.at(panel.x.lower, value);
            canvas.text(&label, (left - 5.0, y), 11.0, (HPos::Right, VPos::Center), INK)?;
        }
        canvas.text_upwards(&samples.columns[columns[row]], (left - 52.0, top + CELL / 2.0), 12.0)?;
    }
    Ok(())
}
