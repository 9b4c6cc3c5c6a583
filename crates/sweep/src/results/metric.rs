//! What the numbers of a cell are called, and which way is better.

/// Which way a metric is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    Less,
    More,
    /// a cost, a count, or best at a value of its own
    Neither,
}

/// One number by which cells are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// as in `result.json`
    pub name: &'static str,
    /// for people
    pub label: &'static str,
    /// empty for shares and counts
    pub unit: &'static str,
    pub better: Better,
}

const fn of(name: &'static str, label: &'static str, unit: &'static str, better: Better) -> Metric {
    Metric { name, label, unit, better }
}

/// In the order in which they are shown; the first ones stand in the overview.
pub const METRICS: [Metric; 16] = [
    of("kl_forward", "KL(p‖q)", "nats", Better::Less),
    of("kl_reverse", "KL(q‖p)", "nats", Better::Less),
    of("ess_reverse", "ESS", "", Better::More),
    of("student_log_likelihood", "student log-likelihood", "nats", Better::More),
    of("teacher_log_likelihood", "teacher log-likelihood", "nats", Better::More),
    of("student_bits_per_dimension", "student bits per dimension", "bits", Better::Less),
    of("teacher_bits_per_dimension", "teacher bits per dimension", "bits", Better::Less),
    of("kl_forward_per_dim", "KL(p‖q) per dimension", "nats", Better::Less),
    of("ess_forward", "ESS at teacher samples", "", Better::More),
    of("mean_weight", "E_q[p/q]", "", Better::Neither),
    of("total_variation", "total variation", "", Better::Less),
    of("psis_k", "tail of weights k", "", Better::Less),
    of("student_parameters", "student parameters", "", Better::Neither),
    of("teacher_parameters", "teacher parameters", "", Better::Neither),
    of("student_steps", "student steps", "", Better::Neither),
    of("teacher_steps", "teacher steps", "", Better::Neither),
];

/// How many of [`METRICS`] an overview shows, of those that were measured.
pub const OVERVIEW: usize = 5;

/// A metric by its name; one that a later version has added has no more than that.
pub fn metric(name: &str) -> Option<Metric> {
    METRICS.into_iter().find(|metric| metric.name == name)
}
