//! Coverage of the teacher's cells: the student's share over the teacher's, beside what chance gives.

use super::axis::Axis;
use super::canvas::{Point, page};
use super::legend::legend;
use super::palette::{FRAME as LINE, Source};
use super::panel::{Frame, Panel};
use flowstill_eval::CellCoverage;

/// Ratios beyond are drawn on the upper edge: what matters is near 0 and 1.
const MOST: f64 = 3.0;
const FRAME: Frame = Frame { left: 70.0, top: 36.0, right: 434.0, bottom: 262.0 };

/// Ratios in ascending order as dots; the band holds each rank's in 95 of 100 deals of chance.
pub fn cell_ratios(coverage: &CellCoverage) -> Option<String> {
    let finite = coverage.ratios.iter().chain(coverage.null_ratios.iter().flatten()).copied();
    let highest = finite.filter(|ratio| ratio.is_finite()).max_by(f64::total_cmp)?;
    let rank = |i: usize| i as f64 + 1.0;
    let panel = Panel {
        frame: FRAME,
        x: Axis::linear(0.0, coverage.ratios.len() as f64 + 1.0, "cells, the least covered first"),
        y: Axis::linear(0.0, (1.05 * highest).clamp(1.25, MOST), "student's share ÷ teacher's share"),
    };
    page(460.0, 310.0, "The student's shares of cells, divided by the teacher's", |canvas| {
        panel.grid(canvas)?;
        let edge = |limit: usize| {
            let ranks = coverage.null_ratios.iter().enumerate();
            ranks.map(move |(i, limits)| (rank(i), limits[limit])).collect::<Vec<Point>>()
        };
        let band: Vec<Point> = edge(0).into_iter().chain(edge(1).into_iter().rev()).collect();
        let inside = |ratio: f64| ratio.min(panel.y.upper);
        let corners: Vec<Point> = band.iter().map(|&(x, y)| panel.at(x, inside(y))).collect();
        canvas.polygon(&corners, Source::Data.colour(), 0.25)?;
        panel.line(canvas, &[(panel.x.lower, 1.0), (panel.x.upper, 1.0)], LINE, 1.0)?;
        let (colour, ratios) = (Source::Student.colour(), coverage.ratios.iter().enumerate());
        for (i, &ratio) in ratios.filter(|(_, ratio)| ratio.is_finite()) {
            canvas.disc(panel.at(rank(i), inside(ratio)), 2.5, colour)?;
        }
        panel.axes(canvas)?;
        legend(canvas, FRAME.left, 18.0, &[("student", colour), ("chance alone, 95 %", Source::Data.colour())])
    })
}
