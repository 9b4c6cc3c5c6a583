//! Experiments that are done within a second or two.

use std::fmt::Write;

/// A whole experiment on a target in the plane.
pub const TWO_MOONS: &str = "\
seed: 3
threads: 1
data: {synthetic: two_moons, rows: 1000}
teacher:
  layers: 2
  hidden: [16]
  training: {steps: 200, batch: 64, rate: 3e-3, validate_every: 50, checkpoint_every: 20}
student:
  training: {steps: 120, batch: 64, rate: 3e-3, validate_every: 40, checkpoint_every: 20}
evaluation: {samples: 500}
bench: {batches: [1, 50], repetitions: 2}
";

/// Long enough that a signal meets each training at work.
pub const LONGER: &str = "\
seed: 3
threads: 1
data: {synthetic: two_moons, rows: 1000}
teacher:
  layers: 2
  hidden: [16]
  training: {steps: 2500, batch: 64, rate: 3e-3, validate_every: 250, checkpoint_every: 70}
student:
  training: {steps: 2000, batch: 64, rate: 3e-3, validate_every: 250, checkpoint_every: 70}
evaluation: {samples: 500}
bench: {batches: [1], repetitions: 1}
";

/// A distillation in three phases, each long enough that a signal meets it at work, on batches of several shards.
pub const PHASES: &str = "\
seed: 3
threads: 1
data: {synthetic: two_moons, rows: 1000}
teacher:
  layers: 2
  hidden: [16]
  training: {steps: 300, batch: 64, rate: 3e-3, validate_every: 100, checkpoint_every: 20}
student:
  recipe:
    - {objective: warm_start, steps: 800}
    - {objective: mixed, forward_weight: [0.8, 0.2]}
    - {objective: path_gradient, rate: 1e-3}
  training: {steps: 500, batch: 300, rate: 3e-3, validate_every: 100, checkpoint_every: 20}
evaluation: {samples: 500}
bench: {batches: [1], repetitions: 1}
";

/// `yaml` with one passage changed, which must be there.
#[track_caller]
pub fn changed(yaml: &str, from: &str, to: &str) -> String {
    assert!(yaml.contains(from), "`{from}` is not in\n{yaml}");
    yaml.replace(from, to)
}

/// The same experiment on a file, split by the seed.
pub fn on_file(file: &str) -> String {
    changed(TWO_MOONS, "{synthetic: two_moons, rows: 1000}", &format!("{{path: {file}}}"))
}

/// Correlated rows as CSV, with a header.
pub fn csv(columns: &[&str], rows: usize) -> String {
    let mut text = columns.join(",") + "\n";
    for i in 0..rows {
        let (a, b) = ((i as f64 * 0.7).sin(), (i as f64 * 0.31).cos());
        let row: Vec<String> = (0..columns.len())
            .map(|j| (a * (j + 1) as f64 + b * j as f64 + (i * (j + 2) % 17) as f64 / 9.0).to_string())
            .collect();
        writeln!(text, "{}", row.join(",")).expect("a text grows");
    }
    text
}
