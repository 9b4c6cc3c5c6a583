//! From what was written to what can run: every number in range, every name usable, every default filled in.

use super::path::KeyPath;
use super::plan::{Bench, Evaluation, Experiment, StudentPlan};
use super::surroundings::Surroundings;
use super::tree::{number, shortened};
use super::written::{self, Map, OrNone, StudentModel, TeacherModel};
use super::{data, name, recipe, teacher};
use flowstill_model::spec::{LEAST_CLIP, MOST_CLIP};
use flowstill_model::{Architecture, Normalisation, OrderRule, Univariate};

/// Weights between hidden layers that a flow may have at most, 4 GB of them.
const MOST_WEIGHTS: usize = 1_000_000_000;

/// One mistake of meaning.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finding {
    pub path: KeyPath,
    pub message: String,
    /// sections and keys that the finding also rests on; it says nothing if one of them could not be read
    pub needs: Vec<KeyPath>,
}

/// Collects findings, so that one look at the file mends them all.
#[derive(Debug, Default)]
pub(super) struct Checker {
    pub findings: Vec<Finding>,
}

impl Checker {
    /// Notes a mistake at `path`.
    pub fn wrong(&mut self, path: impl Into<KeyPath>, message: String) {
        self.findings.push(Finding { path: path.into(), message, needs: Vec::new() });
    }

    /// Notes a mistake at `path` that rests on the value of another key or section as well.
    pub fn wrong_with(&mut self, path: impl Into<KeyPath>, other: impl Into<KeyPath>, message: String) {
        self.findings.push(Finding { path: path.into(), message, needs: vec![other.into()] });
    }

    /// A whole number from `least` to `most`; `why` is added to the range in the message.
    pub fn whole(&mut self, path: impl Into<KeyPath>, value: i64, (least, most): (i64, i64), why: &str) -> usize {
        match usize::try_from(value) {
            Ok(good) if (least..=most).contains(&value) => good,
            _ => {
                self.wrong(path, format!("expected a whole number from {least} to {most}{why}, got {value}"));
                // never used: a finding ends the check
                1
            }
        }
    }

    /// A finite number that `fits`, which `what` says in words.
    pub fn number(&mut self, path: impl Into<KeyPath>, value: f64, fits: impl Fn(f64) -> bool, what: &str) -> f64 {
        if !(value.is_finite() && fits(value)) {
            self.wrong(path, format!("expected a number {what}, got {}", number(value)));
        }
        value
    }
}

/// The plan of `written`, or everything wrong with its meaning.
pub(super) fn check(written: &written::Experiment, surroundings: &Surroundings) -> Result<Experiment, Vec<Finding>> {
    let mut checker = Checker::default();
    let seed = written.seed.unwrap_or(0);
    let name = name(&mut checker, written.name.as_deref(), surroundings);
    let threads = threads(&mut checker, written.threads, surroundings);
    let data = data::check(&mut checker, written.data.as_ref(), surroundings, seed);

    let teacher = teacher::check(&mut checker, written.teacher.as_ref(), written.data.as_ref(), data.as_ref());
    let flow = teacher.as_ref().and_then(|plan| plan.flow()).map(|plan| &plan.architecture);
    let wanted = written.student.clone().unwrap_or_default();
    let student = StudentPlan {
        architecture: student_choices(&wanted).checked(
            &mut checker,
            "student",
            flow.unwrap_or(&Architecture::default()),
        ),
        recipe: recipe::check(&mut checker, &wanted),
    };
    recipe::fits(&mut checker, &wanted, &student, flow);

    let evaluation = written.evaluation.clone().unwrap_or_default();
    let samples = evaluation.samples.unwrap_or(20_000);
    let evaluation = Evaluation { samples: checker.whole("evaluation.samples", samples, (2, 100_000_000), "") };
    let bench = bench(&mut checker, written.bench.as_ref());

    match (data, teacher) {
        (Some(data), Some(teacher)) if checker.findings.is_empty() => {
            Ok(Experiment { name, seed, threads, data, teacher, student, evaluation, bench })
        }
        _ => Err(checker.findings),
    }
}

/// The name given or the stem of the file, if a folder may have it on every system.
fn name(checker: &mut Checker, written: Option<&str>, surroundings: &Surroundings) -> String {
    let stem = || surroundings.file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let name = written.map_or_else(stem, str::to_owned);
    if !name::fits(&name) {
        let origin = if written.is_none() { " from the name of the file; give the key `name`" } else { "" };
        checker.wrong("name", format!("expected {}, got `{}`{origin}", name::RULE, shortened(&name)));
    }
    name
}

/// The number given or that of the surroundings; more than a few threads per core is a slip.
fn threads(checker: &mut Checker, written: Option<i64>, surroundings: &Surroundings) -> usize {
    let cores = surroundings.cores;
    let most = 4 * cores as i64;
    let why = || format!(" (4 for each of the machine's {cores} cores)");
    written.map_or(surroundings.threads, |threads| checker.whole("threads", threads, (1, most), &why()))
}

/// The choices of one architecture, of whichever flow.
pub(super) struct Choices<'a> {
    coupling: bool,
    layers: Option<i64>,
    hidden: Option<&'a Vec<i64>>,
    activation: Option<flowstill_model::Activation>,
    order: Option<OrderRule>,
    normalisation: Option<Normalisation>,
    log_scale_clip: Option<f64>,
    residual: Option<bool>,
    map: Option<&'a Map>,
}

