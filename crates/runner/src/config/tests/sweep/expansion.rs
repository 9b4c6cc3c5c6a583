//! What a sweep expands to: how many cells, which, in which order, always the same.

use super::{desk, names, read, read_in};
use crate::config::name::fits;
use crate::config::sweep::Cell;
use crate::config::{Experiment, Sweep, config_hash};
use flowstill_data::Source;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::Path;

const DATA: &str = "data: {synthetic: two_moons}\n";

fn sweep(section: &str) -> Sweep {
    read(&format!("{DATA}sweep:\n{section}"))
}

fn values(cell: &Cell) -> Vec<&Value> {
    cell.settings.iter().map(|(_, value)| value).collect()
}

#[test]
fn a_grid_is_a_product_whose_last_key_varies_fastest() {
    let sweep = sweep("  grid:\n    teacher.layers: [2, 4, 8]\n    student.hidden: [[32, 32], [64, 64]]\n  seeds: 2\n");
    assert_eq!(
        (sweep.name.as_str(), sweep.keys.clone()),
        ("a", vec!["teacher.layers".into(), "student.hidden".into()])
    );
    assert_eq!(sweep.cells.len(), 12);
    assert_eq!(
        names(&sweep)[..3],
        ["layers=2,hidden=32x32,seed=0", "layers=2,hidden=32x32,seed=1", "layers=2,hidden=64x64,seed=0"]
    );
    let last = &sweep.cells[11];
    assert_eq!(last.settings, [("teacher.layers".into(), json!(8)), ("student.hidden".into(), json!([64, 64]))]);
    assert_eq!((last.experiment.seed, last.baseline.clone()), (1, None));
    assert_eq!(last.experiment.teacher.flow().unwrap().architecture.layers, 8);
    assert_eq!(last.experiment.with_student().unwrap().student.architecture.hidden, [64, 64]);
    assert!(sweep.cells.iter().all(|cell| cell.experiment.name == cell.name));
}

#[test]
fn every_cell_is_the_experiment_that_would_be_written_out() {
    let sweep = sweep(
        "  grid: {teacher.training.steps: [40, 80], data: [{rows: 500}, {synthetic: rings, rows: 600}]}\n  seeds: [3]\n",
    );
    for cell in &sweep.cells {
        let by_hand =
            Experiment::from_str(&cell.experiment.to_yaml().unwrap(), Path::new("/elsewhere/b.yaml")).unwrap();
        assert_eq!(by_hand, cell.experiment);
    }
    let written = format!(
        "name: '{}'\nseed: 3\nthreads: 1\ndata: {{synthetic: rings, rows: 600}}\nteacher: {{training: {{steps: 80}}}}\n",
        sweep.cells[3].name
    );
    assert_eq!(Experiment::from_str(&written, Path::new("b.yaml")).unwrap(), sweep.cells[3].experiment);
}

#[test]
fn an_experiment_is_a_sweep_of_one_cell() {
    for text in [DATA.to_owned(), format!("{DATA}sweep:\n"), format!("{DATA}executor: {{slurm: {{}}}}\n")] {
        let sweep = read(&text);
        assert_eq!((names(&sweep), sweep.keys.len()), (vec!["a"], 0));
        // but for its threads: cells run side by side
        let alone = Experiment::from_str(&format!("threads: 1\n{DATA}"), Path::new("a.yaml")).unwrap();
        assert_eq!(sweep.cells[0].experiment, alone);
    }
}

#[test]
fn all_axes_multiply_in_the_order_of_the_file() {
    let sweep = sweep(
        "  cases:\n    - {name: iaf, student.model: iaf}\n    - {student: {model: coupling, layers: 7}}\n  random: {draws: 5, keys: {data.rows: {integer: \
         [1000, 100000]}}}\n  zip: {teacher.training.rate: [1e-3, 2e-3], student.training.rate: [3e-3, 4e-3]}\n  grid: \
         {teacher.layers: [2, 3, 4]}\n  seeds: [0, 5, 7]\n",
    );
    assert_eq!(sweep.cells.len(), 2 * 5 * 2 * 3 * 3);
    assert_eq!(
        sweep.keys,
        [
            "student.model",
            "student.layers",
            "data.rows",
            "teacher.training.rate",
            "student.training.rate",
            "teacher.layers"
        ]
    );
    let rates: HashSet<String> =
        sweep.cells.iter().map(|cell| format!("{:?}", &values(cell)[values(cell).len() - 3..][..2])).collect();
    assert_eq!(rates.len(), 2, "rates walk together: {rates:?}");
    let seeds: Vec<u64> = sweep.cells.iter().take(4).map(|cell| cell.experiment.seed).collect();
    assert_eq!(seeds, [0, 5, 7, 0]);
    assert_eq!(
        (values(&sweep.cells[0])[0], values(&sweep.cells[90])[..2].to_vec()),
        (&json!("iaf"), vec![&json!("coupling"), &json!(7)])
    );
    // a draw is one for all that multiplies with it
    let rows = |cell: &Cell| cell.settings.iter().find(|(key, _)| key == "data.rows").unwrap().1.clone();
    assert!((0..90).all(|i| rows(&sweep.cells[i]) == rows(&sweep.cells[i + 90])));
}

