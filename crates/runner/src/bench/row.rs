//! One line of results.

use super::{Models, Operation};
use flowstill_eval::timing::Timing;
use flowstill_flow::Engine;
use serde::Serialize;

/// One measurement of one operation: the median over repetitions, and what it says about the machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BenchRow {
    pub lib: String,
    pub op: String,
    #[serde(rename = "D")]
    pub dim: usize,
    /// width of the first hidden layer, 0 without one
    pub hidden: usize,
    /// autoregressive layers
    pub layers: usize,
    pub batch: usize,
    pub threads: usize,
    /// microseconds of a call for a batch of one row, else rows per second; the median
    pub value: f64,
    /// `us` or `samples/s`
    pub unit: String,
    /// the same of the fastest repetition
    pub best: f64,
    pub reps: usize,
    pub engine: String,
    pub isa: String,
    /// seconds of a call, the median
    pub seconds: f64,
    /// floating-point operations of the matrix products of a call, ragged edges and padding of panels included
    pub flops: f64,
    /// those of the same products without masks
    pub dense_flops: f64,
    /// floating-point operations per second of a dense matrix product, measured in turns with the operation
    pub machine_flops: f64,
    /// bytes of weights that one row reads
    pub weight_bytes: usize,
    /// seconds that reading as many bytes takes, measured in turns; for a batch of one row
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_seconds: Option<f64>,
}

impl BenchRow {
    /// Share of the machine's rate that the operations done make up.
    pub fn share(&self) -> f64 {
        self.flops / self.seconds / self.machine_flops
    }

    /// The same as if nothing had been skipped.
    pub fn dense_share(&self) -> f64 {
        self.dense_flops / self.seconds / self.machine_flops
    }
}

impl Models {
    pub(super) fn row(
        &self,
        operation: Operation,
        batch: usize,
        threads: usize,
        timing: &Timing,
        machine_flops: f64,
        read_seconds: Option<f64>,
    ) -> BenchRow {
        let cost = self.cost(operation, batch);
        let engine = if operation.uses_engine() { self.engine } else { Engine::Fused };
        let value = |seconds: f64| if batch == 1 { seconds * 1e6 } else { batch as f64 / seconds };
        BenchRow {
            lib: "flowstill".to_owned(),
            op: operation.name().to_owned(),
            dim: self.dim(),
            hidden: self.hidden(),
            layers: self.layers(),
            batch,
            threads,
            value: value(timing.median()),
            unit: if batch == 1 { "us" } else { "samples/s" }.to_owned(),
            best: value(timing.best()),
            reps: timing.repetitions(),
            engine: engine.name().to_owned(),
            isa: flowstill_kernel::Isa::active().name().to_owned(),
            seconds: timing.median(),
            flops: cost.done,
            dense_flops: cost.dense,
            machine_flops,
            weight_bytes: cost.bytes,
            read_seconds,
        }
    }
}
