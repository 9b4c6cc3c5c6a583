//! Sweeps: what is shared is done once, what fails stays alone, and nothing finished is done again.

use super::desk::{Desk, files_below};
use super::experiment::changed;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Four cells, two of which share each of two teachers.
pub const SMALL: &str = "\
name: small
data: {synthetic: two_moons, rows: 1000}
teacher:
  hidden: [16]
  training: {steps: 150, batch: 64, rate: 3e-3, validate_every: 50, checkpoint_every: 20}
student:
  training: {steps: 120, batch: 64, rate: 3e-3, validate_every: 40, checkpoint_every: 20}
evaluation: {samples: 500}
bench: none
sweep:
  grid:
    teacher.layers: [1, 2]
    student.hidden: [[8], [16]]
";

/// The results of a sweep by cell, without times and places.
pub fn results(sweep: &Path) -> BTreeMap<String, Value> {
    let cells = std::fs::read_dir(sweep.join("cells")).expect("a folder of cells");
    cells
        .map(|cell| {
            let cell = cell.expect("an entry").path();
            let text = std::fs::read(cell.join("result.json")).expect("a result");
            let mut result: Value = serde_json::from_slice(&text).expect("JSON");
            for key in ["seconds", "host", "speed"] {
                result.as_object_mut().expect("an object").remove(key);
            }
            (cell.file_name().expect("a name").to_string_lossy().into_owned(), result)
        })
        .collect()
}

fn stages(desk: &Desk, kind: &str) -> usize {
    std::fs::read_dir(desk.path(&format!("runs/cache/{kind}"))).map_or(0, Iterator::count)
}

#[test]
fn shares_stages_and_does_nothing_twice() {
    let desk = Desk::with("small.yaml", SMALL);
    let ran = desk.flowstill("sweep small.yaml --jobs 2").well();
    assert!(ran.out.contains("4 done, 0 stopped early, 0 failed, of 4 cells"), "{}", ran.all());
    assert_eq!([stages(&desk, "teacher"), stages(&desk, "student"), stages(&desk, "speed")], [2, 4, 0]);
    let first = results(&desk.path("runs/small"));
    for (name, result) in &first {
        assert_eq!(result["state"], "done", "{name}");
        for file in ["student.safetensors", "teacher.safetensors", "metrics.json", "report.html", "config.yaml"] {
            assert!(desk.exists(&format!("runs/small/cells/{name}/{file}")), "{name} has no {file}");
        }
    }
    let kept = files_below(&desk.path("runs/small/cells"));
    desk.flowstill("sweep small.yaml").well();
    assert!(files_below(&desk.path("runs/small/cells")) == kept, "a rerun changes nothing");

    // another sweep beside it, with two of the cells and one more
    desk.write("more.yaml", changed(&changed(SMALL, "name: small", "name: more"), "[1, 2]", "[2, 3]"));
    desk.flowstill("sweep more.yaml").well();
    assert_eq!([stages(&desk, "teacher"), stages(&desk, "student")], [3, 6]);
    let more = results(&desk.path("runs/more"));
    let shared: Vec<_> = more.keys().filter(|name| first.contains_key(*name)).collect();
    assert_eq!(shared.len(), 2);
    for name in shared {
        assert_eq!(more[name]["metrics"], first[name]["metrics"]);
    }
}

#[test]
fn the_same_bits_for_any_number_of_workers_and_threads_and_as_a_single_run() {
    let desk = Desk::with("small.yaml", SMALL);
    desk.write("threads.yaml", changed(SMALL, "name: small", "name: threads\nthreads: 2"));
    desk.flowstill("sweep small.yaml --runs one --jobs 1").well();
    desk.flowstill("sweep small.yaml --runs two --jobs 2").well();
    desk.flowstill("sweep threads.yaml --runs three --jobs 1").well();
    let one = results(&desk.path("one/small"));
    assert_eq!(one.len(), 4);
    assert_eq!(one, results(&desk.path("two/small")));
    for (name, result) in results(&desk.path("three/threads")) {
        assert_eq!(result["metrics"], one[&name]["metrics"], "{name}");
    }
    // the cell's own YAML gives the cell's own model
    let name = one.keys().next().expect("a cell");
    desk.write("cell.yaml", desk.read(&format!("one/small/cells/{name}/config.yaml")));
    desk.flowstill("run cell.yaml --runs alone").well();
    let alone = std::fs::read_dir(desk.path("alone")).expect("runs").next().expect("one").expect("an entry").path();
    let student = std::fs::read(alone.join("student.safetensors")).expect("a student");
    assert!(student == desk.read(&format!("one/small/cells/{name}/student.safetensors")));
}

