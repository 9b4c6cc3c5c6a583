//! Experiments with mistakes and the exact messages they get; experiments without, and the plans they become.

use super::*;
use flowstill_data::{Source, Target};
use flowstill_model::{Activation, Architecture, OrderRule};
use flowstill_student::Recipe;
use flowstill_trainer::Settings;
use std::fs;
use tempfile::TempDir;

mod recipes;
mod sweep;

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

#[test]
fn texts_that_are_no_experiment() {
    const SMALLEST: &str = "the smallest experiment is `data: {path: my.csv}`";
    let empty = format!("a.yaml: no keys in the file; {SMALLEST}");
    let list = format!("a.yaml: expected keys and values, got a list; {SMALLEST}");
    let text = format!("a.yaml: expected keys and values, got the text `text`; {SMALLEST}");
    check_all(&[
        ("", &[&empty]),
        ("# a comment\n\n", &[&empty]),
        ("- a\n- b\n", &[&list]),
        ("text\n", &[&text]),
        ("data:my.csv\n", &["a.yaml: expected keys and values, got a text; leave a space after each colon"]),
        ("{}", &["a.yaml: data: missing; say where the rows come from, as in `data: {path: my.csv}`"]),
        (
            "data: {path: d.csv\nseed: 1\n",
            &["a.yaml:2:5: not valid YAML: did not find expected ',' or '}', while parsing a flow mapping; check the \
               indentation, brackets and quotes from here upwards"],
        ),
        (
            "data:\n\tpath: d.csv\n",
            &["a.yaml:2:1: not valid YAML: found character that cannot start any token, while scanning for the next \
               token; indent with spaces, YAML forbids tabs"],
        ),
        ("data: *x\n", &["a.yaml:1:7: not valid YAML: unknown anchor; define it before as `&name`"]),
        ("a: b: c\n", &["a.yaml:1:5: not valid YAML: mapping values are not allowed in this context; …"]),
        (
            "name: \"open\n",
            &[
                "a.yaml:2:1: not valid YAML: found unexpected end of stream, while scanning a quoted scalar; a quote is \
               not closed",
            ],
        ),
        ("a: 1\n---\nb: 2\n", &["a.yaml: expected one document, got several; remove the lines `---` between them"]),
        ("data:\n  ? [a]\n  : 1\n", &["a.yaml:2:3: a key must be a word, not a list, a section or a tag"]),
        (
            "seed: &a 1\nteacher: {layers: &a 2} # &a\n",
            &["a.yaml:2:19: anchor `&a` is defined twice; give each anchor its own name"],
        ),
    ]);
}

#[test]
fn unknown_and_duplicate_keys() {
    const TOP: &str =
        "known keys: extends, name, seed, threads, data, teacher, student, evaluation, bench, sweep, executor";
    let top = |start: &str| format!("{start} {TOP}");
    check_all(&[
        (
            "data: {path: d.csv}\ntacher: {layers: 3}\nlr: 1\nfoo: 1\n1: 2\n",
            &[
                &top("a.yaml:2:1: unknown key `tacher`; did you mean `teacher`?"),
                &top(
                    "a.yaml:3:1: unknown key `lr`; `rate` belongs under `teacher.training` or under `student.training`;",
                ),
                &top("a.yaml:4:1: unknown key `foo`;"),
                &top("a.yaml:5:1: unknown key `1`;"),
            ],
        ),
        (
            "data: {path: d.csv}\nteacher:\n  hiden: [8]\n  steps: 3\n  training: {learning_rate: 1, seed: 4, rate: -1}\n",
            &[
                "a.yaml:3:3: teacher: unknown key `hiden`; did you mean `hidden`? known keys: model, layers, hidden, \
                 activation, order, normalisation, log_scale_clip, residual, training",
                "a.yaml:4:3: teacher: unknown key `steps`; `steps` belongs under `teacher.training`; known keys: …",
                "a.yaml:5:14: teacher.training: unknown key `learning_rate`; did you mean `rate`? known keys: …",
                "a.yaml:5:32: teacher.training: unknown key `seed`; `seed` belongs at the top level; known keys: …",
                "a.yaml:5:47: teacher.training.rate: expected a number above 0, got -1",
            ],
        ),
        (
            "data: {pth: d.csv}",
            &["a.yaml:1:8: data: unknown key `pth`; did you mean `path`? known keys: path, train, …"],
        ),
        (
            "seed: 1\ndata: {path: d.csv}\nseed: 2\nteacher: {training: {steps: 1, steps: 2}}\nstudent: &s {layers: 1, layers: \
             2}\nbench: *s\n",
            &[
                "a.yaml:3:1: duplicate key `seed` (first at line 1)",
                "a.yaml:4:32: teacher.training: duplicate key `steps` (first at line 4)",
                "a.yaml:5:25: student: duplicate key `layers` (first at line 5)",
            ],
        ),
    ]);
}

