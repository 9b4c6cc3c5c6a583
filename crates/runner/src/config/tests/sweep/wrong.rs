//! Every wrong sweep gets exactly one sentence, at the place of the mistake.

use super::{desk, read_in};
use crate::config::Sweep;

/// The message and the YAML of each block.
fn blocks() -> Vec<(&'static str, String)> {
    let blocks = include_str!("wrong.txt").split("\n====").skip(1);
    blocks
        .map(|block| {
            let (message, yaml) = block.split_once('\n').unwrap_or((block, ""));
            (message.trim(), format!("{}\n", yaml.trim_end()))
        })
        .collect()
}

#[test]
fn each_mistake_is_one_sentence_with_file_line_and_key() {
    let desk = desk();
    let mut different = Vec::new();
    for (expected, yaml) in blocks() {
        let got = match read_in(desk.path(), &yaml) {
            Ok(sweep) => format!("{} cells", sweep.cells.len()),
            Err(error) => error.to_string().replace(&format!("{}/", desk.path().display()), ""),
        };
        if got != expected {
            different.push(format!("{yaml}got      {got}\nexpected {expected}\n"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert!(blocks().len() >= 60);
}

#[test]
fn files_that_cannot_be_read() {
    let desk = desk();
    for (name, expected) in [
        ("no.yaml", "no such file; expected an experiment in YAML"),
        ("far", "this is a folder; expected an experiment in YAML"),
        ("gigabyte.yaml", "larger than 256 KiB; expected an experiment in YAML"),
    ] {
        let file = desk.path().join(name);
        assert_eq!(Sweep::load(&file).unwrap_err().to_string(), format!("{}: {expected}", file.display()));
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let desk = desk();
    let text = "data: {synthetic: two_moons}\ntacher: {layers: 3}\nsweep:\n  grid: {teacher.layers: 2}\n  seeds: none\n  stop: {rule: fast}\n";
    let error = read_in(desk.path(), text).unwrap_err();
    let lines: Vec<usize> = error.problems.iter().map(|problem| problem.location.unwrap().line).collect();
    assert_eq!(lines, [2, 4, 5, 6], "{error}");
    let text = "data: {synthetic: two_moons}\nstudent: {layers: 0}\nsweep:\n  grid: {teacher.layers: [2, -1], teacher.order: [up]}\n  baselines: {b: {teacher.hidden: [0]}}\n";
    let error = read_in(desk.path(), text).unwrap_err();
    let places: Vec<_> = error.problems.iter().map(|p| p.location.map(|at| (at.line, at.column)).unwrap()).collect();
    assert_eq!(places, [(2, 19), (4, 30), (4, 51), (5, 36)], "{error}");
    // a mistake in a million cells is still one
    let text = "data: {synthetic: two_moons}\nsweep: {grid: {teacher.layers: [0, -1]}, seeds: 400000}\n";
    assert_eq!(read_in(desk.path(), text).unwrap_err().problems.len(), 2);
}
