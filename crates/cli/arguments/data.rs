//! The arguments of `data`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Data {
    #[command(subcommand)]
    pub action: DataAction,
}

#[derive(Debug, Subcommand)]
pub enum DataAction {
    /// What can be prepared: where each file is had, what comes out, how it is used
    #[command(after_help = "Examples:
  flowstill data list
  flowstill data list gas          one of them")]
    List(ListData),
    /// Make a benchmark of its published files: three arrays and a record of what was done
    #[command(after_help = "Examples:
  flowstill data prepare power --from household_power_consumption.txt --out data/power
  flowstill data prepare gas --from ethylene_CO.txt --out data/gas
  flowstill data prepare hepmass --from 1000_train.csv.gz 1000_test.csv.gz --out data/hepmass
  flowstill data prepare miniboone --from MiniBooNE_PID.txt --out data/miniboone
  flowstill data prepare bsds300 --from BSDS300.hdf5 --out data/bsds300

`flowstill data list` says where the files are had. In an experiment, with paths relative to its YAML:
  data: {train: data/power/train.npy, validation: data/power/validation.npy, test: data/power/test.npy}

Columns, order of rows, noise, standardisation and split are those of the program of Papamakarios, Pavlakou & Murray
(2017), Masked Autoregressive Flow for Density Estimation, so likelihoods stand beside the tables of such papers. As a
check, rows and the likelihood of a Gaussian are printed beside the paper's.")]
    Prepare(PrepareData),
}

#[derive(Debug, Args)]
pub struct ListData {
    /// power, gas, hepmass, miniboone or bsds300; all if absent
    pub name: Option<String>,
}

#[derive(Debug, Args)]
pub struct PrepareData {
    /// power, gas, hepmass, miniboone or bsds300
    pub name: String,
    /// The published file, or files; texts and arrays also with .gz
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    pub from: Vec<PathBuf>,
    /// Folder for train.npy, validation.npy, test.npy, columns.txt and preparation.json
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
}
