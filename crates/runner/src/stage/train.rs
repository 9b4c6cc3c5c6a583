//! Training a teacher and distilling a student, or finding that it was done before.

use super::StageRecord;
use super::keys::Keys;
use super::teacher::Teacher;
use super::watch::Watch;
use crate::config::{Experiment, Fitting, FlowPlan, TeacherPlan};
use crate::console::Console;
use crate::error::RunError;
use crate::folder::Folder;
use crate::provenance::VERSION;
use crate::tensorboard::Hparam;
use crate::truth::Truth;
use flowstill_data::{Dataset, Target};
use flowstill_flow::Engine;
use flowstill_model::{Architecture, Checkpoint, Family, FlowSpec, Orientation, Provenance, Role};
use flowstill_student::{Limits, Recipe, Source};
use flowstill_teacher::{Learning, Nll};
use flowstill_trainer::{End, Environment, Settings, State, TrainError};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// A finished stage.
pub struct Stage {
    pub checkpoint: Checkpoint,
    pub record: StageRecord,
}

/// What both trainings share.
pub struct Workshop<'a> {
    pub experiment: &'a Experiment,
    pub data: &'a Dataset,
    pub folder: &'a Folder,
    pub overwrite: bool,
    pub engine: Engine,
    pub interrupted: &'a AtomicBool,
    /// whether the trainings stand in TensorBoard's table of runs; in a sweep its cells do
    pub tabled: bool,
}

