//! The start of a mixture below other layers.

use super::fit::{Em, Settings, check};
use flowstill_data::Rows;
use flowstill_flow::calibrate::finite_pass;
use flowstill_kernel::rows::RowSpec;
use flowstill_model::{FlowSpec, LayerSpec, Layout, Orientation};
use flowstill_trainer::TrainError;

/// Rows that a start is fitted to, at most.
const ROWS: usize = 20_000;

/// Iterations: a start need not have converged, gradient steps go on from it.
const STEPS: u64 = 25;

/// Wider than that of a teacher: components that are narrow in a direction make steep layers.
const FLOOR: f64 = 1e-3;

/// Fits the first layer of a MAF, if it is a mixture of Gaussians, by expectation maximisation to what the other layers, as
/// they start, make of the rows.
///
/// # Errors
/// Fewer rows than components, and rows that the layers cannot take.
pub fn start_base(spec: &FlowSpec, theta: &mut [f32], rows: &Rows, seed: u64) -> Result<(), TrainError> {
    let Some(LayerSpec::Rowwise { map: RowSpec::GaussianMixture { components, covariance }, .. }) = spec.layers.first()
    else {
        return Ok(());
    };
    let settings = Settings { steps: STEPS, floor: FLOOR, ..Settings::default() };
    check(rows, *components, &settings).map_err(|e| TrainError::Refused(Box::new(e)))?;
    let base = Layout::new(spec).layers[0].clone();
    let others = FlowSpec { dim: spec.dim, layers: spec.layers[1..].to_vec() };
    let latents = finite_pass(&others, &theta[base.end..], &spread(rows), Orientation::Maf)
        .map_err(|e| TrainError::Objective(Box::new(e)))?;
    let latents = Rows { dim: spec.dim, values: latents };
    let em = Em::new(&latents, *components, *covariance, &settings, seed);
    let mut mixture = em.start().theta();
    for step in 0..STEPS {
        mixture = em.iterate(&mixture, step).1;
    }
    theta[base].copy_from_slice(&mixture);
    Ok(())
}

/// Some of the rows, from all over the set, if there are many.
fn spread(rows: &Rows) -> Vec<f32> {
    let stride = rows.len().div_ceil(ROWS);
    (0..rows.len()).step_by(stride).flat_map(|row| rows.row(row)).copied().collect()
}