#[test]
fn a_cell_that_fails_stops_no_other() {
    let yaml = changed(SMALL, "    teacher.layers: [1, 2]\n", "    student.training.rate: [3e-3, 1e30]\n");
    let yaml = changed(&yaml, "    student.hidden: [[8], [16]]\n", "")
        .replace("training: {steps: 120", "objective: reverse_kl\n  training: {clip_norm: none, steps: 120");
    let desk = Desk::with("small.yaml", yaml);
    let ran = desk.flowstill("sweep small.yaml").fails(1);
    assert!(ran.out.contains("1 done, 0 stopped early, 1 failed, of 2 cells"), "{}", ran.all());
    let ran = ran.says(&["student: ", "diverged at step", "1 of 2 cells failed"]);
    assert!(!ran.err.contains("student: student:") && !ran.err.contains("--retry"), "{}", ran.all());
    let failed: Vec<Value> =
        results(&desk.path("runs/small")).into_values().filter(|result| result["state"] == "failed").collect();
    assert_eq!(failed.len(), 1, "{}", ran.all());
    assert_eq!(failed[0]["stage"], "student");
    let status = desk.flowstill("status runs/small").well();
    assert!(status.out.contains("2 of 2 cells have ended, 1 failed"), "{}", status.all());
    // what diverged would diverge again
    desk.flowstill("sweep small.yaml --retry 3").fails(1);
    let failures = std::fs::read_dir(desk.path("runs/small/failures")).expect("failures");
    let failure =
        std::fs::read_to_string(failures.map(|f| f.expect("an entry").path()).next().expect("one")).expect("text");
    assert!(failure.contains("\"attempts\": 1"), "{failure}");
}

#[test]
fn a_stage_that_takes_too_long_fails_and_may_go_on_later() {
    let yaml = changed(SMALL, "training: {steps: 150", "training: {patience: none, steps: 1000000");
    let yaml =
        changed(&yaml, "    teacher.layers: [1, 2]\n    student.hidden: [[8], [16]]\n", "    student.hidden: [[8]]\n");
    let desk = Desk::with("small.yaml", format!("{yaml}  limits: {{time: 1s}}\n"));
    let ran = desk.flowstill("sweep small.yaml").fails(1);
    let ran = ran.says(&[
        "teacher: not done after 1 s, which is `sweep.limits.time`; it was at step",
        "1 of 1 cells failed",
        "--retry 1",
    ]);
    let step: u64 = ran
        .err
        .split("it was at step ")
        .nth(1)
        .expect("a step")
        .split_whitespace()
        .next()
        .expect("one")
        .parse()
        .expect("a number");
    desk.flowstill("sweep small.yaml --retry 1").fails(1);
    let log = files_below(&desk.path("runs/cache/teacher")).into_iter().find(|(path, _)| path.ends_with("log.txt"));
    let log = String::from_utf8(log.expect("a log").1).expect("text");
    assert!(log.contains(&format!("{step} of them done earlier")), "{log}");
}