impl Workshop<'_> {
    fn keys(&self) -> Keys<'_> {
        Keys { experiment: self.experiment, data: &self.data.hash, engine: self.engine }
    }

    /// Key of the student of `teacher`.
    pub fn student_key(&self, teacher: &Teacher) -> Result<String, RunError> {
        let plan = &self.experiment.with_student()?.student;
        let key = match teacher {
            Teacher::Trained(stage) => Some(stage.record.key.as_str()),
            Teacher::Known(_) => None,
        };
        Ok(self.keys().student(plan, key))
    }

    /// The teacher: trained now, or earlier with the same key; or known without any training.
    pub fn teacher(&self, console: &mut dyn Console) -> Result<Teacher, RunError> {
        match &self.experiment.teacher {
            TeacherPlan::Flow(plan) => self.trained(plan, console).map(Box::new).map(Teacher::Trained),
            TeacherPlan::Truth(target) => {
                let truth = self.truth(*target)?;
                console.say(&format!("teacher: none is trained, `{}` is a known density", truth.name()));
                Ok(Teacher::Known(truth))
            }
        }
    }

    /// The teacher if there is nothing left to do for it.
    pub fn finished_teacher(&self) -> Result<Option<Teacher>, RunError> {
        match &self.experiment.teacher {
            TeacherPlan::Flow(plan) => {
                Ok(self.finished("teacher", &self.keys().flow(plan))?.map(Box::new).map(Teacher::Trained))
            }
            TeacherPlan::Truth(target) => Ok(Some(Teacher::Known(self.truth(*target)?))),
        }
    }

    /// The known density, in a folder without a teacher that was trained before the configuration asked for none.
    fn truth(&self, target: Target) -> Result<Truth, RunError> {
        let left = [self.folder.checkpoint("teacher"), self.folder.state("teacher")];
        if left.iter().any(|path| path.exists()) {
            if !self.overwrite {
                return Err(self.other_configuration("teacher"));
            }
            self.folder.remove_states("teacher")?;
            let files = ["teacher.json", "teacher_test.json"].map(|name| self.folder.path(name));
            for path in files.iter().chain([&left[0], &self.folder.tensorboard("teacher")]) {
                self.folder.remove(path)?;
            }
        }
        Ok(Truth::new(target, self.data.standardizer.clone()))
    }

    fn trained(&self, plan: &FlowPlan, console: &mut dyn Console) -> Result<Stage, RunError> {
        let key = self.keys().flow(plan);
        if let Some(stage) = self.finished_or_room("teacher", &key)? {
            console.say(&format!("teacher: trained earlier, {}", self.folder.checkpoint("teacher").display()));
            return Ok(stage);
        }
        let seed = self.experiment.seed;
        let spec = plan.architecture.spec(self.data.dim(), Orientation::Maf, seed);
        let settings = match &plan.training {
            Fitting::Gradient(training) => {
                let mut settings = settings(&plan.architecture, training, seed);
                settings.push(("dropout", plan.dropout.into()));
                settings.push(("fresh_noise", f64::from(u8::from(plan.fresh_noise)).into()));
                settings
            }
            Fitting::Em(training) => vec![("steps", (training.steps as f64).into()), ("seed", (seed as f64).into())],
        };
        let mut watch = self.watch(Role::Teacher, Nll::TERMS, settings, spec, console);
        let started = Instant::now();
        let state = self.folder.state("teacher");
        let environment = self.environment(&state, &key);
        let fitted = match (&plan.training, &plan.architecture.family) {
            (Fitting::Em(settings), Family::GaussianMixture { components, covariance }) => {
                let (components, covariance) = (*components, *covariance);
                let data = self.data;
                flowstill_teacher::fit_mixture(data, components, covariance, settings, seed, &environment, &mut watch)
            }
            (Fitting::Em(_), _) => unreachable!("only mixtures are fitted by EM"),
            (Fitting::Gradient(training), _) => {
                let (fresh_noise, dropout, engine) = (plan.fresh_noise, plan.dropout, self.engine);
                let learning = Learning { training, fresh_noise, dropout, seed, engine };
                flowstill_teacher::fit(self.data, &plan.architecture, learning, &environment, &mut watch)
            }
        };
        let resumed_at = watch.resumed_at;
        watch.end(fitted.is_ok());
        console.trained();
        let fitted = fitted.map_err(|source| failed("teacher", source))?;
        let record = StageRecord::new(&key, &fitted.outcome, Nll::TERMS, started.elapsed().as_secs_f64(), resumed_at);
        self.finish(Role::Teacher, fitted.spec, fitted.theta, fitted.outcome.end, record)
    }

    /// The student of `teacher`: distilled now, or earlier with the same key.
    pub fn student(&self, teacher: &Teacher, console: &mut dyn Console) -> Result<Stage, RunError> {
        let key = self.student_key(teacher)?;
        if let Some(stage) = self.finished_or_room("student", &key)? {
            console.say(&format!("student: distilled earlier, {}", self.folder.checkpoint("student").display()));
            return Ok(stage);
        }
        let plan = &self.experiment.with_student()?.student;
        let seed = self.experiment.seed;
        let spec = plan.architecture.spec(self.data.dim(), Orientation::Iaf, seed);
        let settings = distillation_settings(&plan.architecture, &plan.recipe, seed);
        let mut watch = self.watch(Role::Student, &[], settings, spec, console);
        let target = teacher.target(self.engine)?;
        let started = Instant::now();
        let state = self.folder.state("student");
        let environment = self.environment(&state, &key);
        let fitted = flowstill_student::fit(
            Source { target: target.as_ref(), data: &self.data.train.values },
            &plan.architecture,
            &plan.recipe,
            Limits::default(),
            seed,
            self.engine,
            &environment,
            &mut watch,
        );
        let resumed_at = watch.resumed_at;
        watch.end(fitted.is_ok());
        console.trained();
        let fitted = fitted.map_err(|source| failed("student", source))?;
        let seconds = started.elapsed().as_secs_f64();
        let record = StageRecord::of_phases(&key, &fitted.phases, seconds, resumed_at).expect("a recipe has a phase");
        let end = fitted.phases.last().map_or(End::Steps, |phase| phase.outcome.end);
        self.finish(Role::Student, fitted.spec, fitted.theta, end, record)
    }

    /// The stage if it was finished earlier with this key. Changes nothing.
    pub fn finished(&self, stage: &'static str, key: &str) -> Result<Option<Stage>, RunError> {
        let path = self.folder.checkpoint(stage);
        if !path.exists() {
            return match State::fingerprint(&self.folder.state(stage)) {
                Some(unfinished) if unfinished != key => Err(self.other_configuration(stage)),
                _ => Ok(None),
            };
        }
        let checkpoint = Checkpoint::load(&path)?;
        if checkpoint.provenance.config_hash != key {
            return Err(self.other_configuration(stage));
        }
        let record: Option<StageRecord> = self.folder.read_json(&format!("{stage}.json"))?;
        // without its record the report has nothing to tell of the training, so it must be made again
        Ok(record.filter(|record| record.key == key).map(|record| Stage { checkpoint, record }))
    }

    /// [`Workshop::finished`], and if there is no such stage, room for it: whatever is there of another configuration
    /// or cannot be read is removed if that is wanted.
    fn finished_or_room(&self, stage: &'static str, key: &str) -> Result<Option<Stage>, RunError> {
        let found = match self.finished(stage, key) {
            Err(_) if self.overwrite => {
                self.folder.remove_states(stage)?;
                None
            }
            other => other?,
        };
        if found.is_none() {
            // a state that was torn tells of no configuration, and is as useless as one of another
            if self.overwrite && State::fingerprint(&self.folder.state(stage)).as_deref() != Some(key) {
                self.folder.remove_states(stage)?;
            }
            self.folder.create()?;
            self.folder.remove(&self.folder.checkpoint(stage))?;
        }
        Ok(found)
    }

    fn other_configuration(&self, stage: &'static str) -> RunError {
        RunError::OtherConfiguration { folder: self.folder.root().into(), stage }
    }

    fn environment<'b>(&'b self, state: &'b Path, key: &'b str) -> Environment<'b> {
        Environment { state: Some(state), fingerprint: key, interrupted: self.interrupted }
    }

    fn watch<'b>(
        &'b self,
        role: Role,
        terms: &'static [&'static str],
        settings: Vec<(&'static str, Hparam)>,
        spec: FlowSpec,
        console: &'b mut dyn Console,
    ) -> Watch<'b> {
        let yaml = self.experiment.to_yaml().expect("a checked experiment has a YAML form");
        let indented: String = yaml.lines().map(|line| format!("    {line}\n")).collect();
        Watch {
            role,
            terms: terms.to_vec(),
            measures: Vec::new(),
            spec,
            data: self.data,
            seed: self.experiment.seed,
            folder: self.folder.tensorboard(role.name()),
            texts: vec![("configuration", indented)],
            settings: if self.tabled { settings } else { Vec::new() },
            console,
            resumed_at: 0,
            total: 0,
            events: None,
            every: 1,
            phase: None,
        }
    }

    /// Writes what there is to tell, then the checkpoint, then drops the state: a kill between any two loses nothing.
    fn finish(
        &self,
        role: Role,
        spec: FlowSpec,
        theta: Vec<f32>,
        end: End,
        record: StageRecord,
    ) -> Result<Stage, RunError> {
        let stage = role.name();
        if end == End::Interrupted {
            return Err(RunError::Interrupted { stage, step: record.steps });
        }
        let checkpoint = Checkpoint {
            role,
            spec,
            standardizer: self.data.standardizer.clone(),
            pixels: self.data.pixels.clone(),
            columns: self.data.columns.clone(),
            provenance: Provenance {
                version: VERSION.to_owned(),
                config_hash: record.key.clone(),
                data_hash: self.data.hash.clone(),
                seed: self.experiment.seed,
            },
            theta,
        };
        // what was measured of another model
        self.folder.remove(&self.folder.path(&format!("{stage}_test.json")))?;
        self.folder.write_json(&format!("{stage}.json"), &record)?;
        self.folder.write_configuration(self.experiment)?;
        checkpoint.save(&self.folder.checkpoint(stage))?;
        self.folder.remove_states(stage)?;
        Ok(Stage { checkpoint, record })
    }
}

