//! Throws broken YAML at the reader of experiments and sweeps: whatever it gets, it may not panic, may not take long, and
//! must say at least one thing about what it refuses. `cargo run --release --example fuzz_config -- --seconds 600`
//!
//! The texts are the experiments of this repository and the wrong sweeps of the tests, changed at random: bytes, words of
//! YAML and of our keys, lines of other texts. `--seed` begins another series, `--input FILE` tries one text again.

use flowstill_runner::config::{ConfigError, Experiment, Sweep};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::error::Error;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What one text may take to be read, and each cell that it expands to beside.
const PATIENCE: Duration = Duration::from_secs(1);
const PATIENCE_PER_CELL: Duration = Duration::from_micros(200);

/// A sweep that uses everything.
const RIGHT: &str = "\
extends: base.yaml
name: all
data: {synthetic: two_moons}
teacher: {layers: 5, training: {steps: 400, ema: none}}
sweep:
  grid:
    teacher.layers: [2, 4, 8]
    student.hidden: [[32, 32], [64]]
  zip: {teacher.training.rate: [1e-3, 2e-3], student.training.rate: [1e-3, 2e-3]}
  cases:
    - {name: coupling, student.model: coupling}
    - {student: {model: iaf, activation: elu}}
  sobol:
    draws: 4
    seed: 1
    keys:
      student.log_scale_clip: {uniform: [1, 3]}
      evaluation.samples: {integer: [200, 800]}
      data.rows: {choice: [100, 1e3]}
      teacher.training.weight_decay: {log_uniform: [1e-6, 1e-2]}
  when:
    - {if: {teacher.layers: 8, case: coupling}, only: {student.hidden: [[64]]}}
    - {if: {student.log_scale_clip: {from: 2.5}}, skip: true}
    - {if: {teacher.layers: [2, 4]}, set: {student.layers: 3}}
  seeds: [0, 5]
  baselines:
    same_size: {}
    tiny: {student.hidden: [8]}
    alone: {student: none, evaluation: none}
  stop: {rule: halving, metric: ess_reverse, first: 500, factor: 3}
  limits: {time: 2h, memory: 8GB, retries: 1}
executor:
  slurm: {partition: main, timeout_min: 60, signal_delay_s: 120, setup: [module load x], additional_parameters: {gres: none}}
";

/// Pieces that mean something in YAML or to us.
const WORDS: &[&str] = &[
    "*a",
    "&a ",
    "<<: ",
    "- ",
    "? ",
    ": ",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    "!x ",
    "\n",
    "  ",
    "\t",
    "\u{0}",
    "\u{feff}",
    "|",
    "#",
    ",",
    "---",
    "1e999",
    ".nan",
    "-.inf",
    "0",
    "-1",
    "1e3",
    "18446744073709551616",
    "99999",
    "none",
    "true",
    "~",
    "[]",
    "{}",
    "[1, 2]",
    "extends: ",
    "base.yaml",
    "a.yaml",
    "sweep:\n  ",
    "grid: ",
    "zip: ",
    "cases: ",
    "random: ",
    "sobol: ",
    "draws: 9",
    "seed: ",
    "keys: ",
    "log_uniform: ",
    "uniform: ",
    "integer: ",
    "choice: ",
    "when: ",
    "if: ",
    "only: ",
    "set: ",
    "skip: true",
    "case",
    "from: 1",
    "seeds: 3",
    "baselines: ",
    "stop: ",
    "rule: median",
    "limits: ",
    "time: 2h",
    "memory: 8GB",
    "executor: ",
    "slurm: ",
    "teacher.layers",
    "student.hidden",
    "student.recipe",
    "teacher.training.rate",
    "data.path",
    "data",
    "name",
    ".",
    "teacher",
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |flag: &str| arguments.iter().position(|a| a == flag).and_then(|at| arguments.get(at + 1));
    let desk = tempfile::tempdir()?;
    fs::write(desk.path().join("base.yaml"), "seed: 4\nteacher: {training: {batch: 90}}\n")?;
    fs::write(desk.path().join("d.csv"), "1,2\n")?;
    if let Some(input) = value("--input") {
        return Ok(attempt(&fs::read_to_string(input)?, desk.path())?);
    }
    let seconds: u64 = value("--seconds").map_or(Ok(60), |text| text.parse())?;
    let seed: u64 = value("--seed").map_or(Ok(0), |text| text.parse())?;

    Sweep::from_str(RIGHT, &desk.path().join("a.yaml"))?;
    let texts = texts()?;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (started, mut tried, mut good) = (Instant::now(), 0u64, 0u64);
    while started.elapsed() < Duration::from_secs(seconds) {
        let text = mutated(&texts, &mut random);
        match attempt(&text, desk.path()) {
            Ok(()) => good += u64::from(Sweep::from_str(&text, &desk.path().join("a.yaml")).is_ok()),
            Err(complaint) => {
                let kept = std::env::temp_dir().join(format!("fuzz_config-{seed}-{tried}.yaml"));
                fs::write(&kept, &text)?;
                return Err(format!("{complaint}; the text is in {}", kept.display()).into());
            }
        }
        tried += 1;
    }
    println!("{tried} texts in {seconds} s, of which {good} were sweeps; no panic, none took long");
    Ok(())
}

