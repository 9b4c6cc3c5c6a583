//! The learning-rate range test of an experiment's teacher.

use crate::config::{Experiment, Fitting, FlowPlan, TeacherPlan};
use crate::console::Console;
use crate::error::RunError;
use flowstill_data::Dataset;
use flowstill_flow::Engine;
use flowstill_teacher::{Learning, Nll};
use flowstill_trainer::{Observer, Record, StepReport, Trial};
use std::io;

/// A step of the teacher's training at each of the `rates`, which grow; see [`flowstill_trainer::try_rates`]. Uses the current
/// rayon pool.
///
/// # Errors
/// A teacher without a learning rate, and whatever befalls the training.
pub fn try_rates(
    experiment: &Experiment,
    data: &Dataset,
    rates: &[f64],
    console: &mut dyn Console,
) -> Result<Vec<Trial>, RunError> {
    let plan = match &experiment.teacher {
        TeacherPlan::Flow(plan) => plan,
        TeacherPlan::Truth(_) => {
            return Err(RunError::NoRate { reason: "is a known density, of which nothing is trained" });
        }
    };
    let Fitting::Gradient(training) = &plan.training else {
        return Err(RunError::NoRate { reason: "is a mixture of Gaussians, which is fitted by EM" });
    };
    experiment.buildable(data)?;
    let FlowPlan { fresh_noise, dropout, .. } = **plan;
    let (seed, engine) = (experiment.seed, Engine::default());
    let learning = Learning { training, fresh_noise, dropout, seed, engine };
    let mut progress = Progress(console);
    let tried = flowstill_teacher::try_rates(data, &plan.architecture, learning, rates, &mut progress);
    progress.0.trained();
    tried.map_err(|source| RunError::Train { stage: "teacher", source })
}

/// The steps as those of a training.
struct Progress<'a>(&'a mut dyn Console);

impl Observer for Progress<'_> {
    fn start(&mut self, step: u64, total: u64) -> io::Result<()> {
        self.0.training("rates", step, total);
        Ok(())
    }

    fn step(&mut self, report: &StepReport) -> io::Result<()> {
        self.0.step(report, Nll::TERMS);
        Ok(())
    }

    fn validation(&mut self, _: &Record, _: &[f32]) -> io::Result<()> {
        Ok(())
    }
}
