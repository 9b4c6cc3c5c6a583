//! What a sweep does about files that were lost or damaged.

use super::desk::{Desk, files_below};
use super::experiment::changed;
use super::sweeping::{SMALL, results};
use std::path::PathBuf;

/// A sweep of one cell that is done, and the folder of the cell.
fn done(yaml: &str) -> (Desk, PathBuf) {
    let one =
        changed(yaml, "    teacher.layers: [1, 2]\n    student.hidden: [[8], [16]]\n", "    student.hidden: [[8]]\n");
    let desk = Desk::with("small.yaml", one);
    desk.flowstill("sweep small.yaml").well();
    let cell = std::fs::read_dir(desk.path("runs/small/cells")).expect("cells").next().expect("one");
    (desk, cell.expect("an entry").path())
}

/// Puts something else in the place of a file, whose other names keep what it was.
fn damage(file: PathBuf) {
    std::fs::remove_file(&file).expect("a file");
    std::fs::write(&file, "{\"key").expect("a file");
}

#[test]
fn files_of_a_cell_come_back_from_the_cache() {
    let (desk, cell) = done(SMALL);
    let whole = files_below(&cell);
    for name in ["student.json", "teacher.safetensors", "report.html", "metrics.json"] {
        std::fs::remove_file(cell.join(name)).expect(name);
        desk.flowstill("sweep small.yaml").well();
        assert!(cell.join(name).exists(), "{name}");
    }
    // events have names of their time
    let named = |path: &PathBuf| !path.starts_with("tensorboard/comparison");
    let names =
        |files: &[(PathBuf, Vec<u8>)]| files.iter().map(|(path, _)| path.clone()).filter(named).collect::<Vec<_>>();
    assert_eq!(names(&files_below(&cell)), names(&whole));
    // nobody has asked for another training of what the cache has lost
    std::fs::remove_dir_all(desk.path("runs/cache")).expect("a cache");
    std::fs::remove_file(cell.join("student.json")).expect("a record");
    desk.flowstill("sweep small.yaml").well();
    assert!(!desk.exists("runs/cache/student"));
    desk.flowstill("sweep small.yaml --dry-run").well().says(&["3 of 3 stages are done already"]);
}

#[test]
fn a_damaged_record_costs_a_learning_curve_and_no_conclusion() {
    let (desk, cell) = done(SMALL);
    damage(cell.join("student.json"));
    let ran = desk.flowstill("sweep small.yaml").well();
    assert!(ran.out.contains("1 done") && ran.out.contains("report "), "{}", ran.all());
    let ran = ran.says(&["student.json: EOF", "delete it and run the sweep again, which makes it anew"]);
    assert!(String::from_utf8(desk.read("runs/small/report.html")).expect("text").contains("student.json: EOF"));
    std::fs::remove_file(cell.join("student.json")).expect("a record");
    let mended = desk.flowstill("sweep small.yaml").well();
    assert!(ran.err.contains("learning curve") && !mended.err.contains("learning curve"), "{}", mended.all());
}

#[test]
fn damaged_stages_are_made_again_in_the_same_run() {
    let (desk, cell) = done(&changed(SMALL, "bench: none", "bench: {batches: [1], repetitions: 1}"));
    let whole = results(&desk.path("runs/small"));
    for (kind, file) in
        [("evaluation", "evaluation.json"), ("evaluation", "samples.safetensors"), ("student", "student.json")]
    {
        let folder = std::fs::read_dir(desk.path(&format!("runs/cache/{kind}"))).expect(kind).next().expect("one");
        damage(folder.expect("an entry").path().join(file));
        std::fs::remove_dir_all(&cell).expect("a cell");
        desk.flowstill("sweep small.yaml").well();
        assert_eq!(results(&desk.path("runs/small")), whole, "{file}");
    }
}
