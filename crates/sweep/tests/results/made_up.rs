//! A sweep that nobody ran: its folder with made-up numbers that look like measured ones.

use flowstill_eval::SpeedRow;
use flowstill_runner::stage::StageRecord;
use flowstill_sweep::plan::Rules;
use flowstill_sweep::result::{self, CellResult, Ending, Number};
use flowstill_sweep::{Plan, PlannedCell, StageKeys, plan};
use flowstill_trainer::Record;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What is varied.
pub struct Shape {
    pub keys: Vec<(&'static str, Vec<Value>)>,
    pub seeds: u64,
    /// names, each a cell per seed
    pub baselines: Vec<&'static str>,
    /// validations of each student
    pub validations: u64,
}

impl Shape {
    /// Three keys, three seeds, two baselines, three dimensions of the data: 87 cells.
    pub fn small() -> Self {
        let keys = vec![
            ("student.objective", vec![json!("auto"), json!("forward_kl"), json!("reverse_kl")]),
            ("teacher.layers", vec![json!(2), json!(5), json!(10)]),
            ("data.dim", vec![json!(8), json!(32), json!(128)]),
        ];
        Self { keys, seeds: 3, baselines: vec!["coupling", "small & \"old\""], validations: 20 }
    }

    /// Four keys, three seeds: 1014 cells, each with a long history.
    pub fn thousand() -> Self {
        let widths = [32, 64, 96, 128, 192, 256, 512];
        let keys = vec![
            ("student.objective", vec![json!("auto"), json!("forward_kl"), json!("reverse_kl")]),
            ("teacher.layers", vec![json!(2), json!(4), json!(6), json!(8)]),
            ("student.hidden", widths.iter().map(|width| json!([width, width])).collect()),
            ("student.training.rate", vec![json!(3e-4), json!(1e-3), json!(3e-3), json!(1e-2)]),
        ];
        let baselines = vec!["coupling", "one layer"];
        Self { keys, seeds: 3, baselines, validations: 80 }
    }

    /// Writes `plan.json` and what the cells left. One cell in 29 has failed, one in 17 was stopped; the last is not done.
    pub fn write(&self, dir: &Path) -> Plan {
        let plan = self.plan();
        put(&dir.join("plan.json"), json!(plan));
        fs::write(dir.join("sweep.yaml"), "# a sweep that nobody ran\nsweep:\n  grid: {teacher.layers: [2, 5, 10]}\n")
            .expect("a file");
        for (index, cell) in plan.cells.iter().enumerate() {
            if index + 1 < plan.cells.len() {
                self.run(&dir.join("cells").join(&cell.name), index, cell);
            }
        }
        plan
    }

    fn plan(&self) -> Plan {
        let mut grid: Vec<Vec<(&str, Value)>> = vec![Vec::new()];
        for (key, values) in &self.keys {
            grid = grid
                .iter()
                .flat_map(|cell| values.iter().map(|value| [&cell[..], &[(*key, value.clone())]].concat()))
                .collect();
        }
        let baselines = self.baselines.iter().map(|name| (Some(*name), vec![("student.model", json!("coupling"))]));
        let mut cells = Vec::new();
        for (baseline, settings) in grid.into_iter().map(|settings| (None, settings)).chain(baselines) {
            for seed in 0..self.seeds {
                let name = format!("{:03}-{}-seed{seed}", cells.len(), baseline.map_or("grid", |_| "baseline"));
                let settings: Map<String, Value> = settings.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
                let layers = settings.get("teacher.layers").map_or(5, |layers| layers.as_u64().expect("a count"));
                let stages = StageKeys {
                    teacher: Some(format!("teacher-{layers}-{}-{seed}", settings.get("data.dim").unwrap_or(&json!(8)))),
                    student: Some(format!("student-{name}")),
                    evaluation: format!("evaluation-{name}"),
                    speed: Some(format!("speed-{name}")),
                };
                let yaml = format!(
                    "name: {name}\nseed: {seed}\nthreads: 2\ndata:\n  synthetic: ring_chain\n  rows: 20000\nteacher:\n  model: maf\n  \
                     layers: {layers}\n  hidden: [128, 128]\n# <script>alert(1)</script> & \"quotes\"\n"
                );
                cells.push(PlannedCell {
                    name,
                    settings,
                    baseline: baseline.map(str::to_owned),
                    seed,
                    stages,
                    costs: Vec::new(),
                    yaml,
                });
            }
        }
        let keys = self.keys.iter().map(|(key, _)| (*key).to_owned()).collect();
        let (format_version, version) = (plan::FORMAT_VERSION, "0.3.0".to_owned());
        Plan { format_version, version, name: "layers & objectives".into(), keys, rules: Rules::default(), cells }
    }

