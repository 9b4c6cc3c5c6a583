//! What is wrong with an experiment is told with its place and the way out.

use super::*;

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
                 activation, order, normalisation, mixing, log_scale_clip, residual, conditioner, map, base, chain, training, fresh_noise, dropout",
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
            "a.yaml:18:10: student: expected a section of keys, as `model: …` or `none`, got 7",
            "a.yaml:19:13: evaluation: expected a section of keys, as `samples: …` or `none`, got a list",
            "a.yaml:20:8: bench: expected a section of keys, as `batches: …` or `none`, got the tag `!fast`",
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
                "a.yaml:8:10: teacher.order: expected one of `reverse`, `random`, `same`, `alternating`, got the text `reversed`; did you \
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
                "a.yaml:21:18: student.model: `maf` gives densities in one pass and is for teachers; a student's is `iaf`",
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
    const ONE: &str = "expected exactly one of `path`, `train`, `mnist` and `synthetic`, got";
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
fn wrong_switches_of_density_estimation() {
    check_all(&[
        (
            "data: {synthetic: rings}\nstudent: {base: {mixture: {start: em}}}\n",
            &[
                "a.yaml:2:35: student.base.mixture.start: expected `random`: there are no rows to fit a student's mixture to …",
            ],
        ),
        (
            "data: {synthetic: rings}\nteacher: {fresh_noise: true}\n",
            &["a.yaml:2:24: teacher.fresh_noise: is noise of pixels, and the rows are no pictures; …"],
        ),
        (
            "data: {path: d.csv, pixels: {}}\nteacher: {fresh_noise: true, model: gaussian}\n",
            &["a.yaml:2:24: teacher.fresh_noise: means nothing for a mixture of Gaussians, which is fitted by EM …"],
        ),
        (
            "data: {synthetic: rings}\nteacher: {model: truth, fresh_noise: true}\n",
            &["a.yaml:2:38: teacher.fresh_noise: means nothing beside `model: truth`…"],
        ),
        (
            "data: {path: d.csv, stream: true}\n",
            &["a.yaml:1:29: data.stream: means something only beside `train`; remove it or give `train`"],
        ),
        (
            "data: {train: train.csv, test: test.csv, stream: true, pixels: {}}\n",
            &[
                "a.yaml:1:15: data.train: expected an uncompressed .npy, as its rows stay in it (`stream`)",
                "a.yaml:1:50: data.stream: goes with rows of numbers, not with `pixels`; remove one of them",
                "a.yaml:1:50: data.stream: cannot split a file whose rows stay in it; give `validation` a file of its own",
            ],
        ),
        (
            "data: {train: train.csv, test: test.csv, stream: true}\n",
            &[
                "a.yaml:1:15: data.train: expected an uncompressed .npy, as its rows stay in it (`stream`)",
                "a.yaml:1:50: data.stream: cannot split a file whose rows stay in it; give `validation` a file of its own",
            ],
        ),
        (
            "data: {synthetic: rings}\nteacher: {model: planar, dropout: 0.1}\n",
            &[
                "a.yaml:2:35: teacher.dropout: drops hidden units of the conditioners of `maf` and `coupling`, of residual ones …",
            ],
        ),
        (
            "data: {synthetic: rings}\nteacher: {residual: true, hidden: [8], dropout: 0.1}\n",
            &[
                "a.yaml:2:49: teacher.dropout: drops hidden units of the conditioners of `maf` and `coupling`, of residual ones …",
            ],
        ),
        (
            "data: {synthetic: rings}\nteacher: {dropout: 1}\nstudent: {dropout: 0.1}\n",
            &[
                "a.yaml:2:20: teacher.dropout: expected a number from 0 to below 1, such as 0.1, got 1",
                "a.yaml:3:11: student: unknown key `dropout`; `dropout` belongs under `teacher`; known keys: …",
            ],
        ),
        (
            "data: {synthetic: rings}\nteacher: {training: {average_last: 0}}\n",
            &[
                "a.yaml:2:36: teacher.training.average_last: expected a number above 0 and at most 1, the share of the steps, or `none`, got 0",
            ],
        ),
        (
            "data: {synthetic: rings}\nteacher: {training: {ema: 0.9, average_last: 0.5}}\n",
            &["a.yaml:2:46: teacher.training.average_last: stands in place of `ema`; leave one of them out…"],
        ),
        (
            "data: {synthetic: rings}\nteacher: {model: gaussian, training: {average_last: 0.5}}\n",
            &["a.yaml:2:53: teacher.training.average_last: means nothing for a mixture of Gaussians…"],
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
