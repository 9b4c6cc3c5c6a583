//! A teacher without a student: how likely the test rows are.

use super::teacher::{Opened, Teacher};
use super::{evaluate, numbers};
use crate::config::Experiment;
use crate::error::RunError;
use crate::folder::Folder;
use crate::metrics::{Likelihood, ModelMetrics};
use crate::tensorboard::Hparam;
use flowstill_data::Dataset;

/// Likelihood of the test part, size and training of `teacher`. Uses the current rayon pool; the numbers do not depend on
/// its size.
pub fn measure(teacher: Teacher, data: &Dataset) -> Result<ModelMetrics, RunError> {
    evaluate::unsampled(&Opened::new(teacher)?, data)
}

/// Writes TensorBoard's numbers into `folder`, and `teacher_test.json` last: it says that all of it is there. `settings`
/// are those that tell the experiment from others beside it.
pub fn publish(
    experiment: &Experiment,
    folder: &Folder,
    teacher: &ModelMetrics,
    settings: &[(&str, Hparam)],
) -> Result<(), RunError> {
    let likelihood = Likelihood::from(teacher);
    let events = folder.tensorboard("test");
    numbers::write_alone(&events, &likelihood, settings).map_err(|source| RunError::Write { path: events, source })?;
    folder.write_configuration(experiment)?;
    folder.write_json("teacher_test.json", &likelihood)
}
