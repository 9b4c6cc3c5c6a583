//! Density estimation without a student: what `train` tells, rates, ensembles, fresh noise.

use super::desk::Desk;
use super::experiment::{TWO_MOONS, changed};
use super::finished::finished;
use super::pictures;
use serde_json::Value;

fn log_probs(text: &str) -> Vec<f64> {
    text.lines().skip(1).map(|line| line.parse().expect("a number")).collect()
}

#[test]
fn train_tells_the_test_log_likelihood_of_the_report() {
    let desk = Desk::with("a.yaml", TWO_MOONS);
    let ran = desk.flowstill("train a.yaml").well();
    let found: Value = serde_json::from_slice(&desk.read("runs/a/teacher_test.json")).expect("JSON");
    let metrics: Value = serde_json::from_slice(&finished().read("metrics.json")).expect("JSON");
    assert_eq!(found["test_log_likelihood"], metrics["teacher"]["test_log_likelihood"]);
    assert!(ran.err.contains("test log-likelihood −") && ran.err.contains(" nats"), "{}", ran.all());
    assert_eq!(ran.out.trim(), "runs/a/teacher.safetensors");
    // of another teacher in its place it tells nothing
    desk.write("a.yaml", changed(TWO_MOONS, "layers: 2", "layers: 1"));
    desk.flowstill("run a.yaml --overwrite").well();
    assert!(!desk.exists("runs/a/teacher_test.json"));
}

#[test]
fn an_ensemble_is_the_mean_of_its_densities() {
    let desk = Desk::with("a.yaml", TWO_MOONS);
    desk.write("b.yaml", changed(TWO_MOONS, "seed: 3", "seed: 4"));
    for name in ["a", "b"] {
        desk.flowstill(&format!("train {name}.yaml --quiet")).well();
    }
    desk.flowstill("rows a.yaml -o x.csv").well();
    let of = |models: &str| log_probs(&desk.flowstill(&format!("log-prob {models} x.csv")).well().out);
    let (a, b) = (of("runs/a/teacher.safetensors"), of("runs/b/teacher.safetensors"));
    let both = of("runs/a/teacher.safetensors --with runs/b/teacher.safetensors");
    for ((a, b), both) in a.iter().zip(&b).zip(&both) {
        assert!((((a.exp() + b.exp()) / 2.0).ln() - both).abs() < 1e-9, "{a} {b} {both}");
    }
    let ran = desk.flowstill("log-prob runs/a/teacher.safetensors x.csv").well();
    assert!(ran.err.contains("mean log-likelihood −") && ran.err.contains("of 100 rows"), "{}", ran.all());

    let sample = |more: &str| desk.flowstill(&format!("sample runs/a/teacher.safetensors {more} -o -")).well().out;
    let (few, many) =
        (sample("--with runs/b/teacher.safetensors -n 30"), sample("--with runs/b/teacher.safetensors -n 400"));
    assert!(many.starts_with(&few), "a row depends on the seed and its place alone");
    // about half of them have the base rows of the first model alone
    let alone = sample("-n 400");
    let of_first = many.lines().skip(1).filter(|line| alone.lines().any(|other| other == *line)).count();
    assert!((160..240).contains(&of_first), "{of_first} of 400");
    desk.flowstill("sample runs/a/teacher.safetensors --with runs/b/teacher.safetensors --exact sir -n 5 -o -")
        .fails(2);

    desk.write("c.yaml", changed(TWO_MOONS, "synthetic: two_moons", "synthetic: funnel, dim: 3"));
    desk.flowstill("train c.yaml --quiet").well();
    desk.flowstill("log-prob runs/a/teacher.safetensors x.csv --with runs/c/teacher.safetensors").fails(2).says(&[
        "model 1 of the ensemble",
        "x1, x2, x3",
        "models of the same data",
    ]);
}

