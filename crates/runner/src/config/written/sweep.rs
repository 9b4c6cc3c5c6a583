//! What a user may write of a sweep: the sections `sweep` and `executor` beside those of an experiment.
//!
//! Keys of the experiment are named by their whole path, as `teacher.training.rate`. What a cell sets is laid over the
//! experiment: sections are merged key by key, all else is replaced. `grid`, `zip`, `cases`, `random` or `sobol`, and
//! `seeds` multiply; the one that stands further down varies faster, and the seed fastest. Cells that come out as the
//! same experiment are one.

use super::super::tree::Tree;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// Which experiments there are, and how they are run as one.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// Keys with lists of values, of which every combination is a cell: `teacher.layers: [2, 4, 8]`. A value may be a
    /// list or a section.
    pub grid: Option<Keyed<Value>>,
    /// Keys with lists of one length, whose first values make one choice, the second ones another, and so on.
    pub zip: Option<Keyed<Value>>,
    /// A list of sections of keys, each with one value: the choices. The key `name` of such a section, letters, digits,
    /// `-`, `_` and `.`, stands for it in the names of cells.
    pub cases: Option<Vec<Keyed<Value>>>,
    /// Independent draws.
    pub random: Option<Draws>,
    /// In place of `random`, the points of a scrambled Sobol sequence, which fill the space evenly.
    pub sobol: Option<Draws>,
    /// What is left out of the product, or set beside it; not for baselines.
    pub when: Option<Vec<When>>,
    /// A number of seeds, counted from 0, or a list of them. Each cell and baseline is run with each. Default: the
    /// experiment's `seed` alone.
    pub seeds: Option<Seeds>,
    /// Cells beside the product, by name: sections of keys, each with one value. `{}` is the experiment as it stands.
    pub baselines: Option<Keyed<Keyed<Value>>>,
    /// When cells end early because others do better. Default: never.
    pub stop: Option<Stop>,
    /// What one cell may take.
    pub limits: Option<Limits>,
}

/// Draws of several keys together. A number is drawn as the shortest decimal that is near enough, to about four digits.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draws {
    /// How many, at least 1; at most 65536 for `sobol`. Required.
    pub draws: Option<i64>,
    /// Seed of the draws, which depend on nothing else. Default 0.
    pub seed: Option<u64>,
    /// Keys, each with a distribution. Required.
    pub keys: Option<Keyed<Distribution>>,
}

/// Where the values of a key are drawn from: exactly one of these.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Distribution(pub Distributions);

/// The keys of a [`Distribution`].
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distributions {
    /// `[least, most]`: numbers between them.
    pub uniform: Option<Vec<f64>>,
    /// `[least, most]`, both above 0: numbers whose logarithm is uniform.
    pub log_uniform: Option<Vec<f64>>,
    /// `[least, most]`: whole numbers, both ends among them.
    pub integer: Option<Vec<i64>>,
    /// A list of values, each as likely.
    pub choice: Option<Vec<Value>>,
}

/// A condition on what a cell has chosen, and what follows: at least one of `skip`, `only` and `set`. Conditions see the
/// choices as they were made, without what `set` changes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Varied keys, `case` (the name of one) or `seed`, each with a value, a list of values of which one must fit, or a
    /// range `{from: 1, to: 3}`, both ends in it and either of them left out at will. All keys must fit. Required.
    #[serde(rename = "if")]
    pub condition: Option<Keyed<Value>>,
    /// `true`: such cells are left out.
    pub skip: Option<bool>,
    /// As `if`: of such cells those are left out that do not fit this as well.
    pub only: Option<Keyed<Value>>,
    /// Keys with values that such cells get; the last rule wins.
    pub set: Option<Keyed<Value>>,
}

/// When a cell ends early. What it has learnt until then is kept, but it is not compared.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// `median`: worse than the median of the others at the same step. `halving`: not among the best at a rung
    /// (asynchronous successive halving, Li et al. 2020). Required.
    pub rule: Option<Rule>,
    /// What is compared: `validation`, the value that validations lower, or one of the student's measures `kl_forward`,
    /// `kl_reverse`, `total_variation`, `psis_k`, for which less is better, `ess_forward`, `ess_reverse`, `mean_weight`,
    /// for which more is. Of a teacher alone only `validation` is known, which is the default.
    pub metric: Option<String>,
    /// `median`: steps of the student, or of a teacher alone, before any cell is stopped. Default 1000.
    pub after: Option<i64>,
    /// `median`: others that must have come as far, at least 1. Default 3.
    pub least: Option<i64>,
    /// `halving`: such steps at the first rung. Default 1000.
    pub first: Option<i64>,
    /// `halving`: one of how many goes on, and by how much the next rung is further, 2 to 100. Default 3.
    pub factor: Option<i64>,
}

