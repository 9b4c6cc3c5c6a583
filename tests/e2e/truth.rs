//! `teacher: {model: truth}`: a student distilled from a known density, without a teacher that was trained.

use super::desk::Desk;
use super::experiment::{TWO_MOONS, changed};
use super::finished::finished;
use super::stopping::{ended, signal, started};
use serde_json::Value;

/// A banana from its log-density and gradient alone.
const BANANA: &str = "\
seed: 3
threads: 1
data: {synthetic: banana, rows: 4000}
teacher: {model: truth}
student:
  layers: 3
  hidden: [24]
  activation: tanh
  log_scale_clip: 3
  objective: reverse_kl
  training: {steps: 1000, batch: 128, rate: 5e-3, ema: 0.99, validate_every: 100, checkpoint_every: 20}
evaluation: {samples: 4000}
bench: {batches: [1, 50], repetitions: 2}
";

fn metrics(desk: &Desk, run: &str) -> Value {
    serde_json::from_slice(&desk.read(&format!("runs/{run}/metrics.json"))).expect("JSON")
}

/// Both divergences in nats.
fn divergences(metrics: &Value) -> [f64; 2] {
    ["kl_forward", "kl_reverse"].map(|kl| metrics["distillation"][kl]["mean"].as_f64().expect("a number"))
}

#[test]
fn a_banana_is_learnt_from_its_density_and_the_results_say_so() {
    let desk = Desk::with("banana.yaml", BANANA);
    let ran = desk.flowstill("run banana.yaml").well().says(&["none is trained", "`banana` is a known density"]);
    let learnt = metrics(&desk, "banana");
    let [forward, reverse] = divergences(&learnt);
    assert!(forward < 0.45 && reverse < 0.15, "{forward} {reverse}");
    desk.write("untrained.yaml", changed(BANANA, "steps: 1000", "steps: 1"));
    desk.flowstill("run untrained.yaml -q").well();
    let [forward, reverse] = divergences(&metrics(&desk, "untrained"));
    assert!(forward > 0.6 && reverse > 1.0, "the bounds mean nothing: {forward} {reverse}");

    // the entropy of a banana is that of its two Gaussians: log(2πe · 1.3 · 0.5)
    let likelihood = |model: &str| {
        let estimate = &learnt[model]["test_log_likelihood"];
        ["mean", "standard_error"].map(|part| estimate[part].as_f64().expect("a number"))
    };
    let entropy = (std::f64::consts::TAU * std::f64::consts::E * 1.3 * 0.5).ln();
    let [mean, error] = likelihood("teacher");
    assert!((mean + entropy).abs() < 4.0 * error, "{mean} ± {error} where it is {}", -entropy);
    assert!(likelihood("student")[0] < mean);
    assert!(ran.out.contains("truth −2.") && ran.out.contains("student −2."), "{}", ran.all());

    assert_eq!(learnt["teacher"]["known_density"], "banana");
    for absent in ["free_parameters", "training"] {
        assert!(learnt["teacher"].get(absent).is_none() && learnt["student"].get(absent).is_some(), "{absent}");
    }
    assert!(learnt["timing"].get("teacher_seconds").is_none() && learnt["timing"]["student_seconds"].is_number());
    assert_eq!(learnt["format_version"], 1);
    let speed = learnt["speed"].as_array().expect("a list");
    assert!(!speed.is_empty() && speed.iter().all(|row| row["op"] == "student"), "{speed:?}");

    let page = String::from_utf8(desk.read("runs/banana/report.html")).expect("text");
    for part in ["distilled from the known density of banana (2 columns)", "by reverse KL", "the known density reaches"]
    {
        assert!(page.contains(part), "`{part}` is missing");
    }
    let densities = String::from_utf8(desk.read("runs/banana/figures/densities.svg")).expect("text");
    assert!(densities.contains("truth") && densities.contains("student") && !densities.contains("teacher"));
    for name in ["teacher.safetensors", "teacher.json", "tensorboard/teacher", "figures/teacher-nll.svg"] {
        assert!(!desk.exists(&format!("runs/banana/{name}")), "{name}");
    }
}

