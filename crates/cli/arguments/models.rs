//! What is asked of a checkpoint.

use super::{threads, up_to};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Method {
    /// every hidden unit once, in the order in which its inputs become known
    Incremental,
    /// one full pass per coordinate
    Naive,
    /// fixed-point rounds on all coordinates at once
    Jacobi,
}

#[derive(Debug, Args)]
pub struct Sample {
    /// A .safetensors file of flowstill
    pub checkpoint: PathBuf,
    /// A further model, as often as there are: rows are drawn from all in equal parts
    #[arg(long, value_name = "CHECKPOINT", conflicts_with = "exact")]
    pub with: Vec<PathBuf>,
    /// Number of rows
    #[arg(short, long = "number", value_name = "N")]
    pub n: u64,
    /// .npy, .csv, or - for CSV on standard output
    #[arg(short, long)]
    pub output: PathBuf,
    /// Seed of the base draws
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Threads; all cores if absent
    #[arg(long, value_parser = threads)]
    pub threads: Option<usize>,
    /// How a sequential direction is computed (a MAF's samples)
    #[arg(long, value_enum, default_value = "incremental")]
    pub method: Method,
    /// Standard deviation of the base draws; with --exact of the student's, which changes the proposals only
    #[arg(long, default_value_t = 1.0, value_name = "T", allow_negative_numbers = true)]
    pub temperature: f64,
    /// Correct a student's rows to be its teacher's
    #[arg(long, value_enum)]
    pub exact: Option<Exact>,
    /// The student's teacher; if absent, teacher.safetensors beside the student
    #[arg(long, value_name = "CHECKPOINT", requires = "exact")]
    pub teacher: Option<PathBuf>,
    /// Steps of each chain that are thrown away; 100 if absent (imh)
    #[arg(long, value_name = "STEPS", requires = "exact", value_parser = up_to::<1_000_000>)]
    pub burn_in: Option<usize>,
    /// Proposals per row; 4 if absent (sir)
    #[arg(long, value_name = "TIMES", requires = "exact", value_parser = up_to::<10_000>)]
    pub pool: Option<usize>,
    /// Least number known to be above every log p − log q; estimated if absent (rejection)
    #[arg(long, value_name = "NATS", requires = "exact", allow_negative_numbers = true)]
    pub log_bound: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Exact {
    /// independence Metropolis–Hastings
    Imh,
    /// sampling–importance resampling
    Sir,
    /// rejection of what the teacher finds too likely proposed
    Rejection,
}

#[derive(Debug, Args)]
pub struct LogProb {
    /// A .safetensors file of flowstill
    pub checkpoint: PathBuf,
    /// Rows as .csv, .npy or .npz, also .gz; pictures may be an array of three axes
    pub data: PathBuf,
    /// A further model, as often as there are: the density is that of all in equal parts
    #[arg(long, value_name = "CHECKPOINT")]
    pub with: Vec<PathBuf>,
    /// .npy, .csv, or - for CSV on standard output
    #[arg(short, long, default_value = "-")]
    pub output: PathBuf,
    /// Threads; all cores if absent
    #[arg(long, value_parser = threads)]
    pub threads: Option<usize>,
    /// Seed of the noise that is added to pixels, for a model of pictures; 0 if absent
    #[arg(long)]
    pub seed: Option<u64>,
    /// Standard deviation of the flow's base, as in `sample`
    #[arg(long, default_value_t = 1.0, value_name = "T", allow_negative_numbers = true)]
    pub temperature: f64,
}

#[derive(Debug, Args)]
pub struct Transport {
    /// The flow that the rows are of, a .safetensors file of flowstill
    #[arg(long, value_name = "CHECKPOINT")]
    pub from: PathBuf,
    /// The flow whose distribution they are to have, of as many columns
    #[arg(long, value_name = "CHECKPOINT")]
    pub to: PathBuf,
    /// Rows as .csv, .npy or .npz, also .gz
    pub data: PathBuf,
    /// .npy, .csv, or - for CSV on standard output
    #[arg(short, long, default_value = "-")]
    pub output: PathBuf,
    /// Add a last column: the log of the absolute determinant of the map's Jacobian, in nats
    #[arg(long)]
    pub log_det: bool,
    /// Threads; all cores if absent
    #[arg(long, value_parser = threads)]
    pub threads: Option<usize>,
}

#[derive(Debug, Args)]
pub struct Describe {
    /// A .safetensors file of flowstill
    pub checkpoint: PathBuf,
}
