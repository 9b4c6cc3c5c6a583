//! A student beside its teacher: quality, speed, and the report of both.

use super::StageRecord;
use super::drawn::Drawn;
use super::teacher::{Opened, Teacher};
use super::train::Stage;
use super::{evaluate, numbers};
use crate::config::{Distillation, Experiment};
use crate::error::RunError;
use crate::folder::Folder;
use crate::metrics::{FORMAT_VERSION, Metrics, ModelMetrics, Timing};
use crate::provenance::{Provenance, VERSION, processor};
use crate::report;
use crate::summary;
use crate::tensorboard::Hparam;
use flowstill_data::Dataset;
use flowstill_eval::{Quality, Speed};
use flowstill_sampler::Sampler;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Teacher and student, ready to be measured.
pub struct Comparison<'a> {
    experiment: &'a Experiment,
    plan: &'a Distillation,
    data: &'a Dataset,
    teacher: Opened,
    student: Sampler,
    student_record: StageRecord,
}

/// What the comparison of the densities found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    pub teacher: ModelMetrics,
    pub student: ModelMetrics,
    /// student `q` against teacher `p`
    pub distillation: Quality,
    /// wall-clock time that it took
    pub seconds: f64,
}

/// What the measurement of speed found, and where.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub speed: Speed,
    /// wall-clock time that it took
    pub seconds: f64,
}

impl<'a> Comparison<'a> {
    /// # Errors
    /// If the experiment has no student, or a checkpoint is of no flow.
    pub fn open(
        experiment: &'a Experiment,
        data: &'a Dataset,
        teacher: Teacher,
        student: Stage,
    ) -> Result<Self, RunError> {
        let plan = experiment.with_student()?;
        let Stage { checkpoint, record } = student;
        let (teacher, student) = (Opened::new(teacher)?, Sampler::from_checkpoint(checkpoint)?);
        Ok(Self { experiment, plan, data, teacher, student, student_record: record })
    }

    /// Compares the densities. Uses the current rayon pool; the numbers do not depend on its size.
    pub fn evaluate(&self) -> Result<(Evaluation, Drawn), RunError> {
        let started = Instant::now();
        let teacher = evaluate::teacher(&self.teacher, self.data)?;
        let student = evaluate::model(&self.student, self.data, &self.student_record)?;
        let (distillation, samples) = evaluate::quality(
            self.teacher.density(),
            &self.student,
            self.data,
            &self.experiment.data,
            self.plan.evaluation.samples,
            self.experiment.seed,
        )?;
        let seconds = started.elapsed().as_secs_f64();
        Ok((Evaluation { teacher, student, distillation, seconds }, Drawn::of(&samples)))
    }

    /// Measures the speed of both.
    pub fn speed(&self) -> Result<Measured, RunError> {
        let started = Instant::now();
        let bench = &self.plan.bench;
        let threads = self.experiment.threads;
        let speed = evaluate::speed(self.teacher.sampler(), &self.student, &bench.batches, bench.repetitions, threads)?;
        let seconds = if speed.rows.is_empty() { 0.0 } else { started.elapsed().as_secs_f64() };
        Ok(Measured { speed, seconds })
    }

    /// Writes the figures, the report and TensorBoard's numbers into `folder`, and `metrics.json` last: it says that all
    /// of it is there. `key` names the comparison, `settings` are those that tell it from others beside it.
    pub fn publish(
        &self,
        folder: &Folder,
        evaluation: Evaluation,
        measured: Measured,
        drawn: &Drawn,
        key: String,
        settings: &[(&str, Hparam)],
    ) -> Result<Metrics, RunError> {
        let metrics = self.metrics(evaluation, measured, key);
        let teacher = self.teacher.sampler();
        let page = summary::report((self.experiment, self.plan), self.data, teacher, &self.student, &metrics, drawn)?;
        // old numbers must not vouch for new pictures
        folder.remove(&folder.path("metrics.json"))?;
        folder.remove(&folder.path("figures"))?;
        for figure in report::figures(&page) {
            folder.write(&format!("figures/{}.svg", figure.name), figure.svg.as_bytes())?;
        }
        let pictures = report::picture_squares(&page);
        if let Some(pictures) = &pictures {
            folder.write("figures/pictures.png", &pictures.png)?;
        }
        folder.write("report.html", report::render(&page).as_bytes())?;
        let events = folder.tensorboard("comparison");
        numbers::write(&events, &metrics, pictures, settings)
            .map_err(|source| RunError::Write { path: events, source })?;
        folder.write_configuration(self.experiment)?;
        folder.write_json("metrics.json", &metrics)?;
        Ok(metrics)
    }

    fn metrics(&self, evaluation: Evaluation, measured: Measured, key: String) -> Metrics {
        let Evaluation { teacher, student, distillation, seconds } = evaluation;
        Metrics {
            format_version: FORMAT_VERSION,
            name: self.experiment.name.clone(),
            timing: Timing {
                teacher_seconds: teacher.training.as_ref().map(|record| record.seconds),
                student_seconds: self.student_record.seconds,
                evaluation_seconds: seconds,
                speed_seconds: measured.seconds,
            },
            teacher,
            student,
            distillation,
            speed: measured.speed.rows,
            speed_notes: measured.speed.notes,
            provenance: Provenance {
                version: VERSION.to_owned(),
                config_hash: key,
                data_hash: self.data.hash.clone(),
                seed: self.experiment.seed,
                threads: self.experiment.threads,
                processor: processor(),
            },
        }
    }
}