/// The settings that experiments differ in most.
fn settings(architecture: &Architecture, training: &Settings, seed: u64) -> Vec<(&'static str, Hparam)> {
    vec![
        ("layers", (architecture.layers as f64).into()),
        ("hidden", format!("{:?}", architecture.hidden).as_str().into()),
        ("activation", architecture.activation.name().into()),
        ("batch", (training.batch as f64).into()),
        ("rate", training.rate.into()),
        ("steps", (training.steps as f64).into()),
        ("seed", (seed as f64).into()),
    ]
}

/// The same for a recipe: sums over its phases, and the objectives in their order.
fn distillation_settings(architecture: &Architecture, recipe: &Recipe, seed: u64) -> Vec<(&'static str, Hparam)> {
    let (objective, training) = match recipe {
        Recipe::Auto(training) => ("auto".to_owned(), training.clone()),
        Recipe::Phases(phases) => {
            let names: Vec<_> = phases.iter().map(|phase| phase.objective.name()).collect();
            let steps = phases.iter().map(|phase| phase.training.steps).sum();
            (names.join(", "), Settings { steps, ..phases[0].training.clone() })
        }
    };
    let mut settings = settings(architecture, &training, seed);
    settings.push(("objective", objective.as_str().into()));
    settings
}

fn failed(stage: &'static str, source: TrainError) -> RunError {
    RunError::Train { stage, source }
}
