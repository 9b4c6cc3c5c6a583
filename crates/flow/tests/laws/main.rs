//! One table of constructors, every row through the same laws. A new layer is one more row.

mod autoregressive;
mod batch_norm;
mod engines;
mod errata;
mod gradients;
mod inverse;
mod jacobian;
mod score;
mod table;