/// Reads the text as an experiment and as a sweep.
fn attempt(text: &str, desk: &Path) -> Result<(), String> {
    let file = desk.join("a.yaml");
    let started = Instant::now();
    let outcome = catch_unwind(|| {
        let experiment = Experiment::from_str(text, &file).map(|_| 0);
        let sweep = Sweep::from_str(text, &file).map(|sweep| sweep.cells.len());
        (experiment, sweep)
    });
    let taken = started.elapsed();
    let (experiment, sweep) = outcome.map_err(|_| "it panicked".to_owned())?;
    for error in [&experiment, &sweep].into_iter().filter_map(|result| result.as_ref().err()) {
        judge(error)?;
    }
    let cells = sweep.unwrap_or(0);
    if taken > PATIENCE + PATIENCE_PER_CELL * cells as u32 {
        return Err(format!("it took {taken:.1?} for {cells} cells"));
    }
    Ok(())
}

/// What every complaint must be.
fn judge(error: &ConfigError) -> Result<(), String> {
    let text = error.to_string();
    let lines = text.lines().count();
    if error.problems.is_empty() || lines != error.problems.len() || lines > 200 {
        return Err(format!("it made {} problems of {lines} lines:\n{text}", error.problems.len()));
    }
    Ok(())
}

/// What the changes start from.
fn texts() -> Result<Vec<String>, Box<dyn Error>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut texts: Vec<String> = include_str!("../src/config/tests/sweep/wrong.txt")
        .split("\n====")
        .filter_map(|block| Some(block.split_once('\n')?.1.to_owned()))
        .collect();
    for folder in ["../../experiments", "../../experiments/distillation"] {
        for entry in fs::read_dir(root.join(folder))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                texts.push(fs::read_to_string(path)?);
            }
        }
    }
    texts.sort_unstable();
    // as many of it as of all others
    texts.extend(vec![RIGHT.to_owned(); texts.len()]);
    Ok(texts)
}

fn mutated(texts: &[String], random: &mut ChaCha8Rng) -> String {
    let mut pick = |texts: &[String]| texts[random.gen_range(0..texts.len())].clone();
    let (text, other) = (pick(texts), pick(texts));
    let mut bytes = text.into_bytes();
    for _ in 0..random.gen_range(1..=4) {
        let at = random.gen_range(0..=bytes.len());
        let end = (at + random.gen_range(0..8)).min(bytes.len());
        match random.gen_range(0..14) {
            0 => bytes.insert(at, random.r#gen()),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let again = bytes[at..].iter().take(random.gen_range(0..200)).copied().collect::<Vec<_>>();
                for _ in 0..random.gen_range(1..20) {
                    bytes.splice(at..at, again.iter().copied());
                }
            }
            3 => {
                let lines: Vec<&str> = other.lines().collect();
                let line = lines[random.gen_range(0..lines.len().max(1)).min(lines.len().saturating_sub(1))..].first();
                let line = line.map_or_else(String::new, |line| format!("\n{line}\n"));
                bytes.splice(at..at, line.into_bytes());
            }
            // the gentle ones: another digit, and one place of the text exchanged for another
            4..8 => {
                let digits: Vec<usize> = (0..bytes.len()).filter(|place| bytes[*place].is_ascii_digit()).collect();
                if !digits.is_empty() {
                    bytes[digits[random.gen_range(0..digits.len())]] = random.gen_range(b'0'..=b'9');
                }
            }
            8 | 9 => {
                let spaces: Vec<usize> = (0..bytes.len()).filter(|place| b" ,:[{".contains(&bytes[*place])).collect();
                if !spaces.is_empty() {
                    let from = spaces[random.gen_range(0..spaces.len())];
                    bytes.swap(from, spaces[random.gen_range(0..spaces.len())]);
                }
            }
            _ => {
                let word = WORDS[random.gen_range(0..WORDS.len())];
                bytes.splice(at..end, word.bytes());
            }
        }
    }
    bytes.truncate(200_000);
    String::from_utf8_lossy(&bytes).into_owned()
}
