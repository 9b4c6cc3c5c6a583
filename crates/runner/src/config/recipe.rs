//! Recipes: which keys belong to which objective, ranges, defaults; and the way back to what would be written.

use super::check::{Checker, or_none};
use super::path::KeyPath;
use super::plan::StudentPlan;
use super::resolved::whole;
use super::training;
use super::written::{self, GradientKind, OrNone, Ramp};
use flowstill_model::{Architecture, Base, Conditioner, Family, Normalisation, OrderRule};
use flowstill_student::{Annealed, Objective, Phase, Recipe, Rows};
use flowstill_trainer::Until;

/// More phases than this are not written by hand.
const MOST_PHASES: usize = 100;

/// The recipe of `student`.
pub(super) fn check(checker: &mut Checker, student: &written::Student) -> Recipe {
    let section = KeyPath::from("student");
    let training = || student.training.clone().unwrap_or_default();
    match (&student.recipe, student.objective) {
        (Some(_), Some(_)) => {
            checker.wrong(
                section.key("objective"),
                "expected `recipe` or `objective`, got both; a phase of the recipe may have this objective".to_owned(),
            );
            Recipe::Phases(Vec::new())
        }
        (None, Some(objective)) => {
            let phase = written::Phase { objective: Some(objective), ..written::Phase::default() };
            let settings = training::check(checker, student.training.as_ref(), "student.training", &training::STUDENT);
            let objective = self::objective(checker, &phase, objective, &section);
            Recipe::Phases(vec![Phase { objective, training: settings }])
        }
        (None | Some(written::Recipe::Auto), None) => {
            Recipe::Auto(training::check(checker, student.training.as_ref(), "student.training", &training::STUDENT))
        }
        (Some(written::Recipe::Phases(phases)), None) => {
            if phases.is_empty() || phases.len() > MOST_PHASES {
                let message = format!("expected 1 to {MOST_PHASES} phases, got {}", phases.len());
                checker.wrong(section.key("recipe"), message);
            }
            let before = checker.findings.len();
            if let Some(common) = &student.training {
                training::check(checker, Some(common), "student.training", &training::STUDENT);
            }
            // what is wrong there is said once
            let common = if checker.findings.len() == before { training() } else { written::Training::default() };
            let each = phases.iter().enumerate();
            Recipe::Phases(
                each.map(|(i, phase)| self::phase(checker, phase, &common, &section.key("recipe").index(i))).collect(),
            )
        }
    }
}