#[test]
fn wrong_types() {
    check_all(&[(
        "data: {path: d.csv}
name: 2024
seed: 18446744073709551616
threads: 1e30
teacher:
  hidden: 128
  layers: true
  activation: [relu]
  training:
    steps: 1_000
    batch: 1e400
    rate: '1e-3'
    warmup: 0.5
    weight_decay: '0,1'
    clip_norm: off
    patience:
    ema: yes
student: 7
evaluation: [1]
bench: !fast {}
",
        &[
            "a.yaml:2:7: name: expected text, got 2024; put it in quotes",
            "a.yaml:3:7: seed: expected a whole number from 0 to 18446744073709551615, got 18446744073709551616",
            "a.yaml:4:10: threads: expected a whole number up to 2^53 or in digits, got 1e30",
            "a.yaml:6:11: teacher.hidden: expected a list, got 128; write [128]",
            "a.yaml:7:11: teacher.layers: expected a whole number, got `true`",
            "a.yaml:8:15: teacher.activation: expected one of `relu`, `leaky_relu`, `tanh`, `elu`, `softplus`, `sigmoid`, \
             got a list",
            "a.yaml:10:12: teacher.training.steps: expected a whole number, got the text `1_000`; write it without `_`: 1000",
            "a.yaml:11:12: teacher.training.batch: expected a whole number, got the text `1e400`; it is too large",
            "a.yaml:12:11: teacher.training.rate: expected a number, got the text `1e-3`; remove the quotes",
            "a.yaml:13:13: teacher.training.warmup: expected a whole number, got 0.5",
            "a.yaml:14:19: teacher.training.weight_decay: expected a number, got the text `0,1`; write the decimal sign as a \
             point: 0.1",
            "a.yaml:15:16: teacher.training.clip_norm: expected a number or `none`, got the text `off`",
            "a.yaml:16:14: teacher.training.patience: expected a whole number or `none`, got nothing",
            "a.yaml:17:10: teacher.training.ema: expected a number or `none`, got the text `yes`",
            "a.yaml:18:10: student: expected a section of keys, got 7",
            "a.yaml:19:13: evaluation: expected a section of keys, got a list",
            "a.yaml:20:8: bench: expected a section of keys or `none`, got the tag `!fast`",
        ],
    )]);
}

#[test]
fn wrong_values() {
    let cores = std::thread::available_parallelism().unwrap().get();
    let most = 4 * cores;
    let threads = format!(
        "a.yaml:3:10: threads: expected a whole number from 1 to {most} (4 for each of the machine's {cores} cores), got 0"
    );
    check_all(&[
        (
            "data: {path: d.csv}
seed: -1
threads: 0
teacher:
  layers: 0
  hidden: [8, 0]
  activation: gelu
  order: reversed
  log_scale_clip: 0
  training:
    steps: 100
    batch: 0
    rate: .nan
    schedule: step
    warmup: 100
    weight_decay: -0.1
    clip_norm: 0
    ema: 1
    validate_every: -5
    patience: 0
student: {model: maf}
evaluation: {samples: 1}
bench: {batches: [], repetitions: 0}
",
            &[
                "a.yaml:2:7: seed: expected a whole number from 0 to 18446744073709551615, got -1",
                &threads,
                "a.yaml:5:11: teacher.layers: expected a whole number from 1 to 1000, got 0",
                "a.yaml:6:15: teacher.hidden[1]: expected a whole number from 1 to 65536, got 0",
                "a.yaml:7:15: teacher.activation: expected one of `relu`, `leaky_relu`, `tanh`, `elu`, `softplus`, `sigmoid`, \
                 got the text `gelu`; did you mean `relu`?",
                "a.yaml:8:10: teacher.order: expected one of `reverse`, `random`, `same`, got the text `reversed`; did you \
                 mean `reverse`?",
                "a.yaml:9:19: teacher.log_scale_clip: expected a number from 0.001 to 80, got 0",
                "a.yaml:12:12: teacher.training.batch: expected a whole number from 1 to 10000000, got 0",
                "a.yaml:13:11: teacher.training.rate: expected a number above 0, got .nan",
                "a.yaml:14:15: teacher.training.schedule: expected one of `constant`, `cosine`, got the text `step`",
                "a.yaml:15:13: teacher.training.warmup: expected fewer steps than the 100 of `steps`, got 100",
                "a.yaml:16:19: teacher.training.weight_decay: expected a number of at least 0, got -0.1",
                "a.yaml:17:16: teacher.training.clip_norm: expected a number above 0 or `none`, got 0",
                "a.yaml:18:10: teacher.training.ema: expected a number above 0 and below 1 or `none`, got 1",
                "a.yaml:19:21: teacher.training.validate_every: expected a whole number from 1 to 1000000000, got -5",
                "a.yaml:20:15: teacher.training.patience: expected a whole number from 1 to 1000000 or `none`, got 0",
                "a.yaml:21:18: student.model: expected one of `iaf`, `coupling`, got the text `maf`; did you mean `iaf`?",
                "a.yaml:22:23: evaluation.samples: expected a whole number from 2 to 100000000, got 1",
                "a.yaml:23:18: bench.batches: expected 1 to 100 batch sizes, got 0; write `bench: none` to measure no speed",
                "a.yaml:23:35: bench.repetitions: expected a whole number from 1 to 100000, got 0",
            ],
        ),
        // what rests on something unreadable is not judged
        (
            "data: {path: d.csv}\nteacher: {training: {steps: abc, warmup: 30000}}",
            &["a.yaml:2:29: teacher.training.steps: expected a whole number, got the text `abc`"],
        ),
        (
            "data: {path: d.csv}\nteacher: {hidden: [65536, 65536]}",
            &[
                "a.yaml:2:19: teacher.hidden: expected at most 1000000000 weights between hidden layers in all, got 21474836480",
            ],
        ),
        ("data: {path: d.csv}\nname: a/b", &["a.yaml:2:7: name: expected a name for a folder: 1 to 100 letters, …"]),
        ("data: {path: d.csv}\nname: ..", &["a.yaml:2:7: name: expected a name for a folder: …"]),
        // a mistake that a merge repeats is told once, where it is written
        (
            "data: {path: d.csv}\nteacher: &t {layers: 2, training: {rate: -1}}\nstudent: {<<: *t, objective: reverse_kl}",
            &["a.yaml:2:42: teacher.training.rate: expected a number above 0, got -1"],
        ),
        (
            "data: {path: d.csv}\nteacher: {<<: 5}",
            &["a.yaml:2:15: teacher.<<: expected a section to merge, as `<<: *name` or `<<: [*a, *b]`, got 5"],
        ),
    ]);
}

