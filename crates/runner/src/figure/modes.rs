//! Shares of samples by mode: data, teacher and student beside each other.

use super::axis::Axis;
use super::canvas::{Canvas, Drawn, page};
use super::legend::legend;
use super::palette::{FRAME as LINE, INK, Source};
use super::panel::{Frame, Panel};
use flowstill_eval::{Mode, ModeCoverage};
use plotters::style::text_anchor::{HPos, VPos};

const FRAME: Frame = Frame { left: 70.0, top: 36.0, right: 434.0, bottom: 262.0 };
/// Bars that can be told apart.
const MOST_MODES: usize = 16;
/// Share of a mode's room that its three bars take.
const FILLED: f64 = 0.78;

/// Bars from the shares of each mode; upright strokes are the standard error of the student's share against the
/// teacher's. Of many modes the ones in which the student falls most short.
pub fn mode_shares(coverage: &ModeCoverage) -> Option<String> {
    let mut shown: Vec<(usize, &Mode)> = coverage.modes.iter().enumerate().collect();
    let ratio = |mode: &Mode| mode.ratio.map_or(f64::INFINITY, |ratio| ratio.mean);
    shown.sort_by(|a, b| ratio(a.1).total_cmp(&ratio(b.1)));
    shown.truncate(MOST_MODES);
    shown.sort_by_key(|(i, _)| *i);
    let top = |mode: &Mode| mode.data_share.max(mode.teacher_share).max(mode.student_share + error(mode));
    let highest = shown.iter().map(|(_, mode)| top(mode)).filter(|top| top.is_finite()).max_by(f64::total_cmp)?;
    let panel = Panel {
        frame: FRAME,
        x: Axis::linear(0.0, shown.len() as f64, "mode"),
        y: Axis::linear(0.0, 1.05 * highest, "share of samples"),
    };
    page(460.0, 310.0, "Shares of data, teacher and student samples in the modes of the target", |canvas| {
        panel.grid(canvas)?;
        for (place, (_, mode)) in shown.iter().enumerate() {
            bars(canvas, &panel, place as f64, mode)?;
        }
        panel.y_axis(canvas)?;
        canvas.line(&[(FRAME.left, FRAME.bottom), (FRAME.right, FRAME.bottom)], LINE, 1.0)?;
        for (place, (i, _)) in shown.iter().enumerate() {
            let (x, y) = panel.at(place as f64 + 0.5, 0.0);
            canvas.text(&(i + 1).to_string(), (x, y + 8.0), 12.0, (HPos::Center, VPos::Top), INK)?;
        }
        let middle = (0.5 * (FRAME.left + FRAME.right), FRAME.bottom + 26.0);
        canvas.text(&panel.x.label, middle, 12.0, (HPos::Center, VPos::Top), INK)?;
        legend(canvas, FRAME.left, 18.0, &Source::ALL.map(|source| (source.name(), source.colour())))
    })
}

fn bars(canvas: &mut Canvas, panel: &Panel, place: f64, mode: &Mode) -> Drawn {
    let width = FILLED / 3.0;
    let left = |bar: usize| place + 0.5 * (1.0 - FILLED) + bar as f64 * width;
    let shares = [mode.data_share, mode.teacher_share, mode.student_share];
    for (bar, (source, share)) in Source::ALL.into_iter().zip(shares).enumerate() {
        let corners = [(left(bar), 0.0), (left(bar), share), (left(bar + 1), share), (left(bar + 1), 0.0)];
        canvas.polygon(&corners.map(|(x, y)| panel.at(x, y)), source.colour(), 1.0)?;
    }
    let (middle, error) = (left(2) + 0.5 * width, error(mode));
    let ends = [mode.student_share - error, mode.student_share + error].map(|share| panel.at(middle, share.max(0.0)));
    canvas.line(&ends, INK, 1.5)
}

fn error(mode: &Mode) -> f64 {
    mode.ratio.map_or(0.0, |ratio| ratio.standard_error * mode.teacher_share)
}
