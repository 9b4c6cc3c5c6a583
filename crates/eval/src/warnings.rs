//! What the numbers of a comparison say and a reader may overlook, in sentences.
//!
//! A student that lost a mode looks well on its own samples: its reverse KL and effective sample size are those of the
//! modes it kept. The warnings look where it shows: at the mean weight, at the teacher's samples, at shares of cells and
//! modes, and at the data. Nothing is said that chance explains: numbers are three standard errors beyond their limit.

use crate::psis::reliable_below;
use crate::{Distance, Estimate, Quality};

/// Standard errors between a number and its limit.
const ERRORS: f64 = 3.0;
/// E_q[w] is 1 when nothing is missed; below this a part is.
pub(crate) const LEAST_MEAN_WEIGHT: f64 = 0.9;
/// A mode with less than this of the teacher's share is lost.
const LEAST_MODE_RATIO: f64 = 0.5;
/// A cell's ratio below this part of what chance gives is far below it.
const LEAST_CELL_SHARE: f64 = 0.75;
/// The forward share of effective samples below this part of the reverse one is far below it.
const LEAST_ESS_RATIO: f64 = 0.25;
/// Fewer effective samples than this and importance weights are carried by a few samples.
const LEAST_ESS: f64 = 0.1;
/// Divergences closer to 0 than this are small whatever their ratio, in nats.
const SMALL_KL: f64 = 0.1;
/// Near its teacher a student has two equal divergences; beyond this ratio it differs to one side.
const WIDER: f64 = 1.5;
const MISSING: f64 = 2.0;

/// All that applies, one sentence each; none for a good student.
pub fn warnings(quality: &Quality) -> Vec<String> {
    let all = [mass, modes, forward, cells, tail, effective_samples, wider, student_samples, teacher_samples];
    all.iter().filter_map(|about| about(quality)).collect()
}

fn mass(quality: &Quality) -> Option<String> {
    let weight = quality.mean_weight;
    (above(weight) < LEAST_MEAN_WEIGHT).then(|| {
        format!(
            "E_q[w] is {} where 1 means that nothing is missed: the student leaves out part of the teacher's mass",
            short(weight.mean)
        )
    })
}

fn modes(quality: &Quality) -> Option<String> {
    let modes = &quality.modes.as_ref()?.modes;
    let ratios = modes.iter().enumerate().filter_map(|(i, mode)| Some((i, mode.ratio?)));
    let lost: Vec<(usize, Estimate)> = ratios.filter(|(_, ratio)| above(*ratio) < LEAST_MODE_RATIO).collect();
    let (least, ratio) = lost.iter().min_by(|a, b| a.1.mean.total_cmp(&b.1.mean))?;
    Some(format!(
        "the student lost {} of {} modes, where it draws less than half as often as the teacher: mode {} keeps {} of the \
         teacher's share",
        lost.len(),
        modes.len(),
        least + 1,
        short(ratio.mean)
    ))
}

/// Single samples in a tail can bring the forward share to 0 on their own; they hardly move the divergence.
fn forward(quality: &Quality) -> Option<String> {
    let (forward, reverse) = (quality.kl_forward, quality.kl_reverse);
    let far = quality.ess_forward.mean < LEAST_ESS_RATIO * quality.ess_reverse.mean;
    (far && below(forward) > MISSING * reverse.mean.max(0.0) + SMALL_KL).then(|| {
        format!(
            "the student is good on its own samples alone: KL(teacher‖student) is {} nats, {} in the other direction; it has \
             lost modes or tails",
            short(forward.mean),
            short(reverse.mean)
        )
    })
}

fn cells(quality: &Quality) -> Option<String> {
    let coverage = quality.cell_coverage.as_ref()?;
    let [low, high] = coverage.null_least_ratio;
    (coverage.least_ratio < LEAST_CELL_SHARE * low).then(|| {
        format!(
            "one of {} cells of the teacher's samples keeps only {} of its share in the student's, where chance alone gives \
             {} to {}",
            coverage.cells,
            short(coverage.least_ratio),
            short(low),
            short(high)
        )
    })
}

fn tail(quality: &Quality) -> Option<String> {
    let (k, limit) = (quality.psis_k?, reliable_below(quality.samples));
    (k > limit).then(|| {
        format!(
            "the importance weights have a heavy tail (k̂ = {k:.2}, above {limit:.2}): E_q[w], the effective sample size and \
             every estimate that uses the weights are unreliable, and so are their standard errors"
        )
    })
}

