//! The work of one stage.

use crate::plan::{PlannedCell, StageKeys};
use crate::result::{Numbers, numbers, numbers_alone};
use crate::stage::{Kind, StageId};
use crate::store::Store;
use flowstill_data::Dataset;
use flowstill_eval::SpeedRow;
use flowstill_runner::folder::Folder;
use flowstill_runner::metrics::ModelMetrics;
use flowstill_runner::stage::alone;
use flowstill_runner::stage::comparison::{Comparison, Evaluation, Measured};
use flowstill_runner::stage::drawn::Drawn;
use flowstill_runner::stage::teacher::Teacher;
use flowstill_runner::stage::train::{Stage, Workshop};
use flowstill_runner::tensorboard::Hparam;
use flowstill_runner::{Console, Engine, Experiment, Metrics, RunError};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::atomic::AtomicBool;

/// Where an evaluation leaves what it has found.
const EVALUATION: &str = "evaluation.json";

/// A cell with its data loaded.
pub struct Bench<'a> {
    pub store: &'a Store,
    pub cell: &'a PlannedCell,
    pub experiment: &'a Experiment,
    pub data: &'a Dataset,
    pub stop: &'a AtomicBool,
}

impl Bench<'_> {
    /// Does the stage of this cell that is of this kind. Uses the current rayon pool.
    pub fn perform(&self, kind: Kind, console: &mut dyn Console) -> Result<(), RunError> {
        let folder = self.folder(kind);
        match kind {
            Kind::Teacher => self.workshop(&folder).teacher(console).map(drop),
            Kind::Student => {
                let teacher = self.teacher()?;
                self.workshop(&folder).student(&teacher, console).map(drop)
            }
            Kind::Evaluation if self.experiment.distillation.is_none() => {
                folder.write_json(EVALUATION, &alone::measure(self.teacher()?, self.data)?)
            }
            Kind::Evaluation => {
                let (evaluation, drawn) = self.comparison()?.evaluate()?;
                drawn.save(&folder)?;
                folder.write_json(EVALUATION, &evaluation)
            }
            Kind::Speed => folder.write_json("speed.json", &self.comparison()?.speed()?),
        }
    }

    /// The key of the stage of this kind, by the data as they are now.
    pub fn key(&self, kind: Kind) -> Option<String> {
        StageKeys::of(self.experiment, &self.data.hash).get(kind).map(str::to_owned)
    }

    /// Fills the folder of the cell, all of whose stages are done, and tells its numbers.
    pub fn publish(&self) -> Result<(Numbers, Vec<SpeedRow>), RunError> {
        let settings = self.settings();
        let settings: Vec<(&str, Hparam)> =
            settings.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        if self.experiment.distillation.is_some() {
            let metrics = self.publish_comparison(&settings)?;
            return Ok((numbers(&metrics), metrics.speed));
        }
        let teacher: ModelMetrics = self.evaluation()?;
        alone::publish(self.experiment, &self.store.cell(&self.cell.name), &teacher, &settings)?;
        Ok((numbers_alone(&teacher), Vec::new()))
    }

    /// Writes metrics and report of the cell.
    fn publish_comparison(&self, settings: &[(&str, Hparam)]) -> Result<Metrics, RunError> {
        let evaluation: Evaluation = self.evaluation()?;
        let drawn = Drawn::load(&self.folder(Kind::Evaluation))?;
        let measured: Measured = match self.cell.stage(Kind::Speed) {
            Some(speed) => self.store.stage(&speed).read_json("speed.json")?.unwrap_or_default(),
            None => Measured::default(),
        };
        let key = self.cell.key().to_owned();
        let folder = self.store.cell(&self.cell.name);
        self.comparison()?.publish(&folder, evaluation, measured, &drawn, key, settings)
    }

    /// What the evaluation has found.
    fn evaluation<T: DeserializeOwned>(&self) -> Result<T, RunError> {
        let folder = self.folder(Kind::Evaluation);
        let missing = || RunError::Read { path: folder.path(EVALUATION), reason: "there is none".to_owned() };
        folder.read_json(EVALUATION)?.ok_or_else(missing)
    }

    /// What tells the cell from others, as TensorBoard's table of runs has it.
    fn settings(&self) -> Vec<(String, Hparam)> {
        let value = |value: &Value| match value {
            Value::Number(number) => number.as_f64().unwrap_or(f64::NAN).into(),
            Value::String(text) => text.as_str().into(),
            other => other.to_string().as_str().into(),
        };
        let mut settings: Vec<_> = self.cell.settings.iter().map(|(key, set)| (key.clone(), value(set))).collect();
        settings.push(("seed".to_owned(), (self.cell.seed as f64).into()));
        if let Some(baseline) = &self.cell.baseline {
            settings.push(("baseline".to_owned(), baseline.as_str().into()));
        }
        settings
    }

    fn id(&self, kind: Kind) -> Option<StageId> {
        self.cell.stage(kind)
    }

    /// Where the stage of this kind is done; a known density in the place of a teacher has none, and needs none.
    fn folder(&self, kind: Kind) -> Folder {
        match self.id(kind) {
            Some(id) => self.store.stage(&id),
            None => self.store.cell(&self.cell.name),
        }
    }

    fn workshop<'b>(&'b self, folder: &'b Folder) -> Workshop<'b> {
        Workshop {
            experiment: self.experiment,
            data: self.data,
            folder,
            // what a key names is the same or it is damaged
            overwrite: true,
            engine: Engine::default(),
            interrupted: self.stop,
            tabled: false,
        }
    }

    fn teacher(&self) -> Result<Teacher, RunError> {
        let folder = self.folder(Kind::Teacher);
        let missing = || RunError::MissingStage { path: folder.checkpoint("teacher"), command: "sweep" };
        self.workshop(&folder).finished_teacher()?.ok_or_else(missing)
    }

    fn student(&self, teacher: &Teacher) -> Result<Stage, RunError> {
        let folder = self.folder(Kind::Student);
        let missing = || RunError::MissingStage { path: folder.checkpoint("student"), command: "sweep" };
        let workshop = self.workshop(&folder);
        workshop.finished("student", &workshop.student_key(teacher)?)?.ok_or_else(missing)
    }

    fn comparison(&self) -> Result<Comparison<'_>, RunError> {
        let teacher = self.teacher()?;
        let student = self.student(&teacher)?;
        Comparison::open(self.experiment, self.data, teacher, student)
    }
}
