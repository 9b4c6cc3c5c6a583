//! Experiments with mistakes and the exact messages they get; experiments without, and the plans they become.

use super::*;
use flowstill_data::{Source, Target};
use flowstill_model::{Activation, Architecture, OrderRule};
use flowstill_student::Recipe;
use flowstill_trainer::Settings;
use std::fs;
use tempfile::TempDir;

mod alone;
mod families;
mod maps;
mod recipes;
mod sweep;
mod wrong;

/// A folder with data files, some of them damaged.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["d.csv", "train.csv", "validation.csv", "test.csv", "x.npz"] {
        fs::write(folder.path().join(name), "PK,2\n").unwrap();
    }
    fs::write(folder.path().join("empty.csv"), "").unwrap();
    fs::write(folder.path().join("page.npy"), "<html>").unwrap();
    fs::create_dir(folder.path().join("sub.csv")).unwrap();
    folder
}

fn read(text: &str) -> Result<Experiment, ConfigError> {
    let folder = folder();
    Experiment::from_str(text, &folder.path().join("a.yaml"))
}

/// The messages about `text` as the file a.yaml of the current folder.
fn messages(text: &str) -> String {
    let folder = folder();
    let error = Experiment::from_str(text, &folder.path().join("a.yaml")).expect_err(text);
    error.to_string().replace(&format!("{}/", folder.path().display()), "")
}

/// Checks texts against their messages; `…` at the end of an expected line stands for any ending.
fn check_all(cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        let got = messages(text);
        let lines: Vec<&str> = got.lines().collect();
        let same = |line: &str, wanted: &str| match wanted.strip_suffix('…') {
            Some(start) => line.starts_with(start),
            None => line == wanted,
        };
        assert!(
            lines.len() == expected.len() && lines.iter().zip(*expected).all(|(line, wanted)| same(line, wanted)),
            "for\n{text}\ngot\n{got}\nexpected\n{}",
            expected.join("\n")
        );
    }
}

/// The settings of a distillation that says nothing of its recipe.
fn auto(plan: &Experiment) -> &Settings {
    match &plan.with_student().unwrap().student.recipe {
        Recipe::Auto(settings) => settings,
        Recipe::Phases(phases) => panic!("{phases:?}"),
    }
}

#[test]
fn defaults_are_those_of_the_reference() {
    let folder = folder();
    fs::write(folder.path().join("first.yaml"), "data: {path: ./d.csv}\n").unwrap();
    let plan = Experiment::load(folder.path().join("first.yaml")).unwrap();
    assert_eq!((plan.name.as_str(), plan.seed), ("first", 0));
    assert_eq!(plan.threads, std::thread::available_parallelism().unwrap().get());
    assert_eq!(
        plan.data,
        Source::File { path: folder.path().join("d.csv"), split: [0.8, 0.1, 0.1], pixels: None, seed: 0 }
    );
    assert_eq!(plan.teacher.flow().unwrap().architecture, Architecture::default());
    assert_eq!(plan.with_student().unwrap().student.architecture, Architecture::default());
    let (teacher, student) = (&plan.teacher.flow().unwrap().training.gradient().unwrap(), auto(&plan));
    assert_eq!((teacher.steps, teacher.rate, teacher.ema, teacher.patience), (20_000, 1e-3, None, Some(10)));
    assert_eq!((student.steps, student.rate, student.ema, student.patience), (10_000, 2e-3, Some(0.998), None));
    assert_eq!((teacher.warmup, teacher.clip_norm, teacher.batch, student.batch), (500, Some(5.0), 512, 256));
    assert_eq!(
        (plan.with_student().unwrap().evaluation.samples, plan.with_student().unwrap().bench.repetitions),
        (20_000, 9)
    );
    assert_eq!(plan.with_student().unwrap().bench.batches, [1, 10, 100, 1000, 10_000]);
}

#[test]
fn the_many_ways_to_write_the_same() {
    let plan = read(
        "data: {synthetic: gaussian_mixture, dim: 3, rows: 1e3}
seed: 7
teacher:
  hidden: []
  layers: 3.0
  activation: elu
  training: &t {steps: 1e3, rate: 1e-3, weight_decay: 1.0e-3, clip_norm: none, ema: .001}
student:
  layers: 2
  training: {<<: *t, steps: 1000, warmup: 0, ema: none}
",
    )
    .unwrap();
    let target = Target::GaussianMixture { dim: 3, components: 5, seed: 7 };
    assert_eq!(plan.data, Source::Synthetic { target, rows: 1000, split: [0.8, 0.1, 0.1], seed: 7 });
    let (teacher, student) = (&plan.teacher.flow().unwrap().training.gradient().unwrap(), auto(&plan));
    assert_eq!((teacher.rate, teacher.weight_decay, teacher.ema), (0.001, 0.001, Some(0.001)));
    assert_eq!((teacher.steps, teacher.warmup, teacher.clip_norm), (1000, 100, None));
    assert_eq!((student.steps, student.warmup, student.ema, student.rate), (1000, 0, None, 0.001));
    // the student's architecture is the teacher's where it says nothing
    let expected = Architecture { layers: 2, hidden: vec![], activation: Activation::Elu, ..Architecture::default() };
    assert_eq!(plan.with_student().unwrap().student.architecture, expected);
    // byte order mark and carriage returns, as some editors write them
    assert_eq!(read("\u{feff}data: {path: x.npz:train}\r\nseed: 3\r\n").unwrap().seed, 3);
}