fn effective_samples(quality: &Quality) -> Option<String> {
    let ess = quality.ess_reverse.mean;
    (ess < LEAST_ESS).then(|| {
        format!(
            "the effective sample size is {} of the samples, {:.0} of {}: estimates that use the weights rest on few of them",
            percent(ess),
            (ess * quality.samples as f64).max(1.0),
            quality.samples
        )
    })
}

fn wider(quality: &Quality) -> Option<String> {
    let (forward, reverse) = (quality.kl_forward, quality.kl_reverse);
    (below(reverse) > (WIDER * above(forward)).max(SMALL_KL)).then(|| {
        format!(
            "the student is wider than the teacher: it puts samples where the teacher has next to none, which costs {} nats \
             on its own samples (KL(student‖teacher)) and {} on the teacher's",
            short(reverse.mean),
            short(forward.mean)
        )
    })
}

fn student_samples(quality: &Quality) -> Option<String> {
    let found = distances(quality).find(|(_, d)| exceeds(d.student, d.null) && exceeds(d.student, d.teacher));
    found.map(|(name, d)| {
        format!(
            "the student's samples are further from the test rows than the teacher's: {name} {} against {} ± {}, and {} \
             between samples of one distribution",
            short(d.student.mean),
            short(d.teacher.mean),
            short(d.teacher.standard_error),
            short(d.null.mean)
        )
    })
}

fn teacher_samples(quality: &Quality) -> Option<String> {
    let found = distances(quality).find(|(_, d)| exceeds(d.teacher, d.null));
    found.map(|(name, d)| {
        format!(
            "the teacher's own samples differ from the test rows, so those of a perfect student would: {name} {} against {} \
             ± {} between samples of one distribution",
            short(d.teacher.mean),
            short(d.null.mean),
            short(d.null.standard_error)
        )
    })
}

fn distances(quality: &Quality) -> impl Iterator<Item = (&'static str, Distance)> {
    quality.against_data.iter().flat_map(|a| {
        [("sliced Wasserstein distance", a.sliced_wasserstein), ("energy distance", a.energy), ("MMD²", a.mmd_squared)]
    })
}

/// By three standard errors of the difference, as if both were independent.
fn exceeds(a: Estimate, b: Estimate) -> bool {
    a.mean - b.mean > ERRORS * a.standard_error.hypot(b.standard_error)
}

/// The upper end of what the number may truly be.
pub(crate) fn above(estimate: Estimate) -> f64 {
    estimate.mean + ERRORS * estimate.standard_error
}

fn below(estimate: Estimate) -> f64 {
    estimate.mean - ERRORS * estimate.standard_error
}

fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent < 0.1 { "below 0.1 %".into() } else { format!("{percent:.1} %") }
}

