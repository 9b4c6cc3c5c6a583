//! The layers again, each in plain dfdx operations and straight from its formula: slow, obvious, and differentiated
//! by dfdx alone. The fused operations are tested against them, and timed against them.

pub mod act_norm;
pub mod autoregressive;