    fn run(&self, folder: &Path, index: usize, cell: &PlannedCell) {
        let mut noise = Noise((index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let setting = |key: &str, otherwise: f64| cell.settings.get(key).and_then(Value::as_f64).unwrap_or(otherwise);
        let (layers, dim) = (setting("teacher.layers", 5.0), setting("data.dim", 8.0));
        let width = cell.settings.get("student.hidden").map_or(128.0, |widths| widths[0].as_f64().expect("a width"));
        let objective = cell.settings.get("student.objective").and_then(Value::as_str).unwrap_or("forward_kl");
        let harm = match objective {
            "auto" => 0.0,
            "forward_kl" => 0.9,
            _ => 2.1,
        };
        let rate = (setting("student.training.rate", 2e-3).ln() - 2e-3f64.ln()).powi(2) * 0.15;
        let log_kl =
            -5.5 + harm + 0.35 * (layers / 2.0).ln() + 0.8 * (dim / 8.0).ln() + rate - 0.4 * (width / 128.0).ln();
        let kl = (log_kl + 0.25 * noise.normal()).exp();
        let ending = match index {
            i if i % 29 == 7 => Ending::Failed {
                stage: "student".into(),
                reason:
                    "the loss became NaN at step 1300; the last finite value was 4.1; lower `student.training.rate`"
                        .into(),
            },
            i if i % 17 == 11 => Ending::Stopped {
                stage: "student".into(),
                reason: "kl_forward 1.2 at step 2000 is worse than the median 0.3 of 12 others".into(),
            },
            _ => Ending::Done,
        };
        let done = ending == Ending::Done;
        let (metrics, speed) = if done {
            (metrics(kl, dim, &mut noise), speed(layers, dim, width, &mut noise))
        } else {
            Default::default()
        };
        let seconds = [("teacher", 10.0 * layers), ("student", 30.0 + layers), ("evaluation", 4.0), ("speed", 6.0)];
        let result = CellResult {
            format_version: result::FORMAT_VERSION,
            cell: cell.name.clone(),
            key: cell.stages.speed.clone().expect("a key"),
            settings: cell.settings.clone(),
            baseline: cell.baseline.clone(),
            seed: cell.seed,
            ending,
            metrics,
            speed,
            seconds: seconds.map(|(stage, seconds)| (stage.to_owned(), seconds)).into(),
            host: "made-up".into(),
        };
        put(&folder.join("result.json"), json!(result));
        put(&folder.join("teacher.json"), history("teacher", 1.2 / layers, 3.0, self.validations, &mut noise));
        let length = if done { self.validations } else { self.validations / 3 };
        put(&folder.join("student.json"), history("student", kl, 40.0, length, &mut noise));
        if done {
            fs::write(folder.join("report.html"), "<!DOCTYPE html>").expect("a file");
        }
    }
}

fn metrics(kl: f64, dim: f64, noise: &mut Noise) -> BTreeMap<String, Number> {
    let mut of = |value: f64, error: f64| Number { value: value + error * noise.normal(), error: Some(error) };
    let mut metrics: BTreeMap<String, Number> = [
        ("kl_forward", of(kl, 0.03 * kl + 1e-4)),
        ("kl_forward_per_dim", of(kl / dim, 0.03 * kl / dim)),
        ("kl_reverse", of(0.9 * kl, 0.03 * kl + 1e-4)),
        ("ess_reverse", of(1.0 / (1.0 + 2.2 * kl), 0.004)),
        ("ess_forward", of(1.0 / (1.0 + 2.5 * kl), 0.004)),
        ("mean_weight", of(1.0 - 0.1 * kl, 0.004)),
        ("total_variation", of(1.0 - (-kl).exp(), 0.002)),
        ("teacher_log_likelihood", of(-1.2 * dim, 0.02)),
        ("student_log_likelihood", of(-1.2 * dim - kl, 0.02)),
    ]
    .map(|(name, number)| (name.to_owned(), number))
    .into();
    metrics.insert("psis_k".into(), Number::from(0.2 + 0.2 * kl));
    metrics.insert("student_parameters".into(), Number::from(35_360.0));
    metrics.insert("student_steps".into(), Number::from(10_000.0));
    metrics
}

/// Microseconds of a call: a fixed part, and one for each row.
fn speed(layers: f64, dim: f64, width: f64, noise: &mut Noise) -> Vec<SpeedRow> {
    let pass = layers * (0.3 + dim * 0.01) * (width / 128.0);
    let costs = [
        ("teacher_naive", 40.0 * dim, pass * dim),
        ("teacher_jacobi", 60.0 * dim.sqrt(), 0.6 * pass * dim),
        ("teacher_incremental", 30.0 + 2.0 * dim, 1.6 * pass + 0.05 * dim),
        ("student", 30.0, pass),
    ];
    let mut rows = Vec::new();
    for batch in [1usize, 100, 10_000] {
        for (op, fixed, each) in costs {
            let value = batch as f64 * 1e6 / (fixed + each * batch as f64) * (0.05 * noise.normal()).exp();
            rows.push(SpeedRow {
                op: op.into(),
                dim: dim as usize,
                layers: layers as usize,
                hidden: vec![width as usize; 2],
                batch,
                threads: 2,
                value,
                unit: "samples/s".into(),
                quartiles: [0.95 * value, 1.04 * value],
                repetitions: 9,
                effective: None,
            });
        }
    }
    rows
}

/// A training whose measures fall from `first` to `last`.
fn history(stage: &str, last: f64, first: f64, validations: u64, noise: &mut Noise) -> Value {
    let student = stage == "student";
    let history = (1..=validations).map(|i| {
        let decay = (-8.0 * i as f64 / validations as f64).exp();
        let value = (last + (first - last) * decay) * (0.06 * noise.normal()).exp();
        let measures = if student { vec![value, 0.9 * value, 1.0 / (1.0 + 2.2 * value)] } else { Vec::new() };
        let (terms, best) = (vec![value], i == validations);
        Record { step: 50 * i, terms, validation: value, measures, rate: 1e-3, gradient_norm: 1.0, best }
    });
    let measures: &[&str] = if student { &["kl_forward", "kl_reverse", "ess_reverse"] } else { &[] };
    json!(StageRecord {
        key: stage.to_owned(),
        steps: 50 * validations,
        best_step: 50 * validations,
        best_validation: Some(last),
        ended: "all steps done".into(),
        seconds: 30.0,
        resumed_at: 0,
        terms: vec!["loss".into()],
        measures: measures.iter().map(|name| (*name).to_owned()).collect(),
        history: history.collect(),
        phases: Vec::new(),
    })
}

/// Writes a value as JSON, with the folders above it.
pub fn put(path: &Path, value: Value) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, value.to_string()).expect("a file");
}

/// A small deterministic generator: these numbers are test data, not results.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}
