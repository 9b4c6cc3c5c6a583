//! Learning curves of teacher and student.

use super::axis::Axis;
use super::canvas::{Canvas, Drawn, Point, page};
use super::legend::legend;
use super::palette::{LIGHT_BLUE, LIGHT_ORANGE, Source};
use super::panel::{Frame, Panel};
use plotters::style::RGBColor;

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 310.0;
const FRAME: Frame = Frame { left: 70.0, top: 36.0, right: 434.0, bottom: 262.0 };
/// Longer curves are drawn as means of blocks, for legibility and size.
const MOST_POINTS: usize = 400;

/// `(step, value)` in the order of training; values in nats.
pub type Curve = Vec<(u64, f64)>;

/// Everything that training logged; an empty curve was not logged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curves {
    /// negative log-likelihood of batches and of the validation part, standardised space
    pub teacher_training: Curve,
    pub teacher_validation: Curve,
    /// `KL(q‖p)` on batches, and on samples kept for validation
    pub student_kl: Curve,
    pub student_validation_kl: Curve,
    /// `−E_q[log q]`
    pub student_entropy: Curve,
    /// `−E_q[log p]`
    pub student_cross_entropy: Curve,
}

/// The teacher's negative log-likelihood in training and validation.
pub fn teacher_nll(curves: &Curves) -> Option<String> {
    figure(
        "Learning curve of the teacher",
        "negative log-likelihood (nats)",
        &[
            ("training", &curves.teacher_training, LIGHT_BLUE, 1.25),
            ("validation", &curves.teacher_validation, Source::Teacher.colour(), 2.0),
        ],
    )
}

/// The student's divergence from its teacher while it trained.
pub fn student_kl(curves: &Curves) -> Option<String> {
    let colour = Source::Student.colour();
    let (light, width) = if curves.student_validation_kl.is_empty() { (colour, 1.5) } else { (LIGHT_ORANGE, 1.25) };
    figure(
        "Divergence of the student from the teacher in training",
        "KL(student‖teacher) (nats)",
        &[("training", &curves.student_kl, light, width), ("validation", &curves.student_validation_kl, colour, 2.0)],
    )
}

/// The two terms whose difference is the student's divergence.
pub fn student_entropies(curves: &Curves) -> Option<String> {
    figure(
        "Entropy of the student and its cross-entropy under the teacher",
        "nats",
        &[
            ("cross-entropy −E[log p]", &curves.student_cross_entropy, Source::Teacher.colour(), 1.5),
            ("entropy −E[log q]", &curves.student_entropy, Source::Student.colour(), 1.5),
        ],
    )
}

type Line<'a> = (&'a str, &'a Curve, RGBColor, f64);

fn figure(describes: &str, label: &str, lines: &[Line]) -> Option<String> {
    let shown: Vec<_> = lines
        .iter()
        .map(|(name, curve, colour, width)| (*name, thinned(curve), *colour, *width))
        .filter(|(_, points, ..)| !points.is_empty())
        .collect();
    let mut values: Vec<f64> = shown.iter().flat_map(|(_, points, ..)| points.iter().map(|point| point.1)).collect();
    values.sort_by(f64::total_cmp);
    let (lower, upper) = range(&values)?;
    let last = shown.iter().filter_map(|(_, points, ..)| points.last()).fold(0.0, |last: f64, point| last.max(point.0));
    let panel = Panel {
        frame: FRAME,
        x: Axis::linear(0.0, 1.01 * last.max(1.0), "step"),
        y: Axis::linear(lower, upper, label),
    };
    page(WIDTH, HEIGHT, describes, |canvas| {
        panel.grid(canvas)?;
        for (_, points, colour, width) in &shown {
            draw(canvas, &panel, points, *colour, *width)?;
        }
        panel.axes(canvas)?;
        let names: Vec<_> = shown.iter().map(|(name, _, colour, _)| (*name, *colour)).collect();
        legend(canvas, FRAME.left, 18.0, &names)
    })
}

fn draw(canvas: &mut Canvas, panel: &Panel, points: &[Point], colour: RGBColor, width: f64) -> Drawn {
    if let [(x, y)] = points {
        return canvas.disc(panel.at(*x, *y), 3.0, colour);
    }
    panel.line(canvas, points, colour, width)
}

/// The finite points, or means of equal blocks of them where there are many.
fn thinned(curve: &Curve) -> Vec<Point> {
    let finite: Vec<Point> =
        curve.iter().map(|&(step, value)| (step as f64, value)).filter(|p| p.1.is_finite()).collect();
    let block = finite.len().div_ceil(MOST_POINTS).max(1);
    let mean = |chunk: &[Point]| {
        let (x, y) = chunk.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
        (x / chunk.len() as f64, y / chunk.len() as f64)
    };
    finite.chunks(block).map(mean).collect()
}

/// A range that shows the course of training: the first steps, often far above the rest, may lie outside.
fn range(sorted: &[f64]) -> Option<(f64, f64)> {
    let (lowest, highest) = (*sorted.first()?, *sorted.last()?);
    let usual = sorted[(sorted.len() - 1) * 94 / 100];
    let upper = if highest - lowest > 2.5 * (usual - lowest) { usual + 0.5 * (usual - lowest) } else { highest };
    let margin = 0.05 * (upper - lowest);
    Some((lowest - margin, upper + margin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_at_the_start_does_not_set_the_range() {
        let mut values: Vec<f64> = (0..100).map(|i| f64::from(i) * 0.01).chain([1e4]).collect();
        values.sort_by(f64::total_cmp);
        let (lower, upper) = range(&values).expect("values");
        assert!(lower < 0.0 && upper > 0.99 && upper < 3.0, "{lower} {upper}");
    }

    #[test]
    fn long_curves_become_means_of_blocks_without_what_is_not_finite() {
        let curve: Curve = (0..4000).map(|step| (step, if step == 17 { f64::NAN } else { 2.0 })).collect();
        let points = thinned(&curve);
        assert!(points.len() <= MOST_POINTS && points.iter().all(|point| point.1 == 2.0));
        assert!(teacher_nll(&Curves { teacher_validation: vec![(5, f64::NAN)], ..Curves::default() }).is_none());
    }
}