#[test]
fn rates_are_tried_and_one_is_suggested_with_a_picture() {
    let desk = Desk::with("a.yaml", TWO_MOONS);
    let ran = desk.flowstill("find-rate a.yaml --steps 80 -o rates.svg").well();
    let last = ran.out.lines().last().expect("a line");
    let rate: f64 = last.rsplit(' ').next().and_then(|word| word.parse().ok()).expect("a rate at the end");
    assert!((1e-4..1.0).contains(&rate), "{}", ran.out);
    assert!(desk.read("rates.svg").starts_with(b"<svg"));
    assert_eq!(desk.flowstill("find-rate a.yaml --steps 80 --quiet").well().out, ran.out, "the same steps again");

    desk.flowstill("find-rate a.yaml --least 1 --most 0.1").fails(2).says(&["--least is 1, --most 0.1"]);
    desk.flowstill("find-rate a.yaml --least 1e-9 --most nan").fails(2).says(&["--most NaN"]);
    desk.write("em.yaml", "data: {synthetic: two_moons, rows: 500}\nteacher: {model: gaussian}\n");
    desk.flowstill("find-rate em.yaml").fails(2).says(&["fitted by EM", "model: maf"]);
}

#[test]
fn fresh_noise_changes_the_training_and_is_the_same_each_time() {
    let desk = pictures::desk();
    desk.flowstill("train small.yaml --quiet").well();
    let yaml = String::from_utf8(desk.read("small.yaml")).expect("text");
    desk.write("fresh.yaml", changed(&yaml, "teacher: {layers: 2", "teacher: {fresh_noise: true, layers: 2"));
    desk.flowstill("train fresh.yaml --quiet").well();
    let weights = |run: &str| desk.read(&format!("runs/{run}/teacher.safetensors"));
    assert_ne!(weights("small"), weights("fresh"));
    desk.flowstill("train fresh.yaml --quiet --runs again").well();
    assert_eq!(weights("fresh"), desk.read("again/fresh/teacher.safetensors"));

    desk.write("rows.yaml", changed(TWO_MOONS, "teacher:\n", "teacher:\n  fresh_noise: true\n"));
    desk.flowstill("train rows.yaml").fails(2).says(&["rows.yaml:5:", "teacher.fresh_noise", "no pictures"]);
}

#[test]
fn rows_that_stay_in_their_file_teach_the_same() {
    let desk = Desk::with("all.yaml", TWO_MOONS);
    for part in ["train", "validation", "test"] {
        desk.flowstill(&format!("rows all.yaml --part {part} --output {part}.npy")).well();
    }
    let files = "data: {train: train.npy, validation: validation.npy, test: test.npy";
    let teacher =
        "teacher: {layers: 2, hidden: [8], dropout: 0.1, training: {steps: 60, batch: 64, validate_every: 20}}\n";
    desk.write("held.yaml", format!("{files}}}\n{teacher}"));
    desk.write("streamed.yaml", format!("{files}, stream: true}}\n{teacher}"));
    for run in ["held", "streamed"] {
        desk.flowstill(&format!("train {run}.yaml --quiet")).well();
    }
    let weights = |run: &str| desk.read(&format!("runs/{run}/teacher.safetensors"));
    assert_eq!(weights("held"), weights("streamed"));
    desk.flowstill("rows streamed.yaml --part train --output again.npy").well();
    let numbers = |file: &str| -> Vec<f64> {
        let bytes = desk.read(file);
        bytes[128..].chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().expect("8 bytes"))).collect()
    };
    let (again, train) = (numbers("again.npy"), numbers("train.npy"));
    assert!(again.len() == train.len() && again.iter().zip(&train).all(|(a, b)| (a - b).abs() < 1e-6));

    let rows = desk.read("train.npy");
    desk.write("train.npy", &rows[..rows.len() - 8]);
    desk.flowstill("train streamed.yaml --overwrite").fails(2).says(&["train.npy", "ends too early"]);
}
