//! Learning curves of teacher and student.

use super::axis::{Axis, plain};
use super::canvas::{Canvas, Drawn, Point, page};
use super::legend::legend;
use super::palette::{INK, LIGHT_BLUE, Source};
use super::panel::{Frame, Panel};
use super::phases::marks;
use plotters::style::RGBColor;

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 310.0;
const FRAME: Frame = Frame { left: 70.0, top: 36.0, right: 434.0, bottom: 262.0 };
/// Room for the names of phases above.
const PHASED: Frame = Frame { top: 52.0, ..FRAME };
/// Longer curves are drawn as means of blocks, for legibility and size.
const MOST_POINTS: usize = 400;
/// Divergences that a picture can tell apart: what is less is chance, and what is more is nowhere near.
const LEAST_KL: f64 = 1e-6;
const MOST_KL: f64 = 1e6;
/// A share that may pass 1 by chance, as the mean weight does; what is far above lies outside.
const MOST_SHARE: f64 = 1.2;

/// `(step, value)` in the order of training; values in nats, shares between 0 and 1.
pub type Curve = Vec<(u64, f64)>;

/// Everything that training logged; an empty curve was not logged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curves {
    /// negative log-likelihood of batches and of the validation part, standardised space
    pub teacher_training: Curve,
    pub teacher_validation: Curve,
    /// first step and name of each phase of the distillation
    pub student_phases: Vec<(u64, String)>,
    /// validations of the student: `KL(p‖q)` and `KL(q‖p)`
    pub student_kl_forward: Curve,
    pub student_kl_reverse: Curve,
    /// effective samples as a share, from the teacher's samples and from the student's
    pub student_ess_forward: Curve,
    pub student_ess_reverse: Curve,
    /// `E_q[w]`
    pub student_mean_weight: Curve,
    /// `−E_q[log q]`
    pub student_entropy: Curve,
    /// `−E_q[log p]`
    pub student_cross_entropy: Curve,
}

/// The teacher's negative log-likelihood in training and validation.
pub fn teacher_nll(curves: &Curves) -> Option<String> {
    figure(
        "Learning curve of the teacher",
        &[
            ("training", &curves.teacher_training, LIGHT_BLUE, 1.25),
            ("validation", &curves.teacher_validation, Source::Teacher.colour(), 2.0),
        ],
        &[],
        |values| linear(values, "negative log-likelihood (nats)"),
    )
}

/// The two divergences between student and teacher while the student trained.
pub fn student_kl(curves: &Curves) -> Option<String> {
    figure(
        "Divergence of the student in training",
        &[
            ("KL(teacher‖student)", &curves.student_kl_forward, Source::Teacher.colour(), 2.0),
            ("KL(student‖teacher)", &curves.student_kl_reverse, Source::Student.colour(), 2.0),
        ],
        &curves.student_phases,
        |values| logarithmic(values, "divergence (nats)"),
    )
}

/// How many samples count, and what the student covers, while it trained.
pub fn student_ess(curves: &Curves) -> Option<String> {
    figure(
        "Effective sample sizes and mean weight of the student in training",
        &[
            ("ESS, teacher", &curves.student_ess_forward, Source::Teacher.colour(), 2.0),
            ("ESS, student", &curves.student_ess_reverse, Source::Student.colour(), 2.0),
            ("mean weight", &curves.student_mean_weight, INK, 1.5),
        ],
        &curves.student_phases,
        |values| Some(Axis::linear(0.0, values.last()?.clamp(1.0, MOST_SHARE) + 0.02, "share")),
    )
}

/// The two terms whose difference is the student's divergence.
pub fn student_entropies(curves: &Curves) -> Option<String> {
    figure(
        "Entropy of the student and its cross-entropy under the teacher",
        &[
            ("cross-entropy −E[log p]", &curves.student_cross_entropy, Source::Teacher.colour(), 1.5),
            ("entropy −E[log q]", &curves.student_entropy, Source::Student.colour(), 1.5),
        ],
        &curves.student_phases,
        |values| linear(values, "nats"),
    )
}