pub(super) fn choices(teacher: &written::Teacher) -> Choices<'_> {
    Choices {
        coupling: teacher.model == Some(TeacherModel::Coupling),
        layers: teacher.layers,
        hidden: teacher.hidden.as_ref(),
        activation: teacher.activation,
        order: teacher.order,
        normalisation: teacher.normalisation,
        log_scale_clip: teacher.log_scale_clip,
        residual: teacher.residual,
        map: teacher.map.as_ref(),
    }
}

fn student_choices(student: &written::Student) -> Choices<'_> {
    Choices {
        coupling: student.model == Some(StudentModel::Coupling),
        layers: student.layers,
        hidden: student.hidden.as_ref(),
        activation: student.activation,
        order: student.order,
        normalisation: student.normalisation,
        log_scale_clip: student.log_scale_clip,
        residual: student.residual,
        map: student.map.as_ref(),
    }
}

impl Choices<'_> {
    pub(super) fn checked(self, checker: &mut Checker, section: &str, default: &Architecture) -> Architecture {
        let at = KeyPath::from(section);
        let layers = self.layers.map_or(default.layers, |n| checker.whole(at.key("layers"), n, (1, 1000), ""));
        let hidden = self.hidden.map_or_else(
            || default.hidden.clone(),
            |widths| {
                if widths.len() > 32 {
                    let message = format!("expected at most 32 hidden layers, got {}", widths.len());
                    checker.wrong(at.key("hidden"), message);
                }
                let each = widths.iter().enumerate();
                each.map(|(i, width)| checker.whole(at.key("hidden").index(i), *width, (1, 65_536), "")).collect()
            },
        );
        let weights = hidden.windows(2).map(|pair| pair[0].saturating_mul(pair[1])).fold(0, usize::saturating_add);
        let weights = weights.saturating_mul(layers);
        // what is inherited whole was judged where it is written
        let written = if self.hidden.is_some() { Some("hidden") } else { self.layers.map(|_| "layers") };
        if let (Some(key), true) = (written, weights > MOST_WEIGHTS) {
            let message =
                format!("expected at most {MOST_WEIGHTS} weights between hidden layers in all, got {weights}");
            checker.wrong_with(at.key(key), at.key("layers"), message);
        }
        let log_scale_clip = self.log_scale_clip.map_or(default.log_scale_clip, |clip| {
            checker.number(
                at.key("log_scale_clip"),
                clip,
                |clip| (LEAST_CLIP..=MOST_CLIP).contains(&clip),
                "from 0.001 to 80",
            )
        });
        let residual = self.residual.unwrap_or(default.residual);
        if residual && (hidden.len().is_multiple_of(2) || hidden.iter().any(|width| *width != hidden[0])) {
            let key = if self.hidden.is_some() { "hidden" } else { "residual" };
            let message = format!(
                "residual blocks need an odd number of hidden layers of one width (one, and two for each block), got \
                 {hidden:?}"
            );
            checker.wrong(at.key(key), message);
        }
        Architecture {
            layers,
            hidden,
            activation: self.activation.unwrap_or(default.activation),
            order: self.order.unwrap_or(default.order),
            normalisation: self.normalisation.unwrap_or(default.normalisation),
            log_scale_clip,
            residual,
            coupling: self.coupling,
            map: self.map.map_or_else(|| default.map.clone(), |map| checked_map(checker, &at.key("map"), map)),
        }
    }
}

/// The map of each coordinate, with its settings in range; nothing for the affine one.
fn checked_map(checker: &mut Checker, at: &KeyPath, map: &Map) -> Option<Univariate> {
    if let Map::Set(settings) = map
        && settings.given().len() != 1
    {
        let given: Vec<_> = settings.given().into_iter().map(|name| format!("`{}`", name.word())).collect();
        let got = if given.is_empty() { "none".to_owned() } else { given.join(" and ") };
        checker.wrong(at.clone(), format!("expected one map, as `{{rational_quadratic: {{bins: 8}}}}`, got {got}"));
        return None;
    }
    let univariate = map.univariate()?;
    if let Err(error) = univariate.check() {
        checker.wrong(at.clone(), error.to_string());
    }
    Some(univariate)
}

/// Without batches where speed is not measured.
fn bench(checker: &mut Checker, written: Option<&OrNone<written::Bench>>) -> Bench {
    let default = written::Bench::default();
    let (written, measured) = match written {
        Some(OrNone(Some(bench))) => (bench, true),
        Some(OrNone(None)) => (&default, false),
        None => (&default, true),
    };
    let batches: &[i64] = match &written.batches {
        Some(batches) => batches,
        None if measured => &[1, 10, 100, 1000, 10_000],
        None => &[],
    };
    if measured && !(1..=100).contains(&batches.len()) {
        let way_out = if batches.is_empty() { "; write `bench: none` to measure no speed" } else { "" };
        checker.wrong("bench.batches", format!("expected 1 to 100 batch sizes, got {}{way_out}", batches.len()));
    }
    let at = KeyPath::from("bench.batches");
    let each = batches.iter().enumerate();
    Bench {
        batches: each.map(|(i, batch)| checker.whole(at.index(i), *batch, (1, 100_000_000), "")).collect(),
        repetitions: checker.whole("bench.repetitions", written.repetitions.unwrap_or(9), (1, 100_000), ""),
    }
}

/// The value of a setting that `none` switches off, or the default where it is not written.
pub(super) fn or_none<T: Copy>(written: Option<OrNone<T>>, default: Option<T>) -> Option<T> {
    written.map_or(default, |setting| setting.0)
}