/// What an objective asks of teacher and student that can be told from the file; there is no `teacher` where a known
/// density stands for it.
pub(super) fn fits(
    checker: &mut Checker,
    written: &written::Student,
    StudentPlan { architecture: student, recipe }: &StudentPlan,
    teacher: Option<&Architecture>,
) {
    let Recipe::Phases(phases) = recipe else { return };
    let section = KeyPath::from("student");
    // layers with masked conditioners and nothing else
    let plain = |a: &Architecture| {
        let conditioned = matches!(a.family, Family::Autoregressive | Family::Coupling);
        let alone = a.chain.is_empty() && a.mixing.is_none() && a.base == Base::Normal;
        conditioned && alone && a.conditioner == Conditioner::Mlp
    };
    let one_order = |a: &Architecture| a.layers == 1 || a.order == OrderRule::Same;
    for (i, phase) in phases.iter().enumerate() {
        let phase_at = if written.recipe.is_some() { section.key("recipe").index(i) } else { section.clone() };
        let at = phase_at.key("objective");
        let name = phase.objective.name();
        let mut refuse = |why: &str| checker.wrong_with(at.clone(), "student", format!("`{name}` {why}"));
        match (&phase.objective, teacher) {
            (
                Objective::WarmStart { .. }
                | Objective::Reconstruction { .. }
                | Objective::ManySamples { .. }
                | Objective::ClosedForm { .. },
                None,
            ) => {
                refuse(
                    "looks inside of a trained flow, and `teacher: {model: truth}` is a density alone; use `reverse_kl`, \
                     `path_gradient`, `forward_kl`, `mixed` or `alpha`",
                );
            }
            (
                Objective::WarmStart { .. } | Objective::ManySamples { .. } | Objective::ClosedForm { .. },
                Some(teacher),
            ) if !(plain(teacher) && plain(student)) => {
                refuse(
                    "looks at the masked conditioners of autoregressive or coupling layers and at nothing beside them: no \
                     other family, `chain`, `mixing`, `base` or `conditioner: transformer`; begin with `reconstruction` and \
                     `forward_kl`",
                );
            }
            (Objective::ManySamples { .. } | Objective::ClosedForm { .. }, Some(teacher))
                if !(one_order(teacher) && one_order(student)) =>
            {
                refuse(
                    "needs Gaussian conditionals, which layers of different orders do not have; set `order: same` for \
                     teacher and student",
                );
            }
            (Objective::WarmStart { .. }, Some(teacher))
                if student.family == Family::Coupling && teacher.family != Family::Coupling =>
            {
                refuse("cannot make couplings of a MAF's layers; begin with `reconstruction` and `forward_kl`");
            }
            (
                Objective::WarmStart { .. } | Objective::ManySamples { .. } | Objective::ClosedForm { .. },
                Some(teacher),
            ) if student.map.is_some() || teacher.map.is_some() => {
                refuse(
                    "rests on Gaussian conditionals, which only layers with `map: affine` have; begin with \
                     `reconstruction` and `forward_kl`",
                );
            }
            (Objective::WarmStart { .. }, Some(teacher))
                if student.layers < teacher.layers || student.order != teacher.order =>
            {
                refuse(
                    "pairs each layer of the teacher with one of the student of the same order; give the student as many \
                     layers and the same `order`, or begin with `reconstruction`",
                );
            }
            (Objective::ReverseKl { .. }, _) => {}
            _ if student.normalisation == Normalisation::BatchNorm => {
                refuse("is not for a student with `normalisation: batch_norm`; use `act_norm`, or `reverse_kl`");
            }
            _ => {}
        }
    }
}

fn phase(checker: &mut Checker, phase: &written::Phase, common: &written::Training, at: &KeyPath) -> Phase {
    let kind = phase.objective.unwrap_or_else(|| {
        let message = "expected an objective, such as `objective: path_gradient`".to_owned();
        checker.wrong(at.clone(), message);
        written::Objective::ReverseKl
    });
    let objective = objective(checker, phase, kind, at);
    let steps = phase.steps.or(common.steps);
    // a warm-up that is shared fits into every phase
    let shared_warmup = common.warmup.map(|warmup| steps.map_or(warmup, |steps| warmup.min((steps - 1).max(0))));
    // one kind of average stands in place of the other
    let (shared_ema, shared_last) = match (phase.ema, phase.average_last) {
        (None, None) => (common.ema, common.average_last),
        _ => (None, None),
    };
    let training = written::Training {
        steps,
        batch: phase.batch.or(common.batch),
        rate: phase.rate.or(common.rate),
        schedule: phase.schedule.or(common.schedule),
        warmup: phase.warmup.or(shared_warmup),
        weight_decay: phase.weight_decay.or(common.weight_decay),
        clip_norm: phase.clip_norm.or(common.clip_norm),
        ema: phase.ema.or(shared_ema),
        average_last: phase.average_last.or(shared_last),
        validate_every: phase.validate_every.or(common.validate_every),
        patience: phase.patience.or(common.patience),
        checkpoint_every: phase.checkpoint_every.or(common.checkpoint_every),
    };
    let mut training = training::check(checker, Some(&training), at.clone(), &training::STUDENT);
    training.until = until(checker, phase.until.as_ref(), &at.key("until"));
    Phase { objective, training }
}

