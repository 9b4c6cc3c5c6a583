//! From what was written to what can run: every number in range, every name usable, every default filled in.

use super::path::KeyPath;
use super::plan::{Bench, Distillation, Evaluation, Experiment, StudentPlan, TeacherPlan};
use super::surroundings::Surroundings;
use super::tree::{number, shortened};
use super::written::{self, OrNone};
use super::{data, flow, name, recipe, teacher};
use flowstill_model::{Architecture, Role};

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
    let of_teacher = teacher.as_ref().and_then(|plan| plan.flow()).map(|plan| &plan.architecture);
    let distillation = match &written.student {
        Some(OrNone(None)) => {
            alone(&mut checker, written, teacher.as_ref());
            None
        }
        Some(OrNone(Some(student))) => Some(distillation(&mut checker, student, written, of_teacher)),
        None => Some(distillation(&mut checker, &written::Student::default(), written, of_teacher)),
    };

    match (data, teacher) {
        (Some(data), Some(teacher)) if checker.findings.is_empty() => {
            Ok(Experiment { name, seed, threads, data, teacher, distillation })
        }
        _ => Err(checker.findings),
    }
}

/// A student, and how it is compared with its teacher.
fn distillation(
    checker: &mut Checker,
    wanted: &written::Student,
    written: &written::Experiment,
    of_teacher: Option<&Architecture>,
) -> Distillation {
    let student = StudentPlan {
        architecture: flow::Written { link: wanted.link(), base: wanted.base.as_ref(), chain: wanted.chain.as_deref() }
            .checked(checker, Role::Student, of_teacher),
        recipe: recipe::check(checker, wanted),
    };
    recipe::fits(checker, wanted, &student, of_teacher);

    let evaluation = match &written.evaluation {
        Some(OrNone(None)) => {
            let message = "a student is always compared with its teacher; remove it, or write `student: none` to train the \
                           teacher alone";
            checker.wrong_with("evaluation", "student", message.to_owned());
            written::Evaluation::default()
        }
        Some(OrNone(Some(evaluation))) => evaluation.clone(),
        None => written::Evaluation::default(),
    };
    let samples = evaluation.samples.unwrap_or(20_000);
    let evaluation = Evaluation { samples: checker.whole("evaluation.samples", samples, (2, 100_000_000), "") };
    Distillation { student, evaluation, bench: bench(checker, written.bench.as_ref()) }
}

/// Notes what means nothing without a student.
fn alone(checker: &mut Checker, written: &written::Experiment, teacher: Option<&TeacherPlan>) {
    if let Some(TeacherPlan::Truth(_)) = teacher {
        let message = "`none` leaves nothing to do beside `teacher: {model: truth}`, a known density of which nothing is \
                       trained; write the keys of a student, or train a teacher with `model: maf`";
        checker.wrong_with("student", "teacher.model", message.to_owned());
    }
    let evaluation = written.evaluation.as_ref().and_then(|evaluation| evaluation.0.as_ref());
    let bench = written.bench.as_ref().and_then(|bench| bench.0.as_ref());
    for (section, key, given) in [
        ("evaluation", "samples", evaluation.is_some_and(|evaluation| evaluation.samples.is_some())),
        ("bench", "batches", bench.is_some_and(|bench| bench.batches.is_some())),
        ("bench", "repetitions", bench.is_some_and(|bench| bench.repetitions.is_some())),
    ] {
        if given {
            let message = format!(
                "means nothing beside `student: none`, which leaves nothing to compare; remove it or, where others need it, \
                 write `{section}: none` as well"
            );
            checker.wrong_with(KeyPath::from(section).key(key), "student", message);
        }
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
