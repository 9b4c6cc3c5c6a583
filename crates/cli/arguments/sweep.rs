//! What can be typed about sweeps.

use super::threads;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Sweep {
    /// The sweep's YAML: an experiment with a section `sweep`
    pub file: PathBuf,
    /// Folder that holds one folder per sweep, and the stages that sweeps share
    #[arg(long, default_value = "runs", value_name = "DIR")]
    pub runs: PathBuf,
    /// List the cells, the stages and the expected cost; run nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Cells side by side on this machine; as many as its cores allow if absent
    #[arg(long, value_parser = threads)]
    pub jobs: Option<usize>,
    /// Stop at the first cell that fails
    #[arg(long)]
    pub fail_fast: bool,
    /// Where the cells run
    #[arg(long, value_enum, default_value = "local")]
    pub executor: Executor,
    /// Cancel the sweep's SLURM jobs; their work is saved
    #[arg(long, conflicts_with_all = ["dry_run", "jobs", "fail_fast", "retry"])]
    pub cancel: bool,
    /// Try what failed again, so often at most; a training that diverged would diverge again and is not tried
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100))]
    pub retry: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Executor {
    /// processes of this machine
    Local,
    /// job arrays of a SLURM cluster, with what `executor.slurm` of the YAML asks for
    Slurm,
}

#[derive(Debug, Args)]
pub struct Status {
    /// The folder of a sweep
    pub folder: PathBuf,
    /// Look again every two seconds until all cells have ended
    #[arg(long)]
    pub watch: bool,
}

#[derive(Debug, Args)]
pub struct Results {
    /// The folder of a sweep
    pub folder: PathBuf,
    /// Columns to sort by, the weightiest first; `-` before a name for the largest first
    #[arg(long, value_name = "COLUMNS", allow_hyphen_values = true)]
    pub sort: Option<String>,
    /// Conditions that a row must meet, such as `kl_forward<0.1`, joined by `and`
    #[arg(long, value_name = "CONDITIONS")]
    pub filter: Option<String>,
    /// Columns to show; an overview if absent
    #[arg(long, value_delimiter = ',')]
    pub columns: Option<Vec<String>>,
    /// A row for each cell, not one for all seeds of a setting
    #[arg(long)]
    pub each: bool,
    /// Print the table as Markdown
    #[arg(long)]
    pub markdown: bool,
    /// Write all columns to this file as CSV; folders are made as needed
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Write all columns to this file, one JSON object per line; folders are made as needed
    #[arg(long, value_name = "FILE")]
    pub jsonl: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Cache {
    #[command(subcommand)]
    pub action: CacheAction,
}

#[derive(Debug, Subcommand)]
pub enum CacheAction {
    /// What there is, and who uses it
    List(CacheFolder),
    /// Remove what no sweep names any more
    Prune(Prune),
}

#[derive(Debug, Args)]
pub struct CacheFolder {
    /// Folder that holds the sweeps
    #[arg(long, default_value = "runs", value_name = "DIR")]
    pub runs: PathBuf,
}

#[derive(Debug, Args)]
pub struct Prune {
    #[command(flatten)]
    pub folder: CacheFolder,
    /// Only what was last written more than so many days ago
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u64).range(1..=36_500))]
    pub older_than: Option<u64>,
    /// Say what would be removed, remove nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct Worker {
    /// The folder of a sweep
    pub folder: PathBuf,
    /// Measure speed; everything else must be done
    #[arg(long)]
    pub speed: bool,
    /// End when standard input is closed
    #[arg(long)]
    pub attached: bool,
}