/// The objective with its own keys; those of other objectives are mistakes.
fn objective(checker: &mut Checker, phase: &written::Phase, kind: written::Objective, at: &KeyPath) -> Objective {
    use written::Objective as Kind;
    let given = [
        ("rows", phase.rows.is_some()),
        ("forward_weight", phase.forward_weight.is_some()),
        ("cross_entropy_weight", phase.cross_entropy_weight.is_some()),
        ("gradient", phase.gradient.is_some()),
        ("alpha", phase.alpha.is_some()),
        ("weight_clip", phase.weight_clip.is_some()),
        ("samples", phase.samples.is_some()),
        ("regulariser", phase.regulariser.is_some()),
    ];
    let own: &[&str] = match kind {
        Kind::WarmStart | Kind::ForwardKl => &["rows"],
        Kind::ReverseKl | Kind::PathGradient => &["cross_entropy_weight"],
        Kind::Mixed => &["rows", "forward_weight", "cross_entropy_weight", "gradient"],
        Kind::Alpha => &["alpha", "weight_clip"],
        Kind::Reconstruction => &["rows", "forward_weight"],
        Kind::ManySamples => &["samples"],
        Kind::ClosedForm => &["regulariser"],
    };
    let rows = phase.rows.unwrap_or(if kind == Kind::WarmStart { Rows::Both } else { Rows::Teacher });
    let cross_entropy_weight =
        ramp(checker, phase.cross_entropy_weight, 1.0, &at.key("cross_entropy_weight"), f64::INFINITY);
    let mut forward_weight = |default| ramp(checker, phase.forward_weight, default, &at.key("forward_weight"), 1.0);
    let objective = match kind {
        Kind::WarmStart => Objective::WarmStart { rows },
        Kind::ReverseKl => Objective::ReverseKl { cross_entropy_weight },
        Kind::PathGradient => Objective::PathGradient { cross_entropy_weight },
        Kind::ForwardKl => Objective::ForwardKl { rows },
        Kind::Mixed => Objective::Mixed {
            forward_weight: forward_weight(0.5),
            rows,
            cross_entropy_weight,
            path: phase.gradient != Some(GradientKind::Plain),
        },
        Kind::Alpha => Objective::Alpha {
            alpha: checker.number(
                at.key("alpha"),
                phase.alpha.unwrap_or(2.0),
                |alpha| (0.0..=10.0).contains(&alpha),
                "from 0 to 10",
            ),
            weight_clip: or_none(phase.weight_clip, Some(10.0))
                .map(|clip| checker.number(at.key("weight_clip"), clip, |clip| clip >= 1.0, "of at least 1 or `none`")),
        },
        Kind::Reconstruction => Objective::Reconstruction { rows, forward_weight: forward_weight(1.0) },
        Kind::ManySamples => Objective::ManySamples {
            samples: checker.whole(at.key("samples"), phase.samples.unwrap_or(16), (1, 10_000), ""),
        },
        Kind::ClosedForm => Objective::ClosedForm {
            regulariser: checker.number(
                at.key("regulariser"),
                phase.regulariser.unwrap_or(4.0),
                |regulariser| regulariser >= 0.0,
                "of at least 0",
            ),
        },
    };
    for (key, _) in given.iter().filter(|(key, given)| *given && !own.contains(key)) {
        let (name, belongs) = (objective.name(), own.join("`, `"));
        let message = format!("is not a key of the objective `{name}`, to which belongs `{belongs}`");
        checker.wrong(at.key(key), message);
    }
    objective
}

fn ramp(checker: &mut Checker, written: Option<Ramp>, default: f64, at: &KeyPath, most: f64) -> Annealed {
    let Ramp(from, to) = written.unwrap_or(Ramp(default, default));
    let what = if most.is_finite() { format!("from 0 to {most}") } else { "of at least 0".to_owned() };
    let mut checked = |value| checker.number(at.clone(), value, |value| (0.0..=most).contains(&value), &what);
    Annealed { from: checked(from), to: checked(to) }
}

