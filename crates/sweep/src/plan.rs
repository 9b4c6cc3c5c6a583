//! `plan.json`: the cells of a sweep and the stages that they need, as workers on any machine read them.

use crate::stage::{Kind, StageId};
use flowstill_runner::stage::keys::Keys;
use flowstill_runner::{Engine, Experiment};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Raised when a key changes its meaning.
pub const FORMAT_VERSION: u32 = 1;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub format_version: u32,
    /// version of flowstill, which all workers must share
    pub version: String,
    /// the sweep's name
    pub name: String,
    /// dotted keys that are varied, without the seed
    pub keys: Vec<String>,
    #[serde(default)]
    pub rules: Rules,
    pub cells: Vec<PlannedCell>,
}

/// What holds for every stage.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// seconds after which a stage has failed
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_limit: Option<f64>,
    /// how often a stage that failed is tried again
    pub retries: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopping: Option<Stopping>,
}

/// When a training that does worse than others ends early: that of a student, or of a teacher alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stopping {
    pub metric: String,
    pub smaller_is_better: bool,
    #[serde(flatten)]
    pub rule: StoppingRule,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum StoppingRule {
    Median { after: u64, least: usize },
    Halving { first: u64, factor: u32 },
}

/// One cell and its stages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedCell {
    pub name: String,
    /// what the cell sets, by dotted key, without the seed
    pub settings: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    pub seed: u64,
    /// keys of its stages; two cells with the same key share the stage
    pub stages: StageKeys,
    /// estimated multiply-adds of each stage, in their order; those that are missing count for nothing
    #[serde(default)]
    pub costs: Vec<f64>,
    /// its resolved experiment
    pub yaml: String,
}

/// The stages of a cell, each named by the hash of all that it depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageKeys {
    /// absent where a known density is the teacher
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teacher: Option<String>,
    /// absent where the teacher is trained alone
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub student: Option<String>,
    /// of teacher and student, or of the teacher alone
    pub evaluation: String,
    /// absent where no speed is measured
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<String>,
}

impl StageKeys {
    /// Those of `experiment`, whose data have the hash `data`.
    pub fn of(experiment: &Experiment, data: &str) -> Self {
        let keys = Keys { experiment, data, engine: Engine::default() };
        let teacher = keys.teacher();
        let Some(plan) = &experiment.distillation else {
            return Self { evaluation: keys.likelihood(teacher.as_deref()), teacher, student: None, speed: None };
        };
        let student = keys.student(&plan.student, teacher.as_deref());
        let evaluation = keys.evaluation(&plan.evaluation, &student);
        let speed = (!plan.bench.batches.is_empty()).then(|| keys.speed(&plan.bench, &evaluation));
        Self { teacher, student: Some(student), evaluation, speed }
    }

    /// That of one kind, if there is one.
    pub fn get(&self, kind: Kind) -> Option<&str> {
        match kind {
            Kind::Teacher => self.teacher.as_deref(),
            Kind::Student => self.student.as_deref(),
            Kind::Evaluation => Some(&self.evaluation),
            Kind::Speed => self.speed.as_deref(),
        }
    }
}

impl PlannedCell {
    /// Its stages with their costs, each after those that it needs.
    pub fn stages(&self) -> Vec<(StageId, f64)> {
        let stages = Kind::ALL.into_iter().filter_map(|kind| self.stage(kind));
        stages.zip(self.costs.iter().copied().chain(std::iter::repeat(0.0))).collect()
    }

    /// The stage of one kind.
    pub fn stage(&self, kind: Kind) -> Option<StageId> {
        self.stages.get(kind).map(|key| StageId { kind, key: key.to_owned() })
    }

    /// The kind of the training in which cells are compared on the way: the last one.
    pub fn raced(&self) -> Kind {
        if self.stages.student.is_some() { Kind::Student } else { Kind::Teacher }
    }

    /// Names the cell's result: the hash of all that it depends on.
    pub fn key(&self) -> &str {
        self.stages.speed.as_deref().unwrap_or(&self.stages.evaluation)
    }
}
