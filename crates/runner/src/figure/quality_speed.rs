//! What the student gives up in quality against what it gains in speed.

use super::axis::{Axis, count};
use super::canvas::{page, text_width};
use super::palette::{FRAME as LINE, INK};
use super::panel::{Frame, Panel};
use super::speed::{SAMPLERS, Sampler, speed_points};
use flowstill_eval::{Estimate, SpeedRow};
use plotters::style::text_anchor::{HPos, VPos};

const FRAME: Frame = Frame { left: 70.0, top: 16.0, right: 434.0, bottom: 262.0 };
const SIZE: f64 = 12.0;
/// Height of one label.
const LEVEL: f64 = 30.0;
/// Share of the panel's width in which points may lie; the rest is room for the last label.
const LABELLED: f64 = 0.64;

/// Each sampler at its highest measured throughput: exact samplers of the teacher at 0, the student at its forward
/// divergence per dimension. One point alone is no trade.
pub fn quality_speed(rows: &[SpeedRow], kl_forward_per_dim: Option<Estimate>) -> Option<String> {
    let threads = rows.iter().map(|row| row.threads).max()?;
    let fastest = |sampler| {
        speed_points(rows, sampler, threads).into_iter().map(|point| point.rate.median).max_by(f64::total_cmp)
    };
    let divergence = kl_forward_per_dim.filter(|estimate| estimate.mean.is_finite());
    let mut points: Vec<(Sampler, f64, f64, f64)> = SAMPLERS
        .into_iter()
        .filter_map(|sampler| {
            let rate = fastest(sampler)?;
            match (sampler.op, divergence) {
                ("student", None) => None,
                ("student", Some(estimate)) => Some((sampler, rate, estimate.mean, estimate.standard_error.max(0.0))),
                _ => Some((sampler, rate, 0.0, 0.0)),
            }
        })
        .collect();
    points.sort_by(|a, b| a.1.total_cmp(&b.1));
    if points.len() < 2 {
        return None;
    }
    let (slowest, quickest) = (points.first()?.1, points.last()?.1);
    let highest = points.iter().fold(0.0f64, |highest, point| highest.max(point.2 + point.3));
    let lowest = points.iter().fold(0.0f64, |lowest, point| lowest.min(point.2 - point.3));
    let unit = if highest - lowest > 0.0 { highest - lowest } else { 1e-3 };
    // labels stand to the right of their points, the last one needs its room
    let left = (slowest / 1.6).min(quickest / 10.0);
    let right = left * (quickest / left).powf(1.0 / LABELLED);
    let panel = Panel {
        frame: FRAME,
        x: Axis::logarithmic(left, right, "samples per second", count),
        y: Axis::linear(lowest - 0.12 * unit, highest + 0.4 * unit, "KL per dimension (nats)"),
    };
    page(460.0, 310.0, "Quality against speed of the samplers", |canvas| {
        panel.grid(canvas)?;
        let zero = panel.at(panel.x.lower, 0.0).1;
        canvas.line(&[(FRAME.left, zero), (FRAME.right, zero)], LINE, 1.0)?;
        let mut taken: Vec<Frame> = Vec::new();
        // from right to left, so that a label that has to rise stands above its right neighbours
        for (sampler, rate, mean, error) in points.iter().rev() {
            let (x, y) = panel.at(*rate, *mean);
            panel.line(canvas, &[(*rate, mean - error), (*rate, mean + error)], sampler.colour(), 2.0)?;
            let text = format!("{}/s", rounded(*rate));
            let wide = text_width(sampler.name, SIZE);
            let label = |level: usize| {
                let bottom = y - 6.0 - LEVEL * level as f64;
                Frame { left: x, top: bottom - 26.0, right: x + wide + 8.0, bottom }
            };
            let free = |level: &usize| taken.iter().all(|other| !overlap(&label(*level), other));
            let level = (0..SAMPLERS.len()).find(free).unwrap_or(0);
            let place = label(level);
            if level > 0 {
                canvas.line(&[(x, y), (x, place.top)], sampler.colour(), 0.75)?;
            }
            canvas.disc((x, y), 5.0, sampler.colour())?;
            let shift = if level > 0 { 5.0 } else { 8.0 };
            let anchor = (HPos::Left, VPos::Top);
            canvas.text(sampler.name, (x + shift, place.top), SIZE, anchor, sampler.colour())?;
            canvas.text(&text, (x + shift, place.top + 13.0), 11.0, anchor, INK)?;
            taken.push(place);
            taken.push(Frame { left: x - 6.0, top: y - 6.0, right: x + 6.0, bottom: y + 6.0 });
        }
        panel.axes(canvas)
    })
}

fn overlap(a: &Frame, b: &Frame) -> bool {
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

/// A rate to two digits.
fn rounded(rate: f64) -> String {
    let unit = 10f64.powf(rate.log10().floor() - 1.0);
    count((rate / unit).round() * unit)
}