fn until(checker: &mut Checker, written: Option<&written::Until>, at: &KeyPath) -> Vec<Until> {
    let Some(written) = written else { return Vec::new() };
    let shares = [("ess_reverse", written.ess_reverse), ("ess_forward", written.ess_forward)];
    let divergences = [("kl_reverse", written.kl_reverse), ("kl_forward", written.kl_forward)];
    let mut all = Vec::new();
    for (measure, bound) in shares.into_iter().filter_map(|(name, bound)| Some((name, bound?))) {
        let bound = checker.number(at.key(measure), bound, |bound| bound > 0.0 && bound <= 1.0, "above 0 and up to 1");
        all.push(Until { measure: measure.to_owned(), bound, at_least: true });
    }
    for (measure, bound) in divergences.into_iter().filter_map(|(name, bound)| Some((name, bound?))) {
        let bound = checker.number(at.key(measure), bound, |bound| bound > 0.0, "above 0");
        all.push(Until { measure: measure.to_owned(), bound, at_least: false });
    }
    if all.is_empty() {
        checker.wrong(at.clone(), "expected a bound, such as `ess_reverse: 0.9`, got none".to_owned());
    }
    all
}

impl From<&Recipe> for written::Recipe {
    fn from(recipe: &Recipe) -> Self {
        match recipe {
            Recipe::Auto(_) => Self::Auto,
            Recipe::Phases(phases) => Self::Phases(phases.iter().map(Into::into).collect()),
        }
    }
}

impl From<&Phase> for written::Phase {
    fn from(phase: &Phase) -> Self {
        use written::Objective as Kind;
        let ramp = |annealed: Annealed| Some(Ramp(annealed.from, annealed.to));
        let training = written::Training::from(&phase.training);
        let mut out = Self {
            until: until_of(&phase.training.until),
            steps: training.steps,
            batch: training.batch,
            rate: training.rate,
            schedule: training.schedule,
            warmup: training.warmup,
            weight_decay: training.weight_decay,
            clip_norm: training.clip_norm,
            ema: training.ema,
            average_last: training.average_last,
            validate_every: training.validate_every,
            patience: training.patience,
            checkpoint_every: training.checkpoint_every,
            ..Self::default()
        };
        let kind = match phase.objective {
            Objective::WarmStart { rows } => {
                out.rows = Some(rows);
                Kind::WarmStart
            }
            Objective::ReverseKl { cross_entropy_weight } => {
                out.cross_entropy_weight = ramp(cross_entropy_weight);
                Kind::ReverseKl
            }
            Objective::PathGradient { cross_entropy_weight } => {
                out.cross_entropy_weight = ramp(cross_entropy_weight);
                Kind::PathGradient
            }
            Objective::ForwardKl { rows } => {
                out.rows = Some(rows);
                Kind::ForwardKl
            }
            Objective::Mixed { forward_weight, rows, cross_entropy_weight, path } => {
                out.rows = Some(rows);
                out.forward_weight = ramp(forward_weight);
                out.cross_entropy_weight = ramp(cross_entropy_weight);
                out.gradient = Some(if path { GradientKind::Path } else { GradientKind::Plain });
                Kind::Mixed
            }
            Objective::Alpha { alpha, weight_clip } => {
                out.alpha = Some(alpha);
                out.weight_clip = Some(OrNone(weight_clip));
                Kind::Alpha
            }
            Objective::Reconstruction { rows, forward_weight } => {
                out.rows = Some(rows);
                out.forward_weight = ramp(forward_weight);
                Kind::Reconstruction
            }
            Objective::ManySamples { samples } => {
                out.samples = Some(whole(samples));
                Kind::ManySamples
            }
            Objective::ClosedForm { regulariser } => {
                out.regulariser = Some(regulariser);
                Kind::ClosedForm
            }
        };
        out.objective = Some(kind);
        out
    }
}

fn until_of(until: &[Until]) -> Option<written::Until> {
    let bound = |name: &str| until.iter().find(|until| until.measure == name).map(|until| until.bound);
    (!until.is_empty()).then(|| written::Until {
        ess_reverse: bound("ess_reverse"),
        ess_forward: bound("ess_forward"),
        kl_reverse: bound("kl_reverse"),
        kl_forward: bound("kl_forward"),
    })
}