#[test]
fn expansion_depends_on_the_text_alone() {
    let text = format!(
        "{DATA}sweep:\n  sobol: {{draws: 40, seed: 9, keys: {{teacher.training.rate: {{log_uniform: [1e-4, 1e-2]}}, \
         teacher.layers: {{integer: [2, 8]}}}}}}\n  seeds: 2\n  baselines: {{small: {{student.hidden: [8]}}}}\n"
    );
    let one = read(&text);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(7).build().unwrap();
    assert_eq!(pool.install(|| read_in(desk().path(), &text)).unwrap(), one);
    assert_eq!(one.cells.len(), 82);
}

#[test]
fn further_draws_and_keys_leave_the_others_as_they_are() {
    let draws = |draws: usize, seed: u64, more: &str| -> Vec<Value> {
        let section = format!(
            "  random: {{draws: {draws}, seed: {seed}, keys: {{{more}teacher.training.rate: {{log_uniform: [1e-4, 1e-2]}}}}}}\n"
        );
        sweep(&section).cells.iter().map(|cell| cell.settings.last().unwrap().1.clone()).collect()
    };
    let few = draws(10, 0, "");
    assert_eq!(draws(25, 0, "student.layers: {integer: [1, 9]}, ")[..10], few);
    assert_ne!(draws(10, 1, ""), few);
}