#[test]
fn modes_in_front_of_a_chain_are_counted_in_their_own_columns() {
    let yaml = changed(BANANA, "synthetic: banana", "synthetic: ring_chain, dim: 4");
    let yaml = changed(&yaml, "objective: reverse_kl", "recipe: [{objective: forward_kl}]");
    let desk = Desk::with("chain.yaml", &yaml);
    desk.flowstill("run chain.yaml -q").well();
    let metrics = metrics(&desk, "chain");
    let modes = metrics["distillation"]["modes"]["modes"].as_array().expect("a list");
    assert_eq!(modes.len(), 8);
    for mode in modes {
        // 400 test rows, 4000 of the truth: standard errors of 0.017 and 0.005
        let [data, truth] = ["data_share", "teacher_share"].map(|share| mode[share].as_f64().expect("a number"));
        assert!((data - 0.125).abs() < 0.07 && (truth - 0.125).abs() < 0.025, "{mode}");
    }
    let [forward, _] = divergences(&metrics);
    desk.write(
        "untrained.yaml",
        changed(&String::from_utf8(desk.read("chain.yaml")).unwrap(), "steps: 1000", "steps: 1"),
    );
    desk.flowstill("run untrained.yaml -q").well();
    let [untrained, _] = divergences(&self::metrics(&desk, "untrained"));
    assert!(forward < 1.4 && untrained > 2.0, "{forward}, untrained {untrained}");
}

#[test]
fn two_threads_give_the_bits_of_one() {
    let yaml = changed(&changed(BANANA, "steps: 1000", "steps: 60"), "batch: 128", "batch: 300");
    let yaml = changed(&yaml, "objective: reverse_kl", "recipe: [{objective: mixed}]");
    let desk = Desk::with("one.yaml", &yaml);
    desk.write("two.yaml", changed(&yaml, "threads: 1", "threads: 2"));
    desk.flowstill("run one.yaml -q").well();
    desk.flowstill("run two.yaml -q").well();
    assert!(desk.read("runs/one/student.safetensors") == desk.read("runs/two/student.safetensors"));
    let (one, two) = (metrics(&desk, "one"), metrics(&desk, "two"));
    assert_eq!(one["distillation"], two["distillation"]);
    assert_eq!(one["teacher"], two["teacher"]);
}

#[test]
fn an_interrupted_student_goes_on_to_the_same_bits() {
    let longer = changed(BANANA, "steps: 1000", "steps: 3000");
    let desk = Desk::with("longer.yaml", &longer);
    let child = started(&desk, "longer", &["student.state.safetensors"]);
    signal(&child, "INT");
    ended(child).fails(130).says(&["interrupted during the student after step"]);
    desk.flowstill("run longer.yaml --runs stopped").well().says(&["going on after step"]);
    desk.flowstill("run longer.yaml -q").well();
    assert!(desk.read("stopped/longer/student.safetensors") == desk.read("runs/longer/student.safetensors"));
}

#[test]
fn the_stages_one_by_one_need_no_teacher() {
    let desk = Desk::with("a.yaml", changed(BANANA, "steps: 1000", "steps: 20"));
    let trained = desk.flowstill("train a.yaml").well().says(&["teacher: none is trained"]);
    assert_eq!(trained.out, "");
    desk.flowstill("eval a.yaml").fails(2).says(&["student.safetensors is missing", "flowstill distill"]);
    desk.flowstill("distill a.yaml").well();
    let evaluated = desk.flowstill("eval a.yaml").well();
    let again = desk.flowstill("run a.yaml").well().says(&["distilled earlier", "made earlier"]);
    assert_eq!(evaluated.out, again.out);
    let teacher = finished().path("teacher.safetensors");
    desk.ran("distill a.yaml", &["--teacher".as_ref(), teacher.as_os_str()])
        .fails(2)
        .says(&["known density", "leave out --teacher"]);
}

#[test]
fn another_density_is_another_student_and_an_old_teacher_does_not_stay() {
    let short = changed(BANANA, "steps: 1000", "steps: 20");
    let desk = Desk::with("a.yaml", changed(&changed(TWO_MOONS, "steps: 200", "steps: 20"), "steps: 120", "steps: 20"));
    desk.flowstill("train a.yaml -q").well();
    desk.write("a.yaml", &short);
    desk.flowstill("run a.yaml").fails(2).says(&["holds a teacher of another configuration", "--overwrite"]);
    desk.flowstill("run a.yaml --overwrite -q").well();
    for left in ["teacher.safetensors", "teacher.json", "tensorboard/teacher"] {
        assert!(!desk.exists(&format!("runs/a/{left}")), "{left}");
    }
    desk.write("a.yaml", changed(&short, "banana", "two_moons"));
    desk.flowstill("run a.yaml").fails(2).says(&["holds a student of another configuration"]);
}
