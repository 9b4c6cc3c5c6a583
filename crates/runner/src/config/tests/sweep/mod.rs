//! Sweeps: what a YAML expands to, and what is said of wrong ones.

use super::folder;
use crate::config::{ConfigError, Sweep};
use std::fs::{self, File};
use std::path::Path;
use tempfile::TempDir;

mod alone;
mod expansion;
mod extending;
mod names;
mod sections;
mod wrong;

/// The folder of the other tests with files to extend, most of them wrong.
fn desk() -> TempDir {
    let desk = folder();
    let write = |name: &str, text: &str| fs::write(desk.path().join(name), text).unwrap();
    fs::create_dir(desk.path().join("far")).unwrap();
    write("far/rows.csv", "1,2\n");
    write("far/base.yaml", "data: {path: rows.csv}\nteacher: {layers: 3, training: {steps: 700, rate: 1e-3}}\n");
    write("far/missing.yaml", "seed: 1\ndata: {path: row.csv}\n");
    write("base.yaml", "seed: 4\ndata: {synthetic: two_moons}\nteacher: {training: {warmup: 50}}\n");
    write("loop.yaml", "seed: 1\nextends: [base.yaml, again.yaml]\n");
    write("again.yaml", "extends: ./loop.yaml\n");
    write("broken.yaml", "data: {synthetic: [\n");
    write("wrong.yaml", "data: {synthetic: two_moons}\nteacher:\n  hidden: [8, 0]\n");
    for i in 0..60 {
        write(&format!("endless{i}.yaml"), &format!("extends: endless{}.yaml\n", i + 1));
    }
    write("endless.yaml", "extends: endless0.yaml\n");
    File::create(desk.path().join("gigabyte.yaml")).unwrap().set_len(1 << 30).unwrap();
    desk
}

fn read_in(desk: &Path, text: &str) -> Result<Sweep, ConfigError> {
    let file = desk.join("a.yaml");
    // a circle is one of files
    fs::write(&file, text).unwrap();
    Sweep::load(file)
}

fn read(text: &str) -> Sweep {
    read_in(desk().path(), text).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn names(sweep: &Sweep) -> Vec<&str> {
    sweep.cells.iter().map(|cell| cell.name.as_str()).collect()
}
