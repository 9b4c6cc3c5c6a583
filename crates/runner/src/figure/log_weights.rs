//! How the log-weights are distributed, on the student's samples and on the teacher's.

use super::axis::Axis;
use super::canvas::{Point, page};
use super::histogram::histogram;
use super::legend::legend;
use super::palette::{FRAME as LINE, Source};
use super::panel::{Frame, Panel};

const FRAME: Frame = Frame { left: 70.0, top: 36.0, right: 434.0, bottom: 262.0 };
const BINS: usize = 72;
/// Share of the samples beyond each end of the picture.
const BEYOND: f64 = 5e-4;
/// Nats beyond which nothing more is to be told apart.
const FAR: f64 = 40.0;

/// `log p − log q` in nats at the samples of each side; empty where a side was not compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogWeights {
    pub teacher: Vec<f64>,
    pub student: Vec<f64>,
}

/// Densities of the log-weights, logarithmic, since means of weights are made in the tails. What lies beyond the ends is
/// in the last bins.
pub fn log_weights(weights: &LogWeights) -> Option<String> {
    let sides = [(Source::Teacher, &weights.teacher), (Source::Student, &weights.student)];
    let finite = |values: &[f64]| values.iter().copied().filter(|v| v.is_finite()).collect::<Vec<f64>>();
    let sides: Vec<_> = sides.map(|(source, values)| (source, finite(values))).into_iter().collect();
    let (lower, upper) = range(&sides)?;
    let width = (upper - lower) / BINS as f64;
    let largest = sides.iter().map(|(_, values)| values.len()).max()? as f64;
    let floor = 0.5 / (largest * width);
    let mut highest = floor;
    let mut lines = Vec::new();
    for (source, values) in sides.iter().filter(|(_, values)| !values.is_empty()) {
        let inside: Vec<f64> = values.iter().map(|v| v.clamp(lower, upper - 1e-9 * width)).collect();
        let density = histogram(&inside, (lower, upper), BINS);
        highest = density.iter().copied().fold(highest, f64::max);
        let edge = |i: usize| lower + i as f64 * width;
        let step = |i: usize| [(edge(i), density[i].max(floor)), (edge(i + 1), density[i].max(floor))];
        lines.push((*source, (0..BINS).flat_map(step).collect::<Vec<Point>>()));
    }
    let panel = Panel {
        frame: FRAME,
        x: Axis::linear(lower, upper, "log-weight log p − log q (nats)"),
        y: Axis::logarithmic(floor, 1.6 * highest, "density (per nat)", |value| format!("{value}")),
    };
    page(460.0, 310.0, "Distribution of the log-weights at samples of student and teacher", |canvas| {
        panel.grid(canvas)?;
        canvas.line(&[panel.at(0.0, floor), panel.at(0.0, 1.6 * highest)], LINE, 1.0)?;
        for (source, points) in &lines {
            panel.line(canvas, points, source.colour(), 1.5)?;
        }
        panel.axes(canvas)?;
        let names = |source: Source| if source == Source::Teacher { "teacher's samples" } else { "student's samples" };
        legend(canvas, FRAME.left, 18.0, &lines.iter().map(|(s, _)| (names(*s), s.colour())).collect::<Vec<_>>())
    })
}

/// All but the outermost samples, and 0, where both densities are equal.
fn range(sides: &[(Source, Vec<f64>)]) -> Option<(f64, f64)> {
    let mut ends = Vec::new();
    for (_, values) in sides {
        let mut values = values.clone();
        values.sort_unstable_by(f64::total_cmp);
        let quantile = |share: f64| values.get(((values.len().max(1) - 1) as f64 * share).round() as usize).copied();
        ends.extend([quantile(BEYOND), quantile(1.0 - BEYOND)].into_iter().flatten());
    }
    let lower = ends.iter().copied().min_by(f64::total_cmp)?.clamp(-FAR, 0.0);
    let upper = ends.iter().copied().max_by(f64::total_cmp)?.clamp(0.0, FAR);
    let margin = 0.04 * (upper - lower).max(1e-3);
    Some((lower - margin, upper + margin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_holds_zero_and_all_but_the_farthest_samples() {
        let mut student: Vec<f64> = (0..4000).map(|i| -1.0 - f64::from(i) / 4000.0).collect();
        student[7] = -500.0;
        let (lower, upper) = range(&[(Source::Student, student)]).expect("values");
        assert!((-2.2..-1.95).contains(&lower) && (0.0..0.1).contains(&upper), "{lower} to {upper}");
        let (lower, upper) = range(&[(Source::Teacher, vec![900.0; 5])]).expect("values");
        assert!((-2.0..=0.0).contains(&lower) && upper < 45.0, "{lower} to {upper}");
        assert_eq!(log_weights(&LogWeights { teacher: vec![f64::NAN], student: Vec::new() }), None);
    }
}