#[test]
fn a_retry_that_succeeds_takes_the_place_of_the_failure() {
    let desk = Desk::with("small.yaml", SMALL);
    desk.flowstill("sweep small.yaml").well();
    let whole = results(&desk.path("runs/small"));
    // files of a stage that are gone are made again, and with them what rests on them
    for (path, _) in files_below(&desk.path("runs/cache/teacher")) {
        if path.extension().is_some_and(|extension| extension == "safetensors") {
            std::fs::remove_file(desk.path("runs/cache/teacher").join(path)).expect("a file");
        }
    }
    std::fs::remove_dir_all(desk.path("runs/small")).expect("results");
    desk.flowstill("sweep small.yaml").well();
    assert_eq!(results(&desk.path("runs/small")), whole);

    // a time that was too short for all stages, and then is not
    let short = Desk::with(
        "small.yaml",
        changed(SMALL, "training: {steps: 150, batch: 64", "training: {patience: none, steps: 8000, batch: 512"),
    );
    let limited =
        |time: &str| format!("{}  limits: {{time: {time}}}\n", String::from_utf8_lossy(&short.read("small.yaml")));
    let (tight, ample) = (limited("1s"), limited("1h"));
    short.write("small.yaml", tight);
    short.flowstill("sweep small.yaml").fails(1).says(&["not done after 1 s"]);
    short.write("small.yaml", ample);
    short.flowstill("sweep small.yaml --retry 1").well();
    assert!(results(&short.path("runs/small")).values().all(|result| result["state"] == "done"));
}

#[test]
fn a_change_of_the_comparison_alone_is_no_old_result() {
    let yaml = changed(SMALL, "bench: none", "bench: {batches: [1], repetitions: 1}");
    let desk = Desk::with("small.yaml", &yaml);
    desk.flowstill("sweep small.yaml").well();
    let before = results(&desk.path("runs/small"));
    desk.write("small.yaml", changed(&yaml, "samples: 500", "samples: 700"));
    desk.flowstill("sweep small.yaml").well();
    let after = results(&desk.path("runs/small"));
    assert!(before.iter().all(|(name, result)| after[name]["metrics"] != result["metrics"]));
    assert_eq!(stages(&desk, "student"), 4);
}

#[test]
fn students_that_fall_behind_end_early() {
    let yaml = changed(
        SMALL,
        "    teacher.layers: [1, 2]\n    student.hidden: [[8], [16]]\n",
        "    student.training.rate: [3e-3, 1e-9]\n",
    );
    let yaml = changed(&yaml, "training: {steps: 120", "objective: reverse_kl\n  training: {steps: 120");
    let desk = Desk::with(
        "small.yaml",
        format!("{yaml}  stop: {{rule: halving, metric: kl_reverse, first: 40, factor: 2}}\n"),
    );
    let ran = desk.flowstill("sweep small.yaml --jobs 1").well();
    assert!(ran.out.contains("1 done, 1 stopped early, 0 failed, of 2 cells"), "{}", ran.all());
    let results = results(&desk.path("runs/small"));
    let stopped = results.values().find(|result| result["state"] == "stopped").expect("one");
    assert!(
        stopped["reason"].as_str().expect("a text").contains("is not among the best 1 of 2 at the rung of 40 steps")
    );
    desk.flowstill("sweep small.yaml").well();
}

#[test]
fn the_first_failure_ends_all_where_that_is_wanted() {
    let yaml = changed(SMALL, "    teacher.layers: [1, 2]\n", "    teacher.training.rate: [1e30, 3e-3]\n");
    let yaml = changed(&yaml, "training: {steps: 150", "training: {clip_norm: none, steps: 30000");
    let desk = Desk::with("small.yaml", yaml);
    let ran = desk.flowstill("sweep small.yaml --fail-fast --jobs 1").fails(1).says(&["diverged at step"]);
    assert!(ran.out.contains("0 done"), "{}", ran.all());
    assert!(!ran.out.contains("0 failed"), "{}", ran.all());
}

#[test]
fn a_rehearsal_lists_everything_and_leaves_nothing() {
    let desk = Desk::with("small.yaml", changed(SMALL, "bench: none", "bench: {batches: [1], repetitions: 1}"));
    let ran = desk.flowstill("sweep small.yaml --dry-run").well();
    assert_eq!(ran.out.lines().count(), 4, "{}", ran.all());
    ran.says(&["4 cells; 2 teachers, 4 students, 4 evaluations, 4 speed measured", "0 of 14 stages", "multiply-adds"]);
    assert!(!desk.exists("runs"));
}

