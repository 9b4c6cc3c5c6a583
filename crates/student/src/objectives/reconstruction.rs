//! Reconstruction of rows: `E|S_θ(T(x)) − x|²`, where `T` takes a row of the target to the *teacher's* base space.
//!
//! Zero where the student undoes the teacher. Nothing sequential in it and no density, so it pulls a student of another
//! shape near its teacher at first; alone it says nothing of the student's density. (The other way round, from base to
//! base, it collapses.)

use crate::source::Rows;
use crate::step::{Estimator, Step};
use flowstill_flow::FlowError;
use flowstill_flow::graph::rows;
use flowstill_flow::shards::Accumulator;

/// 1 pass of the teacher, 1 of the student and its backward pass; draws from the target beside that.
#[derive(Debug, Clone, Copy)]
pub struct Reconstruction {
    pub rows: Rows,
}

impl Estimator for Reconstruction {
    /// Squared distance per row, in standardised units.
    fn terms(&self) -> &'static [&'static str] {
        &["reconstruction"]
    }

    fn add_gradient(
        &self,
        step: &Step,
        weight: f64,
        shards: &mut Accumulator,
        gradient: &mut Vec<f32>,
    ) -> Result<Vec<f64>, FlowError> {
        let teacher = step.source.target.as_flow().ok_or(FlowError::NotAFlow("reconstruction"))?;
        let share = (2.0 * weight / step.batch as f64) as f32;
        let means = step.mean(shards, gradient, |range, theta| {
            let wanted = step.foreign(self.rows, &range)?.as_vec();
            let z = rows(teacher.inverse(&wanted)?, step.dim());
            step.push(theta, &z, |x, log_det| {
                let off: Vec<f32> = x.iter().zip(&wanted).map(|(x, wanted)| x - wanted).collect();
                let squares = off.iter().map(|&o| f64::from(o) * f64::from(o)).sum();
                Ok((off.iter().map(|o| share * o).collect(), vec![0.0; log_det.len()], [squares]))
            })
        })?;
        Ok(means.to_vec())
    }
}
