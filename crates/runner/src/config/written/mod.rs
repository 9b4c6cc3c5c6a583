//! What a user may write in an experiment's YAML, and nothing else: the reference of all keys.
//!
//! Every key that has a default may be left out. Numbers may be written as `1e-3`, `1.0e-3` or `.001`; a whole number
//! also as `1e3`. Keys marked "or `none`" can be switched off. Sections may share keys by YAML's anchors and merges
//! (`training: &t {…}`, then `training: {<<: *t, steps: 5000}`).
//!
//! The ranges are checked afterwards, see [`super::Experiment`].

mod choice;
mod conditioner;
mod flow;
mod map;
mod model;
mod recipe;
mod sweep;

pub use choice::{Choice, Settings};
pub use conditioner::Conditioner;
pub use flow::{Link, Student, Teacher};
pub use map::Map;
pub use model::{Base, Model};
pub use recipe::{GradientKind, Objective, Phase, Ramp, Recipe, Until};
pub use sweep::{
    Distribution, Distributions, Draws, Executor, Keyed, Limits, Rule, Seeds, Slurm, Stop, Sweep, Value, When,
};

use flowstill_trainer::Schedule;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// A file, or a list of files, whose sections this one is laid over, all but `name`: sections are merged key by key, all else is
    /// replaced, later files win over earlier ones and this one over all. Relative paths start from the folder of the
    /// file in which they stand.
    #[serde(skip_serializing)]
    pub extends: Option<Extends>,
    /// Name of the experiment; results go to `runs/<name>/`. Letters, digits and any of `-_.=,+`. Default: the name of
    /// the YAML file without its extension.
    pub name: Option<String>,
    /// Seed of everything random: split, synthetic data, orders, starting weights, batches, base draws. Default 0.
    pub seed: Option<u64>,
    /// Threads of the run; results are the same bits for any number. Default: all cores; 1 in a sweep,
    /// whose cells run side by side.
    pub threads: Option<i64>,
    /// Where the rows come from. Required.
    pub data: Option<Data>,
    /// The flow that learns the density of the data.
    pub teacher: Option<Teacher>,
    /// The flow that learns to sample from the teacher in one pass; `none` trains the teacher alone.
    pub student: Option<OrNone<Student>>,
    /// How teacher and student are compared; `none` beside `student: none`.
    pub evaluation: Option<OrNone<Evaluation>>,
    /// How speed is measured; `none` measures none, as beside `student: none`.
    pub bench: Option<OrNone<Bench>>,
    /// Many experiments in place of this one; for `flowstill sweep`.
    #[serde(skip_serializing)]
    pub sweep: Option<Sweep>,
    /// Where they are run.
    #[serde(skip_serializing)]
    pub executor: Option<Executor>,
}

/// A path, or a list of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Extends(pub Vec<PathBuf>);

impl<'de> Deserialize<'de> for Extends {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;

        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Extends;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("the path of a file, or a list of paths")
            }

            fn visit_str<E>(self, path: &str) -> Result<Extends, E> {
                Ok(Extends(vec![path.into()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Extends, A::Error> {
                let mut paths = Vec::new();
                while let Some(path) = items.next_element()? {
                    paths.push(path);
                }
                Ok(Extends(paths))
            }
        }

        deserializer.deserialize_any(OneOrMore)
    }
}

/// Where the rows come from: exactly one of `path`, `train`, `mnist` and `synthetic`. Relative paths start from the folder of
/// the YAML file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// One file (.csv, .tsv, .txt, .npy or .npz, each also with .gz; `file.npz:name` selects an array),
    /// whose rows are shuffled by the seed and split.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// File of the training rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train: Option<PathBuf>,
    /// File of the validation rows, beside `train`. Default: rows split off from `train`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<PathBuf>,
    /// File of the test rows, beside `train`. Default: rows split off from `train`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<PathBuf>,
    /// Whether the training rows stay in their file, an uncompressed .npy in C order, and are read as they are needed: for data
    /// larger than memory. Beside `train`, `validation` and `test`. What is computed from all rows at once, as EM, is computed
    /// from at most 256 MiB of them, evenly spaced. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<bool>,
    /// Folder with the files of MNIST, or of other pictures under these names, each also with .gz: either
    /// `train-images-idx3-ubyte` (its last sixth is for validation) and `t10k-images-idx3-ubyte`, or
    /// `train_images.npy`, `val_images.npy` and `test_images.npy` of uint8, as N × pixels or N × rows × columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mnist: Option<PathBuf>,
    /// Name of a density that rows are drawn from: `two_moons`, `eight_gaussians`, `pinwheel`, `rings`,
    /// `checkerboard`, `swirl`, `banana`, `funnel`, `gaussian_mixture` or `ring_chain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synthetic: Option<String>,
    /// Number of rows to draw, beside `synthetic`. Default 20000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
    /// Number of dimensions, beside `synthetic`: 2 to 1024 for `funnel`, 1 to 1024 for `gaussian_mixture`, 3 to 1024 for
    /// `ring_chain`, and 2 for the others. Default 2, and 8 for `ring_chain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dim: Option<i64>,
    /// Number of components, 1 to 1000, beside the `synthetic` density `gaussian_mixture`. Default 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<i64>,
    /// Fractions of the rows for training, validation and test: each above 0, together 1.
    /// Default [0.8, 0.1, 0.1].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<Vec<f64>>,
    /// Rows are pictures, whose pixels are made real numbers by noise and a logit before they are standardised.
    /// With `mnist` always; beside `path` and `train` if it is written, `pixels: {}` for the defaults. An array may then
    /// also have three axes, pictures × rows × columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pixels: Option<Pixels>,
}

