//! Names of cells: short, readable, unique, folders on every system.

use super::{names, read};
use crate::config::name::fits;
use std::collections::HashSet;

fn of(section: &str) -> Vec<String> {
    let sweep = read(&format!("data: {{synthetic: two_moons}}\nsweep:\n{section}"));
    names(&sweep).into_iter().map(str::to_owned).collect()
}

#[test]
fn keys_are_as_short_as_they_can_be() {
    assert_eq!(of("  grid: {teacher.training.rate: [1e-3], student.layers: [2]}\n"), ["rate=0.001,layers=2"]);
    assert_eq!(of("  grid: {teacher.layers: [1], student.layers: [2]}\n"), ["teacher.layers=1,student.layers=2"]);
    // `training.rate` is shared, so the whole path is needed
    assert_eq!(
        of("  zip: {teacher.training.rate: [1e-5], student.training.rate: [1]}\n"),
        ["teacher.training.rate=1e-5,student.training.rate=1"]
    );
}

#[test]
fn values_are_written_in_words_that_folders_can_have() {
    assert_eq!(of("  grid:\n    student.hidden: [[], [8], [8, 8]]\n"), ["hidden=empty", "hidden=8", "hidden=8x8"]);
    assert_eq!(
        of("  grid: {teacher.residual: [true, false], teacher.hidden: [[8]]}\n"),
        ["residual=true,hidden=8", "residual=false,hidden=8"]
    );
    assert_eq!(of("  grid: {student.training: [{ema: none, steps: 30}]}\n"), ["training=ema=none+steps=30"]);
    assert_eq!(of("  grid: {bench: [none]}\n"), ["bench=none"]);
    assert_eq!(
        of("  cases: [{student.model: iaf, student.layers: 3}, {name: second.one}]\n"),
        ["model=iaf,layers=3", "second.one"]
    );
}

#[test]
fn long_names_end_in_a_hash_and_stay_unique() {
    let recipe = |steps: usize| {
        let phases = vec![format!("{{objective: reverse_kl, steps: {steps}}}"); 6];
        format!("[{}]", phases.join(", "))
    };
    let long = of(&format!("  grid: {{student.recipe: [{}, {}]}}\n  seeds: 2\n", recipe(30), recipe(31)));
    assert!(long.iter().all(|name| fits(name) && name.starts_with("recipe=objective=reverse_kl+steps=3")), "{long:?}");
    assert_eq!(long.iter().collect::<HashSet<_>>().len(), 4);
    // the same cell has the same name whatever stands beside it
    assert_eq!(of(&format!("  grid: {{student.recipe: [{}]}}\n  seeds: 1\n", recipe(31))), long[2..3]);
}

#[test]
fn names_that_only_look_alike_are_told_apart() {
    // the same end of two paths
    let desk = super::desk();
    std::fs::write(desk.path().join("far/d.csv"), "1,2\n").unwrap();
    let sweep = super::read_in(desk.path(), "sweep:\n  grid: {data.path: [d.csv, far/d.csv]}\n").unwrap();
    let alike = names(&sweep);
    assert!(alike[0] == "path=d.csv" && alike[1].starts_with("path=d.csv-") && fits(alike[1]), "{alike:?}");
    // capitals, which some systems do not tell apart
    let cases = of("  cases: [{name: A, student.layers: 1}, {name: a, student.layers: 2}]\n");
    assert_eq!(cases.iter().map(|name| name.to_lowercase()).collect::<HashSet<_>>().len(), 2);
    // a baseline called as a cell of the product is
    let both = of("  grid: {teacher.layers: [2]}\n  baselines: {layers: {teacher.layers: 3}}\n");
    assert_eq!(both, ["layers=2", "layers"]);
}

#[test]
fn every_name_is_a_folders() {
    let text = "  grid:\n    teacher.training.rate: [1e-3, 1e-10, 123456.789]\n    student.hidden: [[1, 2, 3], []]\n  random: {draws: 30, \
                keys: {student.log_scale_clip: {uniform: [1, 3]}, student.activation: {choice: [relu, elu]}}}\n  seeds: [0, \
                18446744073709551615]\n  baselines: {b_1.x: {}}\n";
    let names = of(text);
    assert_eq!(names.len(), 3 * 2 * 30 * 2 + 2);
    assert!(names.iter().all(|name| fits(name)));
    assert_eq!(names.iter().map(|name| name.to_lowercase()).collect::<HashSet<_>>().len(), names.len());
}
