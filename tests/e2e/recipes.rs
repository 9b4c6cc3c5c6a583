//! Distillation in phases: in their order, from wherever they were stopped, to the same bits.

use super::desk::{Desk, files_below};
use super::experiment::{PHASES, TWO_MOONS, changed};
use super::finished::phased;
use super::stopping::{curves_have_no_seam, ended, killed, signal, started};
use serde_json::Value;

/// The state of each phase, and the cache of trajectories while it is made and when it is.
const STATES: [&str; 3] = ["student.state.safetensors", "student.state.1.safetensors", "student.state.2.safetensors"];
const CACHE: [&str; 2] = ["student.state.unfinished", "student.state.trajectories"];

fn parsed(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

/// Of each phase its objective, its first step and its steps.
fn phases(record: &Value) -> Vec<(&str, u64, u64)> {
    fn each(phase: &Value) -> Option<(&str, u64, u64)> {
        Some((phase["objective"].as_str()?, phase["first_step"].as_u64()?, phase["steps"].as_u64()?))
    }
    record["phases"].as_array().expect("a list").iter().map(|phase| each(phase).expect("a phase")).collect()
}

/// `(step, value)` of one measure at the validations of a record.
fn measured(record: &Value, name: &str) -> Vec<(u64, f64)> {
    let names = record["measures"].as_array().expect("a list");
    let at = names.iter().position(|measure| measure == name).expect("a measure");
    let history = record["history"].as_array().expect("a list").iter();
    history.map(|r| (r["step"].as_u64().expect("a count"), r["measures"][at].as_f64().expect("a number"))).collect()
}

/// `teacher` and `student` beside the smallest data, on a desk.
fn distilled(teacher: &str, student: &str) -> Desk {
    let yaml = format!(
        "seed: 3\nthreads: 1\ndata: {{synthetic: two_moons, rows: 1000}}\nteacher: {{layers: 2, hidden: [16], {teacher}training: \
         {{steps: 200, batch: 64, rate: 3e-3}}}}\nstudent: {{{student}}}\nevaluation: {{samples: 500}}\nbench: {{batches: [1], \
         repetitions: 1}}\n"
    );
    Desk::with("a.yaml", yaml)
}

#[test]
fn phases_stand_in_the_record_in_their_order() {
    let run = phased();
    let record = parsed(&run.read("student.json"));
    let expected = [("warm_start", 0, 800), ("mixed", 800, 500), ("path_gradient", 1300, 500)];
    assert_eq!(phases(&record), expected);
    assert_eq!(record["steps"], 1800);
    for (i, (objective, first_step, _)) in expected.into_iter().enumerate() {
        let phase = &record["phases"][i];
        assert_eq!(phase["ended"], "all steps done");
        assert!(phase["best_step"].as_u64() >= Some(first_step));
        assert_eq!(phase["measures"].as_array().map(Vec::len), record["measures"].as_array().map(Vec::len));
        let said = format!("student: {objective} from step {first_step}\n");
        assert!(run.ran.err.contains(&said), "`{said}` is missing in {}", run.ran.all());
    }
    // the validation that a phase starts with is at the last step of the phase before
    let steps: Vec<u64> = measured(&record, "kl_forward").into_iter().map(|(step, _)| step).collect();
    let phase = |first: u64, last: u64| (first..=last).step_by(100);
    assert_eq!(steps, phase(100, 800).chain(phase(800, 1300)).chain(phase(1300, 1800)).collect::<Vec<_>>());
    assert!(!run.ran.err.contains("leaves out part of the teacher"), "{}", run.ran.all());
    let page = String::from_utf8(run.read("report.html")).expect("text");
    let words = "by warm start (800 steps), then mixed KL (500 steps), then path gradient (500 steps).";
    assert!(page.contains(words) && page.contains("Phases of the distillation"));
}

/// Nothing of an unfinished training is there any more, and the student is that of a run that was never stopped.
#[track_caller]
fn assert_as_unbroken(desk: &Desk, folder: &str) {
    let result = |name: &str| desk.read(&format!("{folder}/{name}"));
    assert!(result("student.safetensors") == phased().read("student.safetensors"), "the student differs");
    let (record, whole) = (parsed(&result("student.json")), parsed(&phased().read("student.json")));
    assert_eq!((&record["phases"], &record["history"]), (&whole["phases"], &whole["history"]));
    let files = files_below(&desk.path(folder));
    let left: Vec<_> = files.iter().filter(|(path, _)| path.to_string_lossy().contains(".state.")).collect();
    assert!(left.is_empty(), "{:?}", left.iter().map(|(path, _)| path).collect::<Vec<_>>());
}

#[test]
fn an_interrupt_in_a_later_phase_goes_on_in_that_phase() {
    for (phase, objective) in [(1, "mixed"), (2, "path_gradient")] {
        let desk = Desk::with("phases.yaml", PHASES);
        let child = started(&desk, "phases", &STATES[phase..=phase]);
        signal(&child, "INT");
        ended(child).fails(130).says(&["interrupted during the student after step"]);
        assert!(!desk.exists("stopped/phases/student.safetensors"));
        let ran = desk
            .flowstill("run phases.yaml --runs stopped")
            .well()
            .says(&["going on after step", &format!("student: {objective} from step")]);
        assert!(!ran.err.contains("warm_start"), "a finished phase is announced again: {}", ran.all());
        assert_as_unbroken(&desk, "stopped/phases");
        let record = parsed(&desk.read("stopped/phases/student.json"));
        let first_step = [0, 800, 1300][phase];
        assert!(record["resumed_at"].as_u64() > Some(first_step), "{}", record["resumed_at"]);
        curves_have_no_seam(&desk.path("stopped/phases/tensorboard"), &phased().path("tensorboard"));
    }
}

#[test]
fn a_kill_while_trajectories_are_made_and_in_every_phase() {
    let desk = Desk::with("phases.yaml", PHASES);
    killed(started(&desk, "phases", &CACHE));
    for state in STATES {
        killed(started(&desk, "phases", &[state]));
    }
    desk.flowstill("run phases.yaml --runs stopped").well().says(&["path_gradient from step 1300"]);
    assert_as_unbroken(&desk, "stopped/phases");
}

#[test]
fn torn_trajectories_are_made_again() {
    let desk = Desk::with("phases.yaml", PHASES);
    killed(started(&desk, "phases", &STATES[..1]));
    let cache = format!("stopped/phases/{}", CACHE[1]);
    let whole = desk.read(&cache);
    desk.write(&cache, &whole[..whole.len() / 2]);
    desk.flowstill("run phases.yaml --runs stopped").well();
    assert_as_unbroken(&desk, "stopped/phases");
}

#[test]
fn the_number_of_threads_is_no_part_of_a_distillation_in_phases() {
    for threads in [2, 3] {
        let desk = Desk::with("phases.yaml", changed(PHASES, "threads: 1", &format!("threads: {threads}")));
        desk.flowstill("run phases.yaml -q").well();
        assert_as_unbroken(&desk, "runs/phases");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_while_trajectories_are_made_is_one_sentence() {
    let desk = Desk::with("phases.yaml", PHASES);
    desk.flowstill("train phases.yaml -q").well();
    let unfinished = desk.path("runs/phases/student.state.unfinished");
    std::os::unix::fs::symlink("/dev/full", &unfinished).expect("a link");
    let ran = desk.flowstill("distill phases.yaml -q").fails(1).says(&["trajectories", "No space left on device"]);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.all());
    assert!(unfinished.symlink_metadata().is_err(), "what was not finished still takes room");
    // with room again, it goes on
    desk.flowstill("run phases.yaml -q").well();
    assert_as_unbroken(&desk, "runs/phases");
}

#[test]
fn a_bound_that_is_reached_ends_a_phase_early() {
    let recipe = "recipe: [{objective: warm_start, steps: 600, until: {ess_reverse: 0.5}}, {objective: path_gradient}], \
                  training: {steps: 40, batch: 64, rate: 3e-3, validate_every: 5}";
    let desk = distilled("", recipe);
    let ran = desk.flowstill("run a.yaml").well();
    let record = parsed(&desk.read("runs/a/student.json"));
    let [(_, 0, steps), (_, second, 40)] = phases(&record)[..] else { panic!("{}", record["phases"]) };
    assert!(steps < 600 && second == steps, "{}", record["phases"]);
    let mut ess = measured(&record, "ess_reverse").into_iter().take_while(|(step, _)| *step <= steps);
    let reached = ess.find(|(_, ess)| *ess >= 0.5).expect("the bound");
    assert_eq!(reached.0, steps, "it ends where the bound is reached first");
    assert_eq!(record["phases"][0]["ended"], "a bound was reached");
    ran.says(&[&format!("student: warm_start ended after step {steps}: a bound was reached")]);
    let page = String::from_utf8(desk.read("runs/a/report.html")).expect("text");
    assert!(page.contains("<td>a bound was reached</td>"));
}

#[test]
fn flows_of_one_order_are_distilled_by_their_conditionals() {
    for objective in ["many_samples", "closed_form"] {
        let student =
            format!("objective: {objective}, training: {{steps: 300, batch: 64, rate: 1e-2, validate_every: 100}}");
        let desk = distilled("order: same, ", &student);
        desk.flowstill("run a.yaml -q").well();
        let record = parsed(&desk.read("runs/a/student.json"));
        assert_eq!(phases(&record), [(objective, 0, 300)]);
        let (_, last) = *measured(&record, "kl_reverse").last().expect("validations");
        // unit Gaussians before training; both flows are Gaussian in each conditional, so the student can be the teacher
        assert!(last.abs() < 0.05, "{objective}: {last} nats");
    }
}

#[test]
fn lost_modes_are_told_once_while_a_student_trains() {
    // a cross-entropy that counts twenty times pulls the student to the teacher's mode; a forward KL spreads it again
    let recipe = "recipe: [{objective: reverse_kl, cross_entropy_weight: 20}, {objective: forward_kl}], training: {steps: \
                  200, batch: 64, rate: 1e-2, validate_every: 20}";
    let desk = distilled("", recipe);
    desk.flowstill("train a.yaml -q").well();
    let ran = desk.flowstill("distill a.yaml -q").well();
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.all());
    ran.says(&["warning: after step 100, the student leaves out part of the teacher: E_q[w] is 0."]);
}

#[test]
fn a_recipe_that_cannot_be_is_refused_before_anything_runs() {
    for (student, expected) in [
        ("objective: closed_form", "a.yaml:5:22: student.objective: `closed_form` needs Gaussian conditionals"),
        (
            "recipe: [{objective: warm_start}], layers: 1",
            "a.yaml:5:32: student.recipe[0].objective: `warm_start` pairs",
        ),
        (
            "recipe: [{objective: mixed, alpha: 2}]",
            "a.yaml:5:46: student.recipe[0].alpha: is not a key of the objective",
        ),
        (
            "recipe: auto, objective: mixed",
            "a.yaml:5:36: student.objective: expected `recipe` or `objective`, got both",
        ),
        ("recipe: []", "a.yaml:5:19: student.recipe: expected 1 to 100 phases, got 0"),
        (
            "recipe: [{objective: mixed, forward_weight: [1]}]",
            "a.yaml:5:55: student.recipe[0].forward_weight: expected two",
        ),
        ("recipe: fast", "a.yaml:5:19: student.recipe: expected `auto` or a list of phases"),
    ] {
        let desk = distilled("", student);
        let ran = desk.flowstill("run a.yaml").fails(2).says(&[expected]);
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.all());
        assert!(!desk.exists("runs"), "a refused recipe leaves no trace");
    }
}

#[test]
fn what_check_prints_is_the_same_recipe() {
    let desk = Desk::with("phases.yaml", PHASES);
    let ran = desk.flowstill("check phases.yaml").well();
    for part in
        ["- objective: warm_start\n", "rows: both", "  - 0.8\n", "gradient: path", "- objective: path_gradient\n"]
    {
        assert!(ran.out.contains(part), "`{part}` is missing in {}", ran.all());
    }
    desk.write("again.yaml", &ran.out);
    assert_eq!(desk.flowstill("check again.yaml").well().out, ran.out);
    // a run of what was printed is the run of what was written
    let short =
        changed(TWO_MOONS, "student:\n", "student:\n  recipe: [{objective: mixed, gradient: plain, steps: 30}]\n");
    let desk = Desk::with("short.yaml", short);
    desk.flowstill("run short.yaml -q").well();
    desk.write("resolved.yaml", desk.flowstill("check short.yaml").well().out);
    desk.flowstill("run resolved.yaml -q").well();
    assert!(!desk.exists("runs/resolved"), "the resolved experiment keeps its name, and was run already");
}