#[test]
fn the_resolved_yaml_gives_the_same_plan() {
    let folder = folder();
    let parts = "data: {train: train.csv, test: test.csv, split: [0.5, 0.25, 0.25]}\nseed: 18446744073709551615\n";
    let all = "data: {train: train.csv, validation: validation.csv, test: test.csv}\nteacher: {training: {ema: 0.9}}\n";
    let synthetic = "name: m\ndata: {synthetic: gaussian_mixture, dim: 3, components: 4, rows: 77}\n";
    let odd = "data: {path: d.csv}\nteacher: {hidden: [], training: {rate: 1e-10, clip_norm: 1e20, patience: none}}\n";
    let truth = "data: {synthetic: ring_chain, dim: 5}\nteacher: {model: truth}\nstudent: {hidden: [8]}\n";
    let pictures = "data: {path: d.csv, pixels: {}}\nteacher: {fresh_noise: true, dropout: 0.125, training: {average_last: 0.25}}\n\
                    student: {training: {average_last: 1}}\n";
    let slow = "name: layers=2,hidden=64x64,order=same+seed=0\ndata: {path: d.csv}\nbench: none\n";
    let alone = "data: {path: d.csv}\nteacher: {dropout: 0.5}\nstudent: none\nbench: none\n";
    for text in [parts, all, synthetic, odd, truth, pictures, slow, alone, "data: {synthetic: rings}\nname: 'none'\n"] {
        let plan = Experiment::from_str(text, &folder.path().join("a.yaml")).unwrap();
        let resolved = plan.to_yaml().unwrap();
        let again = Experiment::from_str(&resolved, std::path::Path::new("/elsewhere/config.yaml")).unwrap();
        assert_eq!(again, plan, "{resolved}");
        assert_eq!(again.to_yaml().unwrap(), resolved);
        assert_eq!(config_hash(&again), config_hash(&plan));
    }
}

#[test]
fn flows_that_can_only_be_gaussian_are_worth_a_warning() {
    let mut plan = read("data: {path: d.csv}").unwrap();
    assert_eq!(plan.warnings(2), [""; 0]);
    assert!(plan.warnings(1)[0].contains("one dimension"));
    let TeacherPlan::Flow(teacher) = &mut plan.teacher else { panic!("it is a flow unless it says otherwise") };
    teacher.architecture.order = OrderRule::Same;
    plan.distillation.as_mut().unwrap().student.architecture.layers = 1;
    let warnings = plan.warnings(9);
    assert!(warnings[0].starts_with("teacher: affine autoregressive layers that all have the same order"));
    assert!(warnings[1].starts_with("student: a single affine autoregressive layer"));
}

#[test]
fn speed_is_measured_unless_it_is_switched_off() {
    let bench = |text: &str| read(&format!("data: {{path: d.csv}}\n{text}")).unwrap().distillation.unwrap().bench;
    assert_eq!(bench("bench: none"), Bench { batches: vec![], repetitions: 9 });
    assert_eq!(bench("bench:"), bench(""));
    assert_eq!(bench("bench: {repetitions: 3}"), Bench { batches: vec![1, 10, 100, 1000, 10_000], repetitions: 3 });
    let plan = read("data: {path: d.csv}\nbench: none").unwrap();
    assert!(plan.to_yaml().unwrap().ends_with("bench: none\n"));
}

#[test]
fn what_belongs_to_a_sweep_says_how_to_run_it() {
    const WAY_OUT: &str = "is for many experiments; run this file by `flowstill sweep`, or remove the section";
    check_all(&[
        ("data: {path: d.csv}\nsweep: {seeds: 3}", &[&format!("a.yaml:2:1: sweep: {WAY_OUT}")]),
        ("executor: {slurm: {}}\ndata: {path: d.csv}\nseed: x", &[&format!("a.yaml:1:1: executor: {WAY_OUT}")]),
    ]);
}