/// Two digits or so.
pub(crate) fn short(value: f64) -> String {
    let text = match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 0.01 => format!("{value:.2}"),
        v if v >= 1e-4 => format!("{value:.4}"),
        v if v > 0.0 => format!("{value:.0e}"),
        _ => "0".into(),
    };
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AgainstData, CellCoverage, Mode, ModeCoverage};

    fn about(mean: f64, standard_error: f64) -> Estimate {
        Estimate { mean, standard_error }
    }

    fn mode(ratio: Option<Estimate>) -> Mode {
        Mode { data_share: 0.1, teacher_share: 0.1, student_share: 0.1, ratio }
    }

    /// A good student, in whose tail a single teacher sample makes the forward share of effective samples 0.
    fn healthy() -> Quality {
        let distance = Distance { student: about(0.03, 0.006), teacher: about(0.02, 0.006), null: about(0.021, 0.006) };
        Quality {
            kl_reverse: about(0.025, 0.002),
            kl_forward: about(0.027, 0.003),
            kl_forward_per_dim: about(0.0135, 0.0015),
            ess_reverse: about(0.95, 0.003),
            ess_forward: about(2e-5, 2e-5),
            mean_weight: about(0.998, 0.002),
            total_variation: about(0.06, 0.001),
            classifier_accuracy: Some(about(0.53, 0.0005)),
            correlation_error: 0.002,
            marginal_ks: vec![0.01, 0.02],
            samples: 20_000,
            psis_k: Some(0.4),
            cell_coverage: Some(CellCoverage {
                cells: 50,
                least_ratio: 0.72,
                null_least_ratio: [0.74, 0.88],
                ratios: vec![0.72, 1.0],
                null_ratios: vec![[0.74, 0.88], [0.9, 1.1]],
            }),
            modes: Some(ModeCoverage {
                least_ratio: about(0.45, 0.02),
                largest_ratio: about(1.05, 0.02),
                modes: vec![mode(Some(about(0.45, 0.02))), mode(None), mode(Some(about(1.05, 0.02)))],
            }),
            against_data: Some(AgainstData {
                mmd_squared: distance,
                energy: distance,
                sliced_wasserstein: distance,
                rows: 2000,
            }),
        }
    }

    /// The only warning there is, which holds every one of `parts`.
    #[track_caller]
    fn alone(change: impl FnOnce(&mut Quality), parts: &[&str]) {
        let mut quality = healthy();
        change(&mut quality);
        let found = warnings(&quality);
        assert_eq!(found.len(), 1, "{found:?}");
        for part in parts {
            assert!(found[0].contains(part), "`{part}` is missing in {found:?}");
        }
    }

    #[test]
    fn a_good_student_gets_none() {
        assert_eq!(warnings(&healthy()), [""; 0]);
        let bare = Quality { psis_k: None, cell_coverage: None, modes: None, against_data: None, ..healthy() };
        assert_eq!(warnings(&bare), [""; 0]);
    }

    #[test]
    fn a_mean_weight_below_one_is_missing_mass() {
        alone(|q| q.mean_weight = about(0.87, 0.009), &["E_q[w] is 0.87", "leaves out part"]);
        let unsure = Quality { mean_weight: about(0.8, 0.05), ..healthy() };
        assert_eq!(warnings(&unsure), [""; 0], "within three standard errors of 0.9");
    }

    #[test]
    fn modes_below_half_of_their_share_are_lost() {
        let set = |q: &mut Quality, ratio| q.modes.as_mut().unwrap().modes[2].ratio = Some(ratio);
        alone(|q| set(q, about(0.1, 0.03)), &["lost 1 of 3 modes", "mode 3 keeps 0.10"]);
    }

    #[test]
    fn a_student_that_is_good_only_on_its_own_samples_is_seen() {
        alone(|q| q.kl_forward = about(0.3, 0.02), &["KL(teacher‖student) is 0.30 nats, 0.03 in the other direction"]);
        let tail = Quality { kl_forward: about(0.3, 0.2), ..healthy() };
        assert_eq!(warnings(&tail), [""; 0], "one sample in a tail");
    }

    #[test]
    fn a_cell_far_below_chance_is_seen() {
        alone(|q| q.cell_coverage.as_mut().unwrap().least_ratio = 0.4, &["one of 50 cells", "0.40", "0.74 to 0.88"]);
    }

    #[test]
    fn heavy_tails_and_few_effective_samples_are_told_apart() {
        alone(|q| q.psis_k = Some(0.71), &["k̂ = 0.71", "unreliable"]);
        // fewer samples need a lighter tail: 1 − 1/log₁₀ 100 = ½
        alone(|q| (q.psis_k, q.samples) = (Some(0.6), 100), &["above 0.50"]);
        alone(|q| q.ess_reverse = about(0.05, 0.001), &["5.0 % of the samples, 1000 of 20000"]);
    }

    #[test]
    fn a_student_with_samples_where_the_teacher_has_none_is_wide() {
        alone(|q| q.kl_reverse = about(0.4, 0.02), &["wider than the teacher", "0.40 nats", "0.03"]);
        let alike = Quality {
            kl_reverse: about(0.4, 0.02),
            kl_forward: about(0.3, 0.01),
            ess_forward: about(0.6, 0.01),
            ..healthy()
        };
        assert_eq!(warnings(&alike), [""; 0]);
    }

    #[test]
    fn samples_far_from_the_test_rows_are_the_students_or_the_teachers() {
        let against = |q: &mut Quality, student, teacher| {
            let d = &mut q.against_data.as_mut().unwrap().energy;
            (d.student, d.teacher) = (about(student, 0.006), about(teacher, 0.006));
        };
        alone(|q| against(q, 0.06, 0.02), &["the student's samples are further", "energy distance 0.06 against 0.02"]);
        alone(|q| against(q, 0.06, 0.06), &["the teacher's own samples differ", "energy distance 0.06"]);
    }
}