#[test]
fn wrong_data() {
    const ONE: &str = "expected exactly one of `path`, `train` and `synthetic`, got";
    let split = |got: &str| {
        format!(
            "data.split: expected three fractions for training, validation and test, each above 0 and together 1, as in \
             [0.8, 0.1, 0.1], got {got}"
        )
    };
    check_all(&[
        ("data:", &[&format!("a.yaml:1:1: data: {ONE} none")]),
        ("seed: 1\ndata: {path: d.csv, train: d.csv}", &[&format!("a.yaml:2:1: data: {ONE} `path` and `train`")]),
        (
            "data: {path: d.csv, validation: d.csv, rows: 5}",
            &[
                "a.yaml:1:33: data.validation: means something only beside `train`; remove it or give `train`",
                "a.yaml:1:46: data.rows: means something only beside `synthetic`; remove it or give `synthetic`",
            ],
        ),
        (
            "data: {train: trian.csv, validation: no.csv, test: test.csv}",
            &[
                "a.yaml:1:15: data.train: no such file (looked for trian.csv); did you mean `train.csv`?",
                "a.yaml:1:38: data.validation: no such file (looked for no.csv)",
            ],
        ),
        ("data: {path: empty.csv}", &["a.yaml:1:14: data.path: empty.csv is empty"]),
        (
            "data: {path: page.npy}",
            &["a.yaml:1:14: data.path: page.npy does not begin as a file of its kind; write or fetch it again"],
        ),
        ("data: {path: sub.csv}", &["a.yaml:1:14: data.path: sub.csv is a folder; name a file in it"]),
        ("data: {path: ''}", &["a.yaml:1:14: data.path: expected the name of a file, got an empty text"]),
        (
            "data: {path: d.parquet}",
            &[
                "a.yaml:1:14: data.path: expected a file .csv, .tsv, .txt, .npy or .npz, each also with .gz, got .parquet",
            ],
        ),
        ("data: {path: d.csv, split: [0.9, 0.1, 0.1]}", &[&format!("a.yaml:1:28: {}", split("[0.9, 0.1, 0.1]"))]),
        ("data: {path: d.csv, split: [1, 0, 0]}", &[&format!("a.yaml:1:28: {}", split("[1, 0, 0]"))]),
        ("data: {path: d.csv, split: [0.9, 0.1]}", &[&format!("a.yaml:1:28: {}", split("[0.9, 0.1]"))]),
        (
            "data: {train: train.csv, validation: validation.csv, test: test.csv, split: [.8, .1, .1]}",
            &["a.yaml:1:77: data.split: means nothing where `train`, `validation` and `test` are all given; remove it"],
        ),
        (
            "data: {synthetic: two_moon}",
            &["a.yaml:1:19: data.synthetic: expected one of `two_moons`, `eight_gaussians`, `pinwheel`, `rings`, \
               `checkerboard`, `swirl`, `banana`, `funnel`, `gaussian_mixture`, `ring_chain`, got the text \
               `two_moon`; did you mean `two_moons`?"],
        ),
        ("data: {synthetic: rings, dim: 3}", &["a.yaml:1:31: data.dim: got 3 for `rings`, expected 2"]),
        (
            "data: {synthetic: ring_chain, dim: 2}",
            &["a.yaml:1:36: data.dim: got 2 for `ring_chain`, expected 3 to 1024"],
        ),
        (
            "data: {synthetic: rings, rows: 0}",
            &["a.yaml:1:32: data.rows: expected a whole number from 1 to 1000000000, got 0"],
        ),
        (
            "data: {synthetic: funnel, dim: 1000, rows: 1000001}",
            &["a.yaml:1:44: data.rows: expected at most 1000000 rows of 1000 dimensions, got 1000001"],
        ),
    ]);
}

