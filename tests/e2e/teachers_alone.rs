//! `student: none`: a teacher alone, in single runs and in sweeps.

use super::browser::open_at;
use super::desk::Desk;
use super::experiment::{TWO_MOONS, changed};
use super::outside;
use super::pictures;
use super::sweeping::{SMALL, results};
use serde_json::Value;

/// The experiment without what is said of students.
fn alone(yaml: &str) -> String {
    let (teacher, rest) = yaml.split_once("student:\n").expect("a student");
    let sweep = rest.split_once("sweep:\n").map_or_else(String::new, |(_, sweep)| format!("sweep:\n{sweep}"));
    format!("{teacher}student: none\n{sweep}")
}

/// Four teachers.
fn density() -> String {
    changed(&changed(&alone(SMALL), "student.hidden: [[8], [16]]", "teacher.hidden: [[8], [16]]"), "small", "density")
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

#[test]
fn a_run_without_a_student_is_its_training() {
    let desk = Desk::with("a.yaml", alone(TWO_MOONS));
    let trained = desk.flowstill("train a.yaml --runs trained").well();
    let ran = desk.flowstill("run a.yaml").well();
    let told = |err: &str| err.lines().find(|line| line.contains("test log-likelihood")).map(str::to_owned);
    assert_eq!(told(&ran.err), told(&trained.err));
    assert_eq!(ran.out.trim(), "runs/a/teacher.safetensors");
    for name in ["teacher.safetensors", "teacher_test.json", "config.yaml"] {
        assert_eq!(desk.read(&format!("runs/a/{name}")), desk.read(&format!("trained/a/{name}")), "{name}");
    }
    assert!(!desk.exists("runs/a/metrics.json") && !desk.exists("runs/a/report.html"));
    desk.flowstill("run a.yaml").well().says(&["trained earlier", "test log-likelihood"]);

    let no_student = ["`a` has no student", "student: none", "flowstill run"];
    for command in
        ["distill a.yaml", "eval a.yaml", "distill a.yaml --runs empty", "eval a.yaml --teacher none.safetensors"]
    {
        let ran = desk.flowstill(command).fails(2).says(&no_student);
        assert!(ran.out.is_empty(), "{}", ran.all());
    }
    let checked = desk.flowstill("check a.yaml").well();
    assert!(checked.out.ends_with("\nstudent: none\nevaluation: none\nbench: none\n"), "{}", checked.out);
}

#[test]
fn a_sweep_of_teachers_has_their_likelihoods() {
    let desk = Desk::with("density.yaml", density());
    desk.flowstill("sweep density.yaml --dry-run").well().says(&["4 cells; 4 teachers, 4 evaluations", "expected: "]);
    let ran = desk.flowstill("sweep density.yaml --jobs 2").well();
    assert!(ran.out.contains("4 done, 0 stopped early, 0 failed, of 4 cells"), "{}", ran.all());
    assert!(!desk.exists("runs/cache/student") && !desk.exists("runs/cache/speed"));
    let found = results(&desk.path("runs/density"));
    for (name, result) in &found {
        let metrics = result["metrics"].as_object().expect("metrics");
        let names: Vec<&String> = metrics.keys().collect();
        assert_eq!(names, ["teacher_log_likelihood", "teacher_parameters", "teacher_steps"], "{name}");
        let file = |file: &str| desk.read(&format!("runs/density/cells/{name}/{file}"));
        let test = json(&file("teacher_test.json"));
        assert_eq!(metrics["teacher_log_likelihood"]["value"], test["test_log_likelihood"]["mean"]);
        assert_eq!(metrics["teacher_log_likelihood"]["error"], test["test_log_likelihood"]["standard_error"]);
        // the cell's own YAML gives the cell's own teacher, and the same number
        desk.write("cell.yaml", file("config.yaml"));
        desk.flowstill("run cell.yaml --runs single --quiet").well();
        for part in ["teacher.safetensors", "teacher_test.json", "config.yaml"] {
            assert!(desk.read(&format!("single/{name}/{part}")) == file(part), "{name}: {part}");
        }
    }
    let status = desk.flowstill("status runs/density").well();
    assert!(status.out.contains("4 of 4 cells have ended"), "{}", status.all());

    let csv = desk.flowstill("results runs/density --each --csv -").well().out;
    let header = "cell,state,seed,teacher.layers,teacher.hidden,teacher_log_likelihood,teacher_log_likelihood_se,\
                  teacher_parameters,teacher_steps,seconds.evaluation,seconds.teacher,host";
    assert_eq!((csv.lines().next(), csv.lines().count()), (Some(header), 5), "{csv}");
    let table = desk.flowstill("results runs/density --sort -teacher_log_likelihood").well().out;
    let best = found.values().map(|result| result["metrics"]["teacher_log_likelihood"]["value"].as_f64().expect("one"));
    let best = best.fold(f64::MIN, f64::max);
    let row = table.lines().nth(1).expect("a row");
    assert!(row.contains(&format!("{best:.2}").replace('-', "−")) && table.contains("teacher_parameters"), "{table}");
    let filter = "results runs/density --filter teacher.layers=2 --columns teacher.layers,teacher_steps";
    assert_eq!(desk.flowstill(filter).well().out.lines().count(), 3);
    desk.flowstill("results runs/density --sort kl_forward").fails(2).says(&["unknown column `kl_forward`"]);

    let html = String::from_utf8(desk.read("runs/density/report.html")).expect("text");
    for part in [
        "All 4 cells are done. The best teacher log-likelihood is",
        "By teacher log-likelihood",
        "\"metric\":\"teacher_log_likelihood\"",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert!(!html.contains("q the student") && !html.contains("id=\"frontier\""));
    if let Some(chromium) = outside::chromium() {
        let seen = open_at(&chromium, &desk.path("runs/density/report.html"), (1200, 3000));
        assert_eq!((&seen.console, &seen.requests), (&Vec::new(), &Vec::new()));
        assert!(seen.dom.contains("Effect of teacher.layers"), "the charts are drawn");
    }
    let kept = desk.read("runs/density/results.csv");
    desk.flowstill("sweep density.yaml").well();
    assert_eq!(desk.read("runs/density/results.csv"), kept, "a rerun changes nothing");
}

#[test]
fn cells_with_and_without_students_share_teachers() {
    let yaml = format!("{SMALL}  baselines: {{alone: {{student: none, evaluation: none, teacher.layers: 2}}}}\n");
    let desk = Desk::with("small.yaml", &yaml);
    desk.flowstill("sweep small.yaml --jobs 2").well().says(&["2 teachers, 4 students, 5 evaluations"]);
    let found = results(&desk.path("runs/small"));
    let (name, alone) = found.iter().find(|(_, result)| result["baseline"] == "alone").expect("the baseline");
    let teacher = |result: &Value| result["metrics"]["teacher_log_likelihood"].clone();
    let twin = found.values().find(|other| other["settings"]["teacher.layers"] == 2 && other["baseline"].is_null());
    assert_eq!(teacher(alone), teacher(twin.expect("a cell with the same teacher")));
    assert!(alone["metrics"].get("kl_forward").is_none());
    assert!(!desk.exists(&format!("runs/small/cells/{name}/report.html")));
    let csv = desk
        .flowstill("results runs/small --each --csv - --columns baseline,student.hidden,student,kl_forward")
        .well()
        .out;
    assert_eq!(csv.lines().last(), Some("alone,,none,,"), "{csv}");
    let rows = desk.flowstill("results runs/small --filter student!=none").well().out.lines().count();
    assert_eq!(rows, 5);
    let html = String::from_utf8(desk.read("runs/small/report.html")).expect("text");
    assert!(html.contains("The best KL(p‖q) is") && html.contains("q the student"));
    desk.flowstill("sweep small.yaml").well();
}

#[test]
fn what_a_student_has_left_does_not_stand_beside_a_teacher_alone() {
    let one = "    teacher.layers: [1]\n";
    let both = "    teacher.layers: [1, 2]\n    student.hidden: [[8], [16]]\n";
    let desk = Desk::with("small.yaml", changed(SMALL, both, one));
    desk.flowstill("sweep small.yaml").well();
    let cell = results(&desk.path("runs/small")).keys().next().expect("a cell").clone();
    let file = |name: &str| desk.exists(&format!("runs/small/cells/{cell}/{name}"));
    assert!(file("report.html") && file("student.safetensors") && !file("teacher_test.json"));
    desk.write("small.yaml", alone(&changed(SMALL, both, one)));
    desk.flowstill("sweep small.yaml --dry-run").well().says(&["1 of 2 stages are done already"]);
    desk.flowstill("sweep small.yaml").well();
    assert!(!file("report.html") && !file("student.safetensors") && !file("metrics.json"));
    assert!(file("teacher_test.json") && file("teacher.safetensors") && file("tensorboard"));
    // what is lost is made again from the cache
    std::fs::remove_file(desk.path(&format!("runs/small/cells/{cell}/teacher_test.json"))).expect("a file");
    desk.flowstill("sweep small.yaml").well();
    assert!(file("teacher_test.json"));
}

#[test]
fn teachers_that_fall_behind_end_early() {
    let yaml = changed(
        &density(),
        "    teacher.layers: [1, 2]\n    teacher.hidden: [[8], [16]]\n",
        "    teacher.training.rate: [3e-3, 1e-9]\n",
    );
    let desk = Desk::with("density.yaml", format!("{yaml}  stop: {{rule: halving, first: 50, factor: 2}}\n"));
    let ran = desk.flowstill("sweep density.yaml --jobs 1").well();
    assert!(ran.out.contains("1 done, 1 stopped early, 0 failed, of 2 cells"), "{}", ran.all());
    let found = results(&desk.path("runs/density"));
    let stopped = found.values().find(|result| result["state"] == "stopped").expect("one");
    assert_eq!(stopped["stage"], "teacher");
    assert!(stopped["reason"].as_str().expect("a text").starts_with("validation "), "{stopped}");
    let html = String::from_utf8(desk.read("runs/density/report.html")).expect("text");
    assert_eq!(html.matches("\"measures\":{\"validation\":[").count(), 2, "the curve of the one that ended early, too");
    desk.flowstill("sweep density.yaml").well();

    desk.write("wrong.yaml", format!("{yaml}  stop: {{rule: median, metric: kl_forward}}\n"));
    desk.flowstill("sweep wrong.yaml").fails(2).says(&["sweep.stop.metric: `kl_forward` is measured of students"]);
}

#[test]
fn of_pictures_there_are_bits_over_seeds() {
    let desk = pictures::desk();
    let yaml = String::from_utf8(desk.read("small.yaml")).expect("text");
    let yaml = yaml.split_once("student:").expect("a student").0;
    desk.write("bits.yaml", format!("{yaml}student: none\nsweep: {{grid: {{teacher.dropout: [0, 0.1]}}, seeds: 2}}\n"));
    desk.flowstill("sweep bits.yaml").well();
    let table = desk.flowstill("results runs/bits --sort teacher_bits_per_dimension").well().out;
    assert!(table.contains("teacher_bits_per_dimension") && table.lines().count() == 3, "{table}");
    assert!(table.lines().skip(1).all(|row| row.matches(" ± ").count() >= 2), "{table}");
}