#[test]
fn speed_is_measured_after_all_else() {
    let desk = Desk::with("small.yaml", changed(SMALL, "bench: none", "bench: {batches: [1, 20], repetitions: 1}"));
    desk.flowstill("sweep small.yaml").well();
    let time = |path: &Path| path.metadata().and_then(|about| about.modified()).expect("a time");
    let [evaluations, speeds] = ["evaluation", "speed"].map(|kind| {
        let folder = desk.path(&format!("runs/cache/{kind}"));
        files_below(&folder)
            .into_iter()
            .filter(|(path, _)| path.ends_with("done.json"))
            .map(|(path, _)| time(&folder.join(path)))
            .collect::<Vec<_>>()
    });
    assert_eq!([evaluations.len(), speeds.len()], [4, 4]);
    assert!(evaluations.iter().max() <= speeds.iter().min());
    let cell = desk.path("runs/small/cells");
    for entry in std::fs::read_dir(cell).expect("cells") {
        let result = std::fs::read(entry.expect("an entry").path().join("result.json")).expect("a result");
        let result: Value = serde_json::from_slice(&result).expect("JSON");
        assert!(result["speed"].as_array().is_some_and(|rows| rows.iter().any(|row| row["op"] == "student")));
    }
}

#[test]
fn damaged_files_are_made_again() {
    let desk = Desk::with("small.yaml", SMALL);
    desk.flowstill("sweep small.yaml").well();
    let whole = results(&desk.path("runs/small"));
    let name = whole.keys().next().expect("a cell");
    let result = format!("runs/small/cells/{name}/result.json");
    desk.write(&result, "{\"format_version\": 1, \"ce");
    desk.flowstill("sweep small.yaml").well();
    assert_eq!(results(&desk.path("runs/small")), whole);
    // a stage whose marker was torn is looked at again, and found done
    let marker =
        files_below(&desk.path("runs/cache/student")).into_iter().find(|(path, _)| path.ends_with("done.json"));
    desk.write(&format!("runs/cache/student/{}", marker.expect("a marker").0.display()), "");
    std::fs::remove_dir_all(desk.path("runs/small/cells")).expect("cells");
    desk.flowstill("sweep small.yaml").well();
    assert_eq!(results(&desk.path("runs/small")), whole);
}

#[test]
fn the_cache_keeps_what_a_sweep_names() {
    let desk = Desk::with("small.yaml", SMALL);
    desk.flowstill("sweep small.yaml").well();
    let listed = desk.flowstill("cache list").well();
    assert_eq!(listed.out.lines().filter(|line| line.contains("runs/cache/")).count(), 10, "{}", listed.all());
    desk.flowstill("cache prune").well().says(&["removed: 0 stages"]);
    desk.write("small.yaml", changed(SMALL, "[1, 2]", "[1]"));
    desk.flowstill("sweep small.yaml").well();
    desk.flowstill("cache prune --dry-run").well().says(&["would be removed: 5 stages"]);
    assert_eq!(stages(&desk, "teacher"), 2);
    desk.flowstill("cache prune").well().says(&["removed: 5 stages"]);
    assert_eq!([stages(&desk, "teacher"), stages(&desk, "student")], [1, 2]);
    desk.flowstill("sweep small.yaml").well();
}

#[test]
fn folders_that_hold_no_sweep_are_refused() {
    let desk = Desk::with("small.yaml", SMALL);
    desk.write("broken/plan.json", "{");
    for command in ["status", "results"] {
        let none = desk.flowstill(&format!("{command} .")).fails(2);
        none.says(&[". holds no sweep: there is no plan.json; name the folder of a sweep, such as runs/NAME"]);
        let broken = desk.flowstill(&format!("{command} broken")).fails(2);
        broken.says(&["cannot read broken/plan.json: EOF", "; delete it and run the sweep again, which makes it anew"]);
    }
    desk.write("cache.yaml", changed(SMALL, "name: small", "name: cache"));
    desk.flowstill("sweep cache.yaml").fails(2).says(&["a sweep cannot be called `cache`"]);
}

#[test]
fn the_sweeps_that_come_with_the_project_are_in_order() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/sweeps");
    let desk = Desk::new();
    for entry in std::fs::read_dir(shipped).expect("sweeps") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            desk.ran("check", &[path.as_os_str()]).well().says(&["is in order"]);
        }
    }
}