/// The rules of [`Stop`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    Median,
    Halving,
}

/// What one cell may take.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Most wall-clock time of one stage, after which it has failed: `90s`, `30min`, `2h`, `1h 30min`, `2days`. Default:
    /// any.
    pub time: Option<Value>,
    /// Most memory of all workers of a machine together: `8GB`, `512MiB`. Default: any.
    pub memory: Option<Value>,
    /// How often a stage that failed is tried again, 0 to 100. Default 0.
    pub retries: Option<i64>,
}

/// Where cells are run.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Executor {
    /// What is asked of SLURM, if the sweep is sent there.
    pub slurm: Option<Slurm>,
}

/// What jobs ask SLURM for, each key by default whatever the cluster gives.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slurm {
    /// Partition.
    pub partition: Option<String>,
    /// Account that pays.
    pub account: Option<String>,
    /// Quality of service.
    pub qos: Option<String>,
    /// Time of each job, in minutes; cells that take longer go on in the next job.
    pub timeout_min: Option<i64>,
    /// Processor cores of each job.
    pub cpus_per_task: Option<i64>,
    /// Memory of each job, in GB.
    pub mem_gb: Option<i64>,
    /// Most jobs at once.
    pub array_parallelism: Option<i64>,
    /// Seconds before the end of a job at which it is told to save; less than the job's time.
    pub signal_delay_s: Option<i64>,
    /// Shell lines before the work, as `module load gcc`.
    pub setup: Option<Vec<String>>,
    /// More options of sbatch, without their dashes, that have no key of their own: `{gres: none}`.
    pub additional_parameters: Option<Keyed<Value>>,
}

/// Any value that an experiment may have.
#[derive(Debug, Clone, PartialEq)]
pub struct Value(pub(in super::super) Tree);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Tree::plant(deserializer).map(Self)
    }
}

/// A section whose keys are the user's, in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Keyed<T>(pub Vec<(String, T)>);

impl<T> Default for Keyed<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Keyed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Keyed<T>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a section of keys")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Keyed<T>, A::Error> {
                let mut all = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    all.push(entry);
                }
                Ok(Keyed(all))
            }
        }

        // as a struct, so that a heading without keys is a section as well
        deserializer.deserialize_struct("Keyed", &[], Entries(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Distribution {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneKey;

        impl<'de> Visitor<'de> for OneKey {
            type Value = Distribution;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str(
                    "a distribution, `{uniform: [0, 1]}`, `{log_uniform: [1e-4, 1e-2]}`, `{integer: [2, 8]}` or \
                     `{choice: [relu, elu]}`",
                )
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Distribution, A::Error> {
                Distributions::deserialize(MapAccessDeserializer::new(entries)).map(Distribution)
            }
        }

        deserializer.deserialize_any(OneKey)
    }
}

/// A number of seeds, or the seeds.
#[derive(Debug, Clone, PartialEq)]
pub enum Seeds {
    Count(i64),
    List(Vec<u64>),
}

impl<'de> Deserialize<'de> for Seeds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Seeds;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a number of seeds, or a list of them, as [0, 5, 7]")
            }

            fn visit_i64<E>(self, count: i64) -> Result<Seeds, E> {
                Ok(Seeds::Count(count))
            }

            fn visit_f64<E: Error>(self, count: f64) -> Result<Seeds, E> {
                if count.fract() == 0.0 {
                    // beyond the range of whole numbers it is far beyond the number of cells as well
                    Ok(Seeds::Count(count as i64))
                } else {
                    Err(E::invalid_value(Unexpected::Float(count), &self))
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Seeds, A::Error> {
                let mut seeds = Vec::new();
                while let Some(seed) = items.next_element()? {
                    seeds.push(seed);
                }
                Ok(Seeds::List(seeds))
            }
        }

        deserializer.deserialize_any(Either)
    }
}