#[test]
fn files_that_cannot_be_read() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let message = |name: &str| {
        let error = Experiment::load(path(name)).unwrap_err().to_string();
        error.replace(&format!("{}/", folder.path().display()), "")
    };
    fs::write(path("latin.yaml"), b"seed: 1\nname: \xe9t\xe9\n").unwrap();
    fs::write(path("big.yaml"), vec![b' '; 300_000]).unwrap();
    fs::write(path("my exp.yaml"), "data: {path: d.csv}").unwrap();
    assert_eq!(message("no.yaml"), "no.yaml: no such file; expected an experiment in YAML");
    assert_eq!(message("sub.csv"), "sub.csv: this is a folder; expected an experiment in YAML");
    assert_eq!(message("latin.yaml"), "latin.yaml:2:7: not UTF-8 text from here on; save the file as UTF-8");
    assert_eq!(message("big.yaml"), "big.yaml: larger than 256 KiB; expected an experiment in YAML");
    assert!(message("my exp.yaml").ends_with("got `my exp` from the name of the file; give the key `name`"));
}

/// The settings of a distillation that says nothing of its recipe.
fn auto(plan: &Experiment) -> &Settings {
    match &plan.student.recipe {
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
    assert_eq!(plan.data, Source::File { path: folder.path().join("d.csv"), split: [0.8, 0.1, 0.1], seed: 0 });
    assert_eq!(plan.teacher.flow().unwrap().architecture, Architecture::default());
    assert_eq!(plan.student.architecture, Architecture::default());
    let (teacher, student) = (&plan.teacher.flow().unwrap().training, auto(&plan));
    assert_eq!((teacher.steps, teacher.rate, teacher.ema, teacher.patience), (20_000, 1e-3, None, Some(10)));
    assert_eq!((student.steps, student.rate, student.ema, student.patience), (10_000, 2e-3, Some(0.998), None));
    assert_eq!((teacher.warmup, teacher.clip_norm, teacher.batch, student.batch), (500, Some(5.0), 512, 256));
    assert_eq!((plan.evaluation.samples, plan.bench.repetitions), (20_000, 9));
    assert_eq!(plan.bench.batches, [1, 10, 100, 1000, 10_000]);
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
    let (teacher, student) = (&plan.teacher.flow().unwrap().training, auto(&plan));
    assert_eq!((teacher.rate, teacher.weight_decay, teacher.ema), (0.001, 0.001, Some(0.001)));
    assert_eq!((teacher.steps, teacher.warmup, teacher.clip_norm), (1000, 100, None));
    assert_eq!((student.steps, student.warmup, student.ema, student.rate), (1000, 0, None, 0.001));
    // the student's architecture is the teacher's where it says nothing
    let expected = Architecture { layers: 2, hidden: vec![], activation: Activation::Elu, ..Architecture::default() };
    assert_eq!(plan.student.architecture, expected);
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
    let slow = "name: layers=2,hidden=64x64,order=same+seed=0\ndata: {path: d.csv}\nbench: none\n";
    for text in [parts, all, synthetic, odd, truth, slow, "data: {synthetic: rings}\nname: 'none'\n"] {
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
    plan.student.architecture.layers = 1;
    let warnings = plan.warnings(9);
    assert!(warnings[0].starts_with("teacher: affine autoregressive layers that all have the same order"));
    assert!(warnings[1].starts_with("student: a single affine autoregressive layer"));
}

#[test]
fn speed_is_measured_unless_it_is_switched_off() {
    let bench = |text: &str| read(&format!("data: {{path: d.csv}}\n{text}")).unwrap().bench;
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
    assert_eq!(plan.student.architecture, Architecture { layers: 1, ..Architecture::default() });
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
