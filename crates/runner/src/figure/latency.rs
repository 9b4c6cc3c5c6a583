//! Time of one call against batch size, both logarithmic, one line per sampler.

use super::axis::{Axis, count, duration};
use super::canvas::page;
use super::legend::legend;
use super::panel::{Frame, Panel};
use super::speed::{SAMPLERS, SpeedPoint, speed_points};
use flowstill_eval::SpeedRow;

const FRAME: Frame = Frame { left: 76.0, top: 58.0, right: 434.0, bottom: 282.0 };

/// Medians as dots, quartiles as upright strokes; rows of the largest number of threads only.
pub fn latency(rows: &[SpeedRow]) -> Option<String> {
    let threads = rows.iter().map(|row| row.threads).max()?;
    let lines: Vec<_> = SAMPLERS
        .into_iter()
        .map(|sampler| (sampler, speed_points(rows, sampler, threads)))
        .filter(|(_, points)| !points.is_empty())
        .collect();
    let extent = |of: fn(&SpeedPoint) -> f64| {
        let values = lines.iter().flat_map(|(_, points)| points).map(of);
        values.fold((f64::INFINITY, 0.0f64), |(low, high), value| (low.min(value), high.max(value)))
    };
    let (batches, times) = (extent(|point| point.batch as f64), extent(|point| point.time.median));
    if lines.is_empty() {
        return None;
    }
    let panel = Panel {
        frame: FRAME,
        x: Axis::logarithmic(batches.0 / 1.4, batches.1 * 1.4, "batch size (samples per call)", count),
        y: Axis::logarithmic(times.0 / 1.6, times.1 * 1.6, "time per call", duration),
    };
    page(460.0, 332.0, "Time of one call against batch size", |canvas| {
        panel.grid(canvas)?;
        for (sampler, points) in &lines {
            let medians: Vec<_> = points.iter().map(|point| (point.batch as f64, point.time.median)).collect();
            panel.line(canvas, &medians, sampler.colour(), 1.5)?;
            for point in points {
                let (batch, [first, third]) = (point.batch as f64, point.time.quartiles);
                panel.line(canvas, &[(batch, first), (batch, third)], sampler.colour(), 3.0)?;
                canvas.disc(panel.at(batch, point.time.median), 3.0, sampler.colour())?;
            }
        }
        panel.axes(canvas)?;
        let names: Vec<_> = lines.iter().map(|(sampler, _)| (sampler.name, sampler.colour())).collect();
        names.chunks(2).enumerate().try_for_each(|(i, pair)| legend(canvas, FRAME.left, 16.0 + 19.0 * i as f64, pair))
    })
}
