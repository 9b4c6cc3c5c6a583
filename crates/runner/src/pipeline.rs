//! An experiment from its data to its report, stage by stage.

use crate::config::{Experiment, TeacherPlan, config_hash};
use crate::console::Console;
use crate::error::RunError;
use crate::folder::Folder;
use crate::metrics::{FORMAT_VERSION, Metrics};
use crate::provenance::processor;
use crate::report::estimate;
use crate::stage::comparison::Comparison;
use crate::stage::evaluate;
use crate::stage::teacher::{Opened, Teacher};
use crate::stage::train::{Stage, Workshop};
use flowstill_data::{Dataset, load};
use flowstill_eval::warnings;
use flowstill_flow::Engine;
use flowstill_model::{Checkpoint, Role};
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is decided for a run and not for an experiment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// replace results of another configuration
    pub overwrite: bool,
    /// what trains; the reference shows that the fast one is right
    pub engine: Engine,
}

/// One experiment with its data loaded and its folder open.
pub struct Pipeline<'a> {
    experiment: &'a Experiment,
    data: Dataset,
    folder: Folder,
    pool: rayon::ThreadPool,
    options: Options,
    interrupted: &'a AtomicBool,
    /// two processes would write over each other's states
    _lock: File,
}

impl<'a> Pipeline<'a> {
    /// Loads the data, starts the threads and takes `root`, the run's own folder.
    pub fn open(
        experiment: &'a Experiment,
        root: &Path,
        options: Options,
        interrupted: &'a AtomicBool,
        console: &mut dyn Console,
    ) -> Result<Self, RunError> {
        if root.join("plan.json").exists() {
            return Err(RunError::HoldsSweep { folder: root.into() });
        }
        let data = load(&experiment.data)?;
        experiment.buildable(&data)?;
        let threads = experiment.threads;
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|e| RunError::Threads { threads, reason: e.to_string() })?;
        console.say(&format!(
            "{}: {} training rows, {} validation, {} test, {} columns; threads: {threads}",
            data.name,
            data.training_rows(),
            data.validation.len(),
            data.test.len(),
            data.dim()
        ));
        for warning in experiment.warnings(data.dim()) {
            console.warn(&warning);
        }
        let folder = Folder::new(root);
        let lock = folder.claim()?;
        Ok(Self { experiment, data, folder, pool, options, interrupted, _lock: lock })
    }

    pub fn experiment(&self) -> &Experiment {
        self.experiment
    }

    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    fn workshop(&self) -> Workshop<'_> {
        Workshop {
            experiment: self.experiment,
            data: &self.data,
            folder: &self.folder,
            overwrite: self.options.overwrite,
            engine: self.options.engine,
            interrupted: self.interrupted,
            tabled: true,
        }
    }

    /// Trains the teacher, or finds it; says so if there is none to train.
    pub fn teacher(&self, console: &mut dyn Console) -> Result<Teacher, RunError> {
        self.pool.install(|| self.workshop().teacher(console))
    }

    /// Tells how likely the test rows are under the teacher, and writes it to `teacher_test.json`. Rows without a finite density
    /// are a warning: the teacher is none the worse for them.
    pub fn test(&self, teacher: Teacher, console: &mut dyn Console) -> Result<(), RunError> {
        let teacher = Opened::new(teacher)?;
        let likelihood = match self.pool.install(|| evaluate::likelihood(teacher.density(), &self.data)) {
            Err(RunError::Eval(error)) => {
                console.warn(&format!("no test log-likelihood: {error}"));
                return Ok(());
            }
            other => other?,
        };
        let bits = likelihood
            .bits_per_dimension
            .map_or_else(String::new, |bits| format!(", {} bits per dimension", estimate(bits)));
        console.say(&format!("test log-likelihood {} nats{bits}", estimate(likelihood.test_log_likelihood)));
        self.folder.write_json("teacher_test.json", &likelihood)
    }

    /// Distils the student of `teacher`, or finds it.
    pub fn student(&self, teacher: &Teacher, console: &mut dyn Console) -> Result<Stage, RunError> {
        self.pool.install(|| self.workshop().student(teacher, console))
    }

    /// The teacher of this experiment, which must have been trained if it is a flow.
    pub fn finished_teacher(&self) -> Result<Teacher, RunError> {
        let missing = || RunError::MissingStage { path: self.folder.checkpoint("teacher"), command: "train" };
        self.workshop().finished_teacher()?.ok_or_else(missing)
    }

    /// A teacher trained elsewhere, in place of this experiment's own.
    pub fn foreign_teacher(&self, path: &Path) -> Result<Teacher, RunError> {
        if let TeacherPlan::Truth(_) = self.experiment.teacher {
            return Err(RunError::NeedlessTeacher { teacher: path.into() });
        }
        let checkpoint = Checkpoint::load(path)?;
        let unfit = if checkpoint.role != Role::Teacher {
            Some("it is a student".to_owned())
        } else if checkpoint.spec.dim != self.data.dim() {
            Some(format!("it has {} columns, the data {}", checkpoint.spec.dim, self.data.dim()))
        } else if checkpoint.pixels != self.data.pixels {
            Some("it takes pixels differently".to_owned())
        } else if checkpoint.standardizer != self.data.standardizer {
            Some("its standardisation is that of other data".to_owned())
        } else {
            None
        };
        if let Some(reason) = unfit {
            return Err(RunError::UnfitTeacher { teacher: path.into(), reason });
        }
        let record = crate::stage::StageRecord {
            key: config_hash(&(&checkpoint.provenance.config_hash, &checkpoint.theta)),
            steps: 0,
            best_step: 0,
            best_validation: None,
            ended: "trained elsewhere".to_owned(),
            seconds: 0.0,
            resumed_at: 0,
            terms: Vec::new(),
            measures: Vec::new(),
            history: Vec::new(),
            phases: Vec::new(),
        };
        Ok(Teacher::Trained(Box::new(Stage { checkpoint, record })))
    }

    /// The student of `teacher`, which must have been distilled.
    pub fn finished_student(&self, teacher: &Teacher) -> Result<Stage, RunError> {
        let workshop = self.workshop();
        let missing = || RunError::MissingStage { path: self.folder.checkpoint("student"), command: "distill" };
        workshop.finished("student", &workshop.student_key(teacher)?)?.ok_or_else(missing)
    }

    /// Compares the two, measures their speed, writes `metrics.json`, the figures and the report. Results of the same
    /// configuration are kept as they are.
    pub fn compare(&self, teacher: Teacher, student: Stage, console: &mut dyn Console) -> Result<Metrics, RunError> {
        let experiment = self.experiment;
        let plan = experiment.with_student()?;
        let key = config_hash(&(experiment, &student.record.key));
        if let Some(metrics) = self.folder.read_json::<Metrics>("metrics.json").ok().flatten()
            && metrics.format_version == FORMAT_VERSION
            && metrics.provenance.config_hash == key
            && metrics.provenance.processor == processor()
            && self.folder.path("report.html").exists()
        {
            console.say("comparison: made earlier");
            warnings(&metrics.distillation).iter().for_each(|warning| console.warn(warning));
            return Ok(metrics);
        }
        let comparison = Comparison::open(experiment, &self.data, teacher, student)?;
        console.say(&format!("comparing on {} samples of each", plan.evaluation.samples));
        let (evaluation, drawn) = self.pool.install(|| comparison.evaluate())?;
        warnings(&evaluation.distillation).iter().for_each(|warning| console.warn(warning));
        self.go_on()?;
        if !plan.bench.batches.is_empty() {
            console.say("measuring speed");
        }
        let measured = comparison.speed()?;
        self.go_on()?;
        self.pool.install(|| comparison.publish(&self.folder, evaluation, measured, &drawn, key, &[]))
    }

    fn go_on(&self) -> Result<(), RunError> {
        if self.interrupted.load(Ordering::Relaxed) { Err(RunError::InterruptedComparison) } else { Ok(()) }
    }
}
