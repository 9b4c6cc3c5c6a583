//! `train`, `distill`, `eval` and `bench`: the parts of a run, one at a time.

use super::desk::Desk;
use super::experiment::{TWO_MOONS, changed};
use super::finished::finished;
use serde_json::Value;

#[test]
fn the_stages_one_by_one_give_what_a_run_gives() {
    let desk = Desk::with("two_moons.yaml", TWO_MOONS);
    let results = |name: &str| desk.read(&format!("runs/two_moons/{name}"));
    desk.flowstill("distill two_moons.yaml").fails(2).says(&["teacher.safetensors is missing", "flowstill train"]);
    desk.flowstill("train two_moons.yaml").well();
    desk.flowstill("eval two_moons.yaml").fails(2).says(&["student.safetensors is missing", "flowstill distill"]);
    desk.flowstill("distill two_moons.yaml").well();
    assert!(!desk.exists("runs/two_moons/metrics.json"));
    let evaluated = desk.flowstill("eval two_moons.yaml").well();

    for name in ["teacher.safetensors", "student.safetensors"] {
        assert!(results(name) == finished().read(name), "{name} differs");
    }
    let quality = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).expect("JSON")["distillation"].clone();
    assert_eq!(quality(&results("metrics.json")), quality(&finished().read("metrics.json")));
    assert_eq!(evaluated.out, finished().ran.out);
}

#[test]
fn a_teacher_from_elsewhere_gives_a_student() {
    let desk = Desk::with("two_moons.yaml", TWO_MOONS);
    let teacher = finished().path("teacher.safetensors");
    let elsewhere = ["--teacher".as_ref(), teacher.as_os_str()];
    desk.ran("distill two_moons.yaml", &elsewhere).well();
    desk.ran("eval two_moons.yaml", &elsewhere).well();
    assert!(desk.exists("runs/two_moons/report.html") && !desk.exists("runs/two_moons/teacher.safetensors"));
}

#[test]
fn a_teacher_of_other_data_is_refused() {
    let desk = Desk::with("a.yaml", changed(TWO_MOONS, "two_moons", "banana"));
    let teacher = finished().path("teacher.safetensors");
    desk.ran("distill a.yaml", &["--teacher".as_ref(), teacher.as_os_str()]).fails(2).says(&["other data"]);
    desk.write("b.yaml", changed(TWO_MOONS, "synthetic: two_moons", "synthetic: funnel, dim: 3"));
    desk.ran("distill b.yaml", &["--teacher".as_ref(), teacher.as_os_str()]).fails(2).says(&["2 columns", "3"]);
}

#[test]
fn models_in_each_others_place_are_told_apart() {
    let desk = Desk::with("two_moons.yaml", changed(TWO_MOONS, "steps: 120", "steps: 10"));
    let (teacher, student) = (finished().path("teacher.safetensors"), finished().path("student.safetensors"));
    let ran = desk.ran("distill two_moons.yaml", &["--teacher".as_ref(), student.as_os_str()]);
    assert_eq!(ran.code, Some(2), "{}", ran.all());
    let swapped = ["--teacher".as_ref(), student.as_os_str(), "--student".as_ref(), teacher.as_os_str()];
    let ran = desk.ran("bench --batches 1 --repetitions 1", &swapped);
    assert_eq!(ran.code, Some(2), "{}", ran.all());
    desk.ran("sample -n 2 -o - --method naive", &[student.as_os_str()]).well();
}

#[test]
fn bench_prints_a_table_or_one_object_per_line() {
    let run = finished();
    let (teacher, student) = (run.path("teacher.safetensors"), run.path("student.safetensors"));
    let models = ["--teacher".as_ref(), teacher.as_os_str(), "--student".as_ref(), student.as_os_str()];
    let desk = Desk::new();
    let short = "bench --batches 1,20 --repetitions 2 --threads 1";
    let table = desk.ran(short, &models).well();
    for part in ["naive", "incremental", "student", "samples per second", "threads: 1"] {
        assert!(table.out.contains(part), "`{part}` is missing in {}", table.all());
    }
    let lines = desk.ran(&format!("{short} --json"), &models).well().out;
    let rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for op in ["teacher_naive", "teacher_jacobi", "teacher_incremental", "student"] {
        for batch in [1, 20] {
            let measured = rows.iter().any(|row| {
                row["op"] == op && row["batch"] == batch && row["threads"] == 1 && row["value"].as_f64() > Some(0.0)
            });
            assert!(measured, "{op} at batch {batch} is missing in\n{lines}");
        }
    }
}

#[test]
fn describe_says_what_a_checkpoint_is() {
    let desk = Desk::new();
    let of = |name: &str| desk.ran("describe", &[finished().path(name).as_os_str()]).well().out;
    let (teacher, student) = (of("teacher.safetensors"), of("student.safetensors"));
    for part in ["teacher", "2 columns (x1, x2)", "MAF", "hidden [16]", "relu", "parameters", "seed 3"] {
        assert!(teacher.contains(part), "`{part}` is missing in\n{teacher}");
    }
    for part in ["student", "IAF", "one pass"] {
        assert!(student.contains(part), "`{part}` is missing in\n{student}");
    }
    assert_eq!(teacher.matches("MAF").count(), 2, "one line for each of two layers\n{teacher}");
}