type Line<'a> = (&'a str, &'a Curve, RGBColor, f64);

/// Lines over the steps; `scale` makes the upright axis of all values in their order.
fn figure(
    describes: &str,
    lines: &[Line],
    phases: &[(u64, String)],
    scale: impl Fn(&[f64]) -> Option<Axis>,
) -> Option<String> {
    let shown: Vec<_> = lines
        .iter()
        .map(|(name, curve, colour, width)| (*name, thinned(curve), *colour, *width))
        .filter(|(_, points, ..)| !points.is_empty())
        .collect();
    let mut values: Vec<f64> = shown.iter().flat_map(|(_, points, ..)| points.iter().map(|point| point.1)).collect();
    values.sort_by(f64::total_cmp);
    let last = shown.iter().filter_map(|(_, points, ..)| points.last()).fold(0.0, |last: f64, point| last.max(point.0));
    // one phase is the whole
    let phases = if phases.len() > 1 { phases } else { &[] };
    let frame = if phases.is_empty() { FRAME } else { PHASED };
    let panel = Panel { frame, x: Axis::linear(0.0, 1.01 * last.max(1.0), "step"), y: scale(&values)? };
    page(WIDTH, HEIGHT, describes, |canvas| {
        panel.grid(canvas)?;
        marks(canvas, &panel, phases)?;
        for (_, points, colour, width) in &shown {
            draw(canvas, &panel, points, *colour, *width)?;
        }
        panel.axes(canvas)?;
        let names: Vec<_> = shown.iter().map(|(name, _, colour, _)| (*name, *colour)).collect();
        legend(canvas, FRAME.left, 18.0, &names)
    })
}

fn draw(canvas: &mut Canvas, panel: &Panel, points: &[Point], colour: RGBColor, width: f64) -> Drawn {
    // what has no logarithm lies on the lower edge
    let points: Vec<Point> = points.iter().map(|&(x, y)| (x, panel.y.drawable(y))).collect();
    if let [(x, y)] = points[..] {
        return canvas.disc(panel.at(x, y), 3.0, colour);
    }
    panel.line(canvas, &points, colour, width)
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

fn linear(sorted: &[f64], label: &str) -> Option<Axis> {
    let (lower, upper) = range(sorted)?;
    Some(Axis::linear(lower, upper, label))
}

/// All positive values, with a little room above.
fn logarithmic(sorted: &[f64], label: &str) -> Option<Axis> {
    let positive = || sorted.iter().filter(|value| **value > 0.0).map(|value| value.clamp(LEAST_KL, MOST_KL));
    Some(Axis::logarithmic(positive().next()? / 1.2, positive().next_back()? * 1.2, label, plain))
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

    #[test]
    fn divergences_that_chance_makes_negative_lie_on_the_lower_edge() {
        let axis = logarithmic(&[-0.003, 0.01, 0.1, 10.0], "").expect("values");
        assert!(axis.place(0.01) > 0.0 && axis.place(10.0) < 1.0);
        assert_eq!(axis.place(axis.drawable(-0.003)), 0.0);
        assert_eq!(axis.drawable(0.1), 0.1);
        assert!(logarithmic(&[-0.1, 0.0], "").is_none(), "nothing to take the logarithm of");
        let curves = Curves { student_kl_forward: vec![(10, 4.0), (20, -0.01)], ..Curves::default() };
        assert!(!student_kl(&curves).expect("a figure").contains("NaN"));
    }

    #[test]
    fn a_mean_weight_beyond_one_leaves_the_shares_legible() {
        let shares = |weight| Curves { student_mean_weight: vec![(10, 0.3), (20, weight)], ..Curves::default() };
        let of = |weight| student_ess(&shares(weight)).expect("a figure");
        assert!(of(40.0).contains("\n1.0\n"), "a wild weight leaves no room for 1");
        assert_ne!(of(1.1), of(1.0));
    }
}