/// How pixels k become real numbers: v = k + u with u uniform on [0, 1), then y = logit(α + (1 − 2α) v/levels). A run
/// reports densities of y, and bits per dimension of the pixels.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pixels {
    /// Number of values of a pixel, which are 0 to `levels − 1`: 2 to 65536. Default 256.
    pub levels: Option<i64>,
    /// α, which keeps the logit finite: 1e-9 to 0.4. Default 1e-6, that of the MAF paper for MNIST (for colours: 0.05).
    pub alpha: Option<f64>,
    /// Rows and columns of a picture, for pictures in the report. Default: those of an array with three axes, or of a
    /// square.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<Vec<i64>>,
}

/// How long, how fast, when to look and when to stop. Where two defaults are given they are the teacher's and the
/// student's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Most optimiser steps. Default 20000 and 10000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<i64>,
    /// Rows per step. Default 512 and 256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<i64>,
    /// Peak learning rate of Adam, above 0. Default 1e-3 and 2e-3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Learning rate after warm-up: `constant`, or `cosine` down to 0 at the last step. Default `cosine`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// Steps over which the rate rises from 0, fewer than `steps`. Default 500, or a tenth of `steps` if that is less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup: Option<i64>,
    /// Decoupled weight decay of matrices, 0 for none. Default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// Bound on the Euclidean norm of the gradient, above 0, or `none`. Default 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<OrNone<f64>>,
    /// Decay of the moving average of the weights, which is then what is validated and kept: above 0 and below 1, or
    /// `none`. Default `none` and 0.998.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ema: Option<OrNone<f64>>,
    /// In place of `ema`: the share of the steps, above 0 and at most 1, over whose last weights the mean is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_last: Option<OrNone<f64>>,
    /// Steps between two validations. Default 500.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validate_every: Option<i64>,
    /// Validations without a new best before training stops, or `none`. Default 10 and `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<OrNone<i64>>,
    /// Steps between two checkpoints from which training can resume. Default 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_every: Option<i64>,
}

/// How teacher and student are compared.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// Samples drawn for each estimate, at least 2. Default 20000.
    pub samples: Option<i64>,
}

/// How speed is measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bench {
    /// Numbers of samples drawn at once. Default [1, 10, 100, 1000, 10000].
    pub batches: Option<Vec<i64>>,
    /// Repetitions of each measurement; the median and the spread are reported. Default 9.
    pub repetitions: Option<i64>,
}

/// A setting that the word `none` switches off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrNone<T>(pub Option<T>);

impl<T> OrNone<T> {
    /// The name by which the reader knows this type and lets `none` pass.
    pub(super) const NAME: &'static str = "OrNone";
}

impl<T: Serialize> Serialize for OrNone<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(value) => value.serialize(serializer),
            None => serializer.serialize_str("none"),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OrNone<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = OrNone<T>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a value or `none`")
            }

            fn visit_none<E>(self) -> Result<OrNone<T>, E> {
                Ok(OrNone(None))
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<OrNone<T>, D::Error> {
                T::deserialize(value).map(|value| OrNone(Some(value)))
            }
        }

        deserializer.deserialize_newtype_struct(Self::NAME, Either(PhantomData))
    }
}
