//! A checkpoint made ready for use.

use crate::base::Base;
use crate::chain::check_rows;
use crate::{Chain, Cost, Drawn, Mapped, Method, SamplerError, Stream};
use flowstill_kernel::affine::Direction;
use flowstill_model::{Checkpoint, FlowSpec, Layout, Pixels, Provenance, Role, Standardizer};
use std::path::Path;
use std::sync::Arc;

/// A trained flow that draws samples and gives densities.
///
/// Cheap to clone (the model is shared) and safe to use from many threads. "Standardised" rows are what the flow
/// itself speaks, `(x − mean)/sd` per column; the methods ending in `_data` speak the units of the data. Those of a model
/// of pictures are pixels as real numbers, `k + u` of [`Pixels`], and its `x` are their logits.
#[derive(Debug, Clone)]
pub struct Sampler {
    model: Arc<Model>,
    method: Method,
    base: Base,
}

#[derive(Debug)]
struct Model {
    chain: Chain<f32>,
    spec: FlowSpec,
    role: Role,
    standardizer: Standardizer,
    pixels: Option<Pixels>,
    columns: Vec<String>,
    provenance: Provenance,
}

impl Sampler {
    /// Reads a checkpoint. Errors name the file and what is wrong with it.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, SamplerError> {
        Self::from_checkpoint(Checkpoint::load(path.as_ref())?)
    }

    /// Errors: a model whose parts do not fit together.
    pub fn from_checkpoint(checkpoint: Checkpoint) -> Result<Self, SamplerError> {
        let Checkpoint { role, spec, standardizer, pixels, columns, provenance, theta } = checkpoint;
        let chain = Chain::new(&spec, &theta)?;
        let dim = spec.dim;
        let widths = [
            ("list of columns", columns.len()),
            ("list of means", standardizer.mean.len()),
            ("list of standard deviations", standardizer.sd.len()),
        ];
        if let Some(&(what, found)) = widths.iter().find(|(_, found)| *found != dim) {
            return Err(SamplerError::Width { what, found, dim });
        }
        for (column, (&mean, &sd)) in standardizer.mean.iter().zip(&standardizer.sd).enumerate() {
            if !(mean.is_finite() && sd.is_finite() && sd > 0.0) {
                return Err(SamplerError::Standardizer { column, mean, sd });
            }
        }
        if let Some(pixels) = &pixels {
            pixels.check(dim).map_err(SamplerError::Pixels)?;
        }
        let model = Arc::new(Model { chain, spec, role, standardizer, pixels, columns, provenance });
        Ok(Self { model, method: Method::default(), base: Base::default() })
    }

    /// The same model, with another method for the sequential direction. Errors: a bad tolerance.
    pub fn with_method(mut self, method: Method) -> Result<Self, SamplerError> {
        method.check()?;
        self.method = method;
        Ok(self)
    }

    pub fn method(&self) -> Method {
        self.method
    }

    /// The same model over the base `N(0, t²I)`: draws `x = S(t·z)` and their density
    /// `log q_t(x) = log N(S⁻¹(x); 0, t²I) − log|det dS|`, which is what all densities of this sampler then are.
    ///
    /// Below 1 rows gather where the flow is dense, above 1 they spread into its tails; 1 is the flow that was
    /// trained. The bijection and its log-dets stay the same. Errors: a temperature outside 0.001…1000.
    pub fn with_temperature(mut self, temperature: f64) -> Result<Self, SamplerError> {
        self.base = Base::at(temperature)?;
        Ok(self)
    }

    /// Standard deviation of the base, 1 unless [`Sampler::with_temperature`] chose another.
    pub fn temperature(&self) -> f64 {
        self.base.temperature()
    }

    pub(crate) fn base(&self) -> Base {
        self.base
    }

    /// Number of columns.
    pub fn dim(&self) -> usize {
        self.model.spec.dim
    }

    /// Names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.model.columns
    }

    pub fn standardizer(&self) -> &Standardizer {
        &self.model.standardizer
    }

    /// How pixels became the rows that are standardised, for a model of pictures.
    pub fn pixels(&self) -> Option<&Pixels> {
        self.model.pixels.as_ref()
    }

    /// Standardised rows in the units of the data, `x·sd + mean`; for a model of pictures the pixels of these logits.
    pub fn restore(&self, rows: &[f32]) -> Vec<f64> {
        self.to_units(self.model.standardizer.restore(rows))
    }

    /// The architecture as the checkpoint holds it; training folds batch normalisation before it writes one.
    pub fn spec(&self) -> &FlowSpec {
        &self.model.spec
    }

    pub fn role(&self) -> Role {
        self.model.role
    }

    pub fn provenance(&self) -> &Provenance {
        &self.model.provenance
    }

    /// The bijection alone, in standardised space.
    pub fn chain(&self) -> &Chain<f32> {
        &self.model.chain
    }

    /// What a sample and a density cost.
    pub fn cost(&self) -> Cost {
        Cost::new(&self.model.spec, Layout::plain_len(&self.model.spec))
    }

    /// Rows `first_row..first_row + rows` of the stream pushed through the flow: standardised, rows × dim.
    ///
    /// `stream` is a seed or a [`Stream`]. Cost per row: that of [`Chain::forward_and_log_det`]. Errors: more rows
    /// than fit into memory.
    pub fn sample(&self, stream: impl Into<Stream>, first_row: u64, rows: usize) -> Result<Vec<f32>, SamplerError> {
        let z = self.draw_base(stream.into(), first_row, rows)?;
        Ok(self.model.chain.map(Direction::Forward, z, self.method).values)
    }

    /// [`Sampler::sample`] in the units of the data, as [`Sampler::restore`] says.
    pub fn sample_data(
        &self,
        stream: impl Into<Stream>,
        first_row: u64,
        rows: usize,
    ) -> Result<Vec<f64>, SamplerError> {
        Ok(self.restore(&self.sample(stream, first_row, rows)?))
    }

    /// [`Sampler::sample`] with `log p(x) = log p_Z(z) − log|det dS/dz|` per row, standardised, from the same pass.
    ///
    /// With [`Method::Jacobi`] on a MAF the density is computed anew at the returned rows, one more pass.
    pub fn sample_and_log_prob(
        &self,
        stream: impl Into<Stream>,
        first_row: u64,
        rows: usize,
    ) -> Result<Drawn<f32>, SamplerError> {
        let z = self.draw_base(stream.into(), first_row, rows)?;
        Ok(self.model.chain.draw(z, self.base, self.method))
    }

    /// [`Sampler::sample_and_log_prob`] in the units of the data: rows as [`Sampler::restore`] gives them, with the
    /// log-densities of [`Sampler::log_prob_data`].
    pub fn sample_and_log_prob_data(
        &self,
        stream: impl Into<Stream>,
        first_row: u64,
        rows: usize,
    ) -> Result<(Vec<f64>, Vec<f64>), SamplerError> {
        let drawn = self.sample_and_log_prob(stream, first_row, rows)?;
        let x = self.model.standardizer.restore(&drawn.values);
        let log_prob = self.to_data(drawn.log_prob, &x);
        Ok((self.to_units(x), log_prob))
    }

    /// `log p(x) = log p_Z(T(x)) + log|det dT/dx|` of standardised rows × dim, one per row.
    ///
    /// Infinite rows and rows beyond the range of `f32` have −∞. Cost per row: that of
    /// [`Chain::inverse_and_log_det`]. Errors: partial rows, NaN (naming the row).
    pub fn log_prob(&self, x: &[f32]) -> Result<Vec<f64>, SamplerError> {
        self.model.chain.check("log_prob", x, self.method)?;
        Ok(self.model.chain.density(x.to_vec(), self.base, self.method))
    }

    /// Log-density of rows × dim in the units of the data, nats per that unit: `log p_std((x − mean)/sd) − Σ log sd`;
    /// for a model of pictures that of the pixels as real numbers, with [`Pixels::log_det`] added. Otherwise as
    /// [`Sampler::log_prob`].
    pub fn log_prob_data(&self, x: &[f64]) -> Result<Vec<f64>, SamplerError> {
        check_rows("log_prob", x, self.dim())?;
        let logits = self.pixels().map(|pixels| x.iter().map(|v| pixels.to_logit(*v)).collect::<Vec<_>>());
        let x = logits.as_deref().unwrap_or(x);
        let standardised = self.model.standardizer.standardize(x);
        Ok(self.to_data(self.model.chain.density(standardised, self.base, self.method), x))
    }

    /// `x = S(z)` and `log|det dS/dz|`, standardised; see [`Chain::forward_and_log_det`].
    pub fn forward_and_log_det(&self, z: &[f32]) -> Result<Mapped<f32>, SamplerError> {
        self.model.chain.forward_and_log_det(z, self.method)
    }

    /// `z = T(x)` and `log|det dT/dx|`, standardised; see [`Chain::inverse_and_log_det`].
    pub fn inverse_and_log_det(&self, x: &[f32]) -> Result<Mapped<f32>, SamplerError> {
        self.model.chain.inverse_and_log_det(x, self.method)
    }

    fn draw_base(&self, stream: Stream, first_row: u64, rows: usize) -> Result<Vec<f32>, SamplerError> {
        let mut z = stream.rows(first_row, rows, self.dim())?;
        self.base.scale(&mut z);
        Ok(z)
    }

    /// From what the standardisation takes to the units of the data.
    fn to_units(&self, mut x: Vec<f64>) -> Vec<f64> {
        if let Some(pixels) = self.pixels() {
            x.iter_mut().for_each(|y| *y = pixels.from_logit(*y));
        }
        x
    }

    /// Log-densities in the units of the data; `x` are the rows that the standardisation takes.
    fn to_data(&self, mut log_prob: Vec<f64>, x: &[f64]) -> Vec<f64> {
        let log_det = self.model.standardizer.log_det();
        log_prob.iter_mut().for_each(|value| *value -= log_det);
        if let Some(pixels) = self.pixels() {
            let rows = x.chunks_exact(self.dim());
            log_prob.iter_mut().zip(rows).for_each(|(value, y)| {
                // what is no pixel has an infinite logit, where a heavy tail falls slower than the slope of the logit grows
                let inside = y.iter().all(|y| y.is_finite());
                *value = if inside { pixels.log_prob(*value, y) } else { f64::NEG_INFINITY };
            });
        }
        log_prob
    }
}
