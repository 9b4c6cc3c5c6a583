//! One trait for the two floating-point types that every routine is written for.

use num_traits::{Float, FromPrimitive, NumAssign};

/// `f32` (training, sampling) or `f64` (laws and references).
pub trait Real:
    Float + FromPrimitive + NumAssign + Default + std::fmt::Debug + std::iter::Sum + Send + Sync + 'static
{
    /// Nearest value to `x`.
    fn of(x: f64) -> Self;
    /// Exact widening, for sums that are kept in double precision.
    fn f64(self) -> f64;
}

impl Real for f32 {
    fn of(x: f64) -> Self {
        x as f32
    }
    fn f64(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    fn of(x: f64) -> Self {
        x
    }
    fn f64(self) -> f64 {
        self
    }
}