#[test]
fn a_known_density_is_a_teacher_without_a_flow() {
    let plan = read("data: {synthetic: funnel, dim: 3}\nteacher: {model: truth}\nstudent: {layers: 1}\n").unwrap();
    assert_eq!(plan.teacher, TeacherPlan::Truth(Target::Funnel { dim: 3 }));
    assert_eq!(
        plan.with_student().unwrap().student.architecture,
        Architecture { layers: 1, ..Architecture::default() }
    );
    assert!(plan.to_yaml().unwrap().contains("teacher:\n  model: truth\nstudent:"));
    let warnings = plan.warnings(3);
    assert!(warnings.len() == 1 && warnings[0].starts_with("student:"), "{warnings:?}");
}

#[test]
fn what_a_known_density_cannot_be_or_do() {
    const KEY: &str = "means nothing beside `model: truth`, a known density of which nothing is trained; remove it, or write it \
                       under `student`";
    const INSIDE: &str = "looks inside of a trained flow, and `teacher: {model: truth}` is a density alone; use \
                          `reverse_kl`, `path_gradient`, `forward_kl`, `mixed` or `alpha`";
    check_all(&[
        (
            "data: {path: d.csv}\nteacher: {model: truth}",
            &[
                "a.yaml:2:18: teacher.model: `truth` is the known density of synthetic data, and rows of a file have none; \
               give `data: {synthetic: banana}` or another density, or train a teacher with `model: maf`",
            ],
        ),
        (
            "data: {synthetic: checkerboard}\nteacher: {model: truth}",
            &["a.yaml:2:18: teacher.model: `truth` needs a density whose gradient leads to where it is high, and \
               `checkerboard` is flat with hard edges; take another density for `data.synthetic`, or train a teacher with \
               `model: maf`"],
        ),
        // said once, where it stands
        ("data: {synthetic: banan}\nteacher: {model: truth}", &["a.yaml:1:19: data.synthetic: …"]),
        ("teacher: {model: truth}", &["a.yaml: data: missing; …"]),
        (
            "data: {synthetic: banana}\nteacher: {model: truth, layers: 3, training: {steps: 5}}",
            &[&format!("a.yaml:2:33: teacher.layers: {KEY}"), &format!("a.yaml:2:36: teacher.training: {KEY}")],
        ),
        (
            "data: {synthetic: banana}
teacher: {model: truth}
student:
  order: same
  recipe:
    - {objective: warm_start}
    - {objective: reconstruction}
    - {objective: many_samples}
    - {objective: closed_form}
    - {objective: alpha}
    - {objective: mixed}
",
            &[
                &format!("a.yaml:6:19: student.recipe[0].objective: `warm_start` {INSIDE}"),
                &format!("a.yaml:7:19: student.recipe[1].objective: `reconstruction` {INSIDE}"),
                &format!("a.yaml:8:19: student.recipe[2].objective: `many_samples` {INSIDE}"),
                &format!("a.yaml:9:19: student.recipe[3].objective: `closed_form` {INSIDE}"),
            ],
        ),
        (
            "data: {synthetic: banana}\nteacher: {model: truth}\nstudent: {objective: closed_form}",
            &[&format!("a.yaml:3:22: student.objective: `closed_form` {INSIDE}")],
        ),
    ]);
}

#[test]
fn no_text_makes_it_panic_or_hang() {
    let good = "name: a\ndata: &d {path: d.csv, split: [0.8, 0.1, 0.1]}\nteacher: &t\n  hidden: [8, 8]\n  training: {rate: 1e-3, \
                ema: none}\nstudent:\n  <<: *t\n  layers: 2\nbench: {batches: [1, 10]}\n";
    let folder = folder();
    let file = folder.path().join("a.yaml");
    let inserts = [
        "*t", "&t ", "<<: ", "- ", "? ", ": ", "[", "]", "{", "}", "\"", "'", "!x ", "\n", "  ", "\t", "\u{0}",
        "1e999", "|", "#", ",",
    ];
    let mut state = 1u64;
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    for _ in 0..4000 {
        let mut text = good.to_owned();
        for _ in 0..1 + draw(4) {
            let (at, cut) = (draw(text.len()), draw(3));
            let end = (at + cut).min(text.len());
            text.replace_range(at..end, inserts[draw(inserts.len())]);
        }
        if let Err(error) = Experiment::from_str(&text, &file) {
            assert!(!error.problems.is_empty() && !error.to_string().contains("panic"), "{text}");
        }
    }
    let many = format!("data: {{path: d.csv}}\nbench: {{batches: [{}]}}\n", "0, ".repeat(9000));
    assert!(Experiment::from_str(&many, &file).unwrap_err().problems.len() <= 50);
    let same = "seed: 1\n".repeat(9000);
    assert!(Experiment::from_str(&same, &file).unwrap_err().problems.len() <= 50);
    for deep in ["[", "{a: ", "- ", "? ", "a:\n "] {
        assert!(Experiment::from_str(&format!("data: {}", deep.repeat(40_000)), &file).is_err());
    }
}