#[test]
fn draws_keep_to_their_distributions() {
    let sweep = sweep(
        "  random:\n    draws: 2000\n    keys:\n      teacher.training.rate: {log_uniform: [1e-4, 1e-2]}\n      \
         teacher.layers: {integer: [2, 8]}\n      student.log_scale_clip: {uniform: [1, 3]}\n      student.activation: \
         {choice: [relu, elu, tanh]}\n",
    );
    assert_eq!(sweep.cells.len(), 2000);
    let column = |key: &str| -> Vec<f64> {
        let of = |cell: &Cell| cell.settings.iter().find(|(name, _)| name == key).and_then(|(_, value)| value.as_f64());
        sweep.cells.iter().filter_map(of).collect()
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (rates, layers, clips) =
        (column("teacher.training.rate"), column("teacher.layers"), column("student.log_scale_clip"));
    // five standard errors of each mean
    let logs: Vec<f64> = rates.iter().map(|rate| rate.log10()).collect();
    assert!(logs.iter().all(|log| (-4.0..=-2.0).contains(log)) && (mean(&logs) + 3.0).abs() < 0.065, "{}", mean(&logs));
    assert!(clips.iter().all(|clip| (1.0..=3.0).contains(clip)) && (mean(&clips) - 2.0).abs() < 0.065);
    assert!((mean(&layers) - 5.0).abs() < 0.23 && (2..=8).all(|count| layers.contains(&f64::from(count))));
    let elu = sweep.cells.iter().filter(|cell| cell.settings.iter().any(|(_, value)| value == "elu")).count();
    assert!((560..=773).contains(&elu), "{elu}");
    // numbers that people can read
    assert!(rates.iter().all(|rate| rate.to_string().len() <= 10), "{rates:?}");
}

#[test]
fn a_sobol_sequence_fills_every_block_of_a_power_of_two_evenly() {
    for seed in [0, 3] {
        let sweep = sweep(&format!(
            "  sobol:\n    draws: 256\n    seed: {seed}\n    keys:\n      teacher.layers: {{integer: [1, 16]}}\n      student.layers: \
             {{integer: [1, 16]}}\n      student.log_scale_clip: {{uniform: [1, 3]}}\n"
        ));
        let points: Vec<Vec<f64>> =
            sweep.cells.iter().map(|cell| values(cell).iter().map(|v| v.as_f64().unwrap()).collect()).collect();
        for block in points.chunks(16) {
            for axis in 0..2 {
                let met: HashSet<u64> = block.iter().map(|point| point[axis] as u64).collect();
                assert_eq!(met.len(), 16, "each of 16 strata once: {block:?}");
            }
        }
        for length in [1usize, 2, 4, 8, 16, 32, 64, 128, 256] {
            let met: HashSet<usize> =
                points[..length].iter().map(|p| ((p[2] - 1.0) / 2.0 * length as f64 - 1e-9) as usize).collect();
            // a number that was rounded may have moved to the next stratum
            assert!(met.len() >= length - length / 32, "{} of {length}", met.len());
        }
        // in two dimensions as well: 16 boxes of 4 × 4, one point of each block in each
        let boxes = |point: &Vec<f64>| ((point[0] as u64 - 1) / 4, (point[1] as u64 - 1) / 4);
        assert!(points.chunks(16).all(|block| block.iter().map(boxes).collect::<HashSet<_>>().len() == 16));
    }
}

#[test]
fn rules_leave_cells_out_or_set_more() {
    let grid = "  grid: {teacher.layers: [2, 4, 8], student.hidden: [[32, 32], [64, 64]]}\n  seeds: 2\n";
    let with = |rules: &str| sweep(&format!("{grid}  when:\n{rules}"));
    assert_eq!(with("    - {if: {teacher.layers: 8}, only: {student.hidden: [[64, 64]]}}\n").cells.len(), 10);
    assert_eq!(with("    - {if: {teacher.layers: 8}, only: {student.hidden: [64, 64]}}\n").cells.len(), 10);
    assert_eq!(with("    - {if: {teacher.layers: [2, 8.0], seed: 1}, skip: true}\n").cells.len(), 8);
    assert_eq!(with("    - {if: {teacher.layers: {from: 3}}, only: {seed: 0}}\n").cells.len(), 8);
    assert_eq!(
        with("    - {if: {teacher.layers: {to: 4}}, skip: true}\n    - {if: {seed: 1}, skip: true}\n").cells.len(),
        2
    );
    let set = with("    - {if: {student.hidden: [32, 32]}, set: {student: {layers: 9}}}\n");
    assert_eq!(set.keys, ["teacher.layers", "student.hidden", "student.layers"]);
    for cell in &set.cells {
        let narrow = cell.experiment.with_student().unwrap().student.architecture.hidden == [32, 32];
        assert_eq!(cell.experiment.with_student().unwrap().student.architecture.layers == 9, narrow);
        assert_eq!(cell.settings.len(), if narrow { 3 } else { 2 });
        assert!(!cell.name.contains('9'), "what follows from the rest is not in the name: {}", cell.name);
    }
    // cells that a rule makes equal are one, under the first name
    let equal = with("    - {if: {teacher.layers: [2, 4]}, set: {teacher.layers: 3}}\n");
    assert_eq!(equal.cells.len(), 8);
    assert_eq!(names(&equal)[0], "layers=3,hidden=32x32,seed=0");
    let by_case = sweep(
        "  cases: [{name: a, student.layers: 1}, {name: b, student.layers: 2}]\n  seeds: 2\n  when: [{if: {case: b}, only: {seed: 1}}]\n",
    );
    assert_eq!(names(&by_case), ["a,seed=0", "a,seed=1", "b,seed=1"]);
}

#[test]
fn equal_cells_are_one() {
    let sweep = sweep("  grid: {teacher.layers: [2, 2.0, 3], student.order: [reverse, random, reverse]}\n");
    assert_eq!(
        names(&sweep),
        ["layers=2,order=reverse", "layers=2,order=random", "layers=3,order=reverse", "layers=3,order=random"]
    );
    let hashes: HashSet<String> = sweep
        .cells
        .iter()
        .map(|cell| config_hash(&Experiment { name: String::new(), ..cell.experiment.clone() }))
        .collect();
    assert_eq!(hashes.len(), 4);
}

#[test]
fn baselines_stand_beside_the_product_once_for_each_seed() {
    let text = "  grid: {teacher.layers: [3, 4]}\n  seeds: [1, 2]\n  baselines:\n    tiny: {student.hidden: [8], teacher.layers: 1}\n    same: {}\n    known:\n      teacher.layers: 4\n";
    let sweep = sweep(text);
    assert_eq!(
        names(&sweep),
        [
            "layers=3,seed=1",
            "layers=3,seed=2",
            "layers=4,seed=1",
            "layers=4,seed=2",
            "tiny,seed=1",
            "tiny,seed=2",
            "same,seed=1",
            "same,seed=2"
        ]
    );
    assert_eq!(sweep.keys, ["teacher.layers"]);
    let tiny = &sweep.cells[4];
    assert_eq!((tiny.baseline.as_deref(), tiny.experiment.seed), (Some("tiny"), 1));
    // in the order of the sweep's keys, then its own
    assert_eq!(tiny.settings, [("teacher.layers".into(), json!(1)), ("student.hidden".into(), json!([8]))]);
    assert_eq!(sweep.cells[7].settings, []);
    // a baseline that the product has already is marked there
    let marks: Vec<_> = sweep.cells.iter().map(|cell| cell.baseline.as_deref()).collect();
    assert_eq!(marks[..4], [None, None, Some("known"), Some("known")]);
}

#[test]
fn data_may_be_swept_and_lie_in_files() {
    let sweep = read("sweep:\n  grid: {data.path: [d.csv, train.csv]}\n");
    assert_eq!(names(&sweep), ["path=d.csv", "path=train.csv"]);
    let Source::File { path, .. } = &sweep.cells[1].experiment.data else { panic!() };
    assert!(path.is_absolute() && path.ends_with("train.csv"));
}

#[test]
fn ten_thousand_cells_are_as_many() {
    let count = |n: usize| (1..=n).map(|i| i.to_string()).collect::<Vec<_>>().join(", ");
    let sweep =
        sweep(&format!("  grid: {{teacher.layers: [{}], student.layers: [{}]}}\n  seeds: 4\n", count(50), count(50)));
    assert_eq!(sweep.cells.len(), 10_000);
    assert_eq!(names(&sweep).into_iter().collect::<HashSet<_>>().len(), 10_000);
}

/// Keys that do not disturb each other, each with more values than one needs.
const VARIABLE: [(&str, &[&str]); 6] = [
    ("teacher.layers", &["2", "3", "4", "5"]),
    ("student.hidden", &["[4]", "[8]", "[4, 4]", "[]"]),
    ("student.activation", &["relu", "elu", "tanh", "sigmoid"]),
    ("evaluation.samples", &["10", "20", "30", "40"]),
    ("teacher.training.rate", &["1e-3", "2e-3", "1e-10", "7"]),
    ("data.rows", &["100", "200", "300", "1e3"]),
];

#[test]
fn any_product_has_all_of_its_cells_once_and_in_order() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    for _ in 0..40 {
        let mut keys = VARIABLE.to_vec();
        keys.shuffle(&mut random);
        let values = |key: usize, count: usize| format!("{}: [{}]", keys[key].0, keys[key].1[..count].join(", "));
        let [one, two, together, cases, seeds, baselines] = [(); 6].map(|()| random.gen_range(1..=4));
        let case = |i: usize| format!("{{name: case{i}, {}: {}}}", keys[4].0, keys[4].1[i]);
        let baseline = |i: usize| format!("base{i}: {{{}: {}, {}: 9}}", keys[5].0, keys[5].1[i], "student.layers");
        let mut sections = [
            format!("  grid: {{{}, {}}}\n", values(0, one), values(1, two)),
            format!("  zip: {{{}, {}}}\n", values(2, together), values(3, together)),
            format!("  cases: [{}]\n", (0..cases).map(case).collect::<Vec<_>>().join(", ")),
            format!("  seeds: {seeds}\n"),
            format!("  baselines: {{{}}}\n", (0..baselines).map(baseline).collect::<Vec<_>>().join(", ")),
        ];
        sections.shuffle(&mut random);
        let text = format!("{DATA}sweep:\n{}", sections.concat());
        let again = || Sweep::from_str(&text, Path::new("a.yaml")).unwrap();
        let made = again();
        assert_eq!(made.cells.len(), (one * two * together * cases + baselines) * seeds, "{text}");
        assert_eq!(made, again());
        let names = names(&made);
        assert!(names.iter().all(|name| fits(name)));
        assert_eq!(
            names.iter().map(|name| name.to_lowercase()).collect::<HashSet<_>>().len(),
            names.len(),
            "{names:?}"
        );
        // by the place of each value in its list: the later the key, the faster it changes, and the seed fastest
        let place = |(key, value): &(String, Value)| {
            let (_, listed) = VARIABLE.iter().find(|(name, _)| name == key).unwrap();
            listed.iter().position(|text| serde_yaml::from_str::<Value>(text).unwrap() == *value).unwrap()
        };
        let product = &made.cells[..made.cells.len() - baselines * seeds];
        let order: Vec<(Vec<usize>, u64)> =
            product.iter().map(|cell| (cell.settings.iter().map(place).collect(), cell.experiment.seed)).collect();
        assert!(order.is_sorted_by(|a, b| a < b), "{text}");
        assert!(product.iter().all(|cell| cell.settings.iter().map(|(key, _)| key).eq(&made.keys)));
    }
}
