//! The speed of single operations on a flow of a given shape, beside what the machine can do.

mod cost;
mod models;
mod operation;
mod row;
mod workload;

pub use models::{BenchError, Models, Shape};
pub use operation::Operation;
pub use row::BenchRow;

use flowstill_eval::timing::{Effort, interleaved};
use flowstill_kernel::machine::{DenseProduct, read_all};
use flowstill_model::Role;
use std::hint::black_box;

/// Measures operations again and again, in a pool of `threads` threads of its own.
pub struct Bench<'a> {
    models: &'a Models,
    threads: usize,
    effort: Effort,
    pool: rayon::ThreadPool,
}

impl<'a> Bench<'a> {
    /// # Errors
    /// Threads that cannot be started.
    pub fn new(models: &'a Models, threads: usize, effort: Effort) -> Result<Self, BenchError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|e| BenchError::Threads { threads, reason: e.to_string() })?;
        Ok(Self { models, threads, effort, pool })
    }

    /// Prepares the operation on batches of `batch` rows and measures it as often as `more` wants: it is called with
    /// nothing when all is ready, then with each result, and answers whether to measure (again).
    ///
    /// The machine's own rates are measured in turns with the operation, by the same threads.
    ///
    /// # Errors
    /// An operation that the models cannot do, or that fails.
    pub fn measure(
        &self,
        operation: Operation,
        batch: usize,
        more: &mut (dyn FnMut(Option<BenchRow>) -> bool + Send),
    ) -> Result<(), BenchError> {
        let cost = self.models.cost(operation, batch);
        // only a single row is limited by the reading of the weights
        let weights = vec![1.0f32; if batch == 1 { cost.bytes / size_of::<f32>() } else { 0 }];
        let mut products = vec![DenseProduct::default(); self.threads];
        self.pool.install(|| {
            self.models.prepare(operation, batch, &mut |call| {
                let mut result = None;
                while more(result.take()) {
                    let mut failure = None;
                    let mut call = || {
                        // what has failed once is not asked again
                        if failure.is_none() {
                            failure = call().err();
                        }
                    };
                    let mut dense = || {
                        rayon::scope(|scope| products.iter_mut().for_each(|product| scope.spawn(|_| product.run())));
                    };
                    let mut read = || {
                        black_box(read_all(black_box(&weights)));
                    };
                    let mut operations: Vec<(&str, &mut dyn FnMut())> =
                        vec![(operation.name(), &mut call), ("dense product", &mut dense)];
                    if !weights.is_empty() {
                        operations.push(("read", &mut read));
                    }
                    let timings = interleaved(&mut operations, self.effort);
                    if let Some(error) = failure {
                        return Err(error);
                    }
                    let dense_rate = DenseProduct::FLOPS * self.threads as f64 / timings[1].median();
                    let read_seconds = timings.get(2).map(|timing| timing.median());
                    result =
                        Some(self.models.row(operation, batch, self.threads, &timings[0], dense_rate, read_seconds));
                }
                Ok(())
            })
        })
    }
}

/// What a model made for measuring is saved as.
pub fn file_name(role: Role) -> &'static str {
    match role {
        Role::Teacher => "maf.safetensors",
        Role::Student => "iaf.safetensors",
    }
}
