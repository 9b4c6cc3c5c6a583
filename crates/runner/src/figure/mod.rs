//! Figures of a run as SVG text, and small pictures as PNG.
//!
//! Every function takes plain numbers and returns the whole picture, or nothing when there is nothing finite to show.
//! One role has one colour everywhere: data grey, teacher blue, student orange (Okabe and Ito's colour-blind-safe set).

mod axis;
mod canvas;
mod cells;
mod colour_map;
mod contour;
mod curves;
mod density;
mod histogram;
mod latency;
mod legend;
mod log_weights;
mod marginals;
mod modes;
mod pairs;
mod palette;
mod panel;
mod phases;
mod pictures;
mod quality_speed;
mod raster;
mod rates;
mod samples;
mod scatter;
mod speed;

pub use cells::cell_ratios;
pub use curves::{Curve, Curves, student_entropies, student_ess, student_kl, teacher_nll};
pub use density::{Densities, DensityGrid, densities, density_picture};
pub use latency::latency;
pub use log_weights::{LogWeights, log_weights};
pub use marginals::{marginal, marginals};
pub use modes::mode_shares;
pub use pairs::pairs;
pub use palette::Source;
pub use pictures::{picture_squares, pictures, pictures_shown};
pub use quality_speed::quality_speed;
pub use raster::{Picture, sample_picture};
pub use rates::rates;
pub use samples::Samples;
pub use scatter::scatter;
pub use speed::{SAMPLERS, Sampler, SpeedPoint, Spread, speed_points};
