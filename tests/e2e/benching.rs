//! `bench` of single operations, the instruction sets, the two engines, residual networks.

use super::desk::{Desk, Ran};
use super::experiment::{TWO_MOONS, changed};
use super::finished::finished;
use serde_json::Value;
use std::io::Write;
use std::process::Stdio;

const SERVE: &str = "bench --dim 3 --hidden 8,8 --layers 2 --threads 1";
const SMALL: &str = "bench --dim 3 --hidden 8,8 --layers 2 --threads 1 --repetitions 1";

fn rows(ran: &Ran) -> Vec<Value> {
    ran.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn every_operation_is_measured_as_a_table_or_as_rows() {
    let desk = Desk::new();
    let operations = ["train", "log_prob", "maf_sample", "iaf_sample", "distill", "input_gradient", "adjoint", "noise"];
    let measured = rows(&desk.flowstill(&format!("{SMALL} --batch 1,7 --json")).well());
    for op in operations {
        for (batch, unit) in [(1, "us"), (7, "samples/s")] {
            let row = measured.iter().find(|row| row["op"] == op && row["batch"] == batch).expect("a row for each");
            assert!(row["value"].as_f64() > Some(0.0) && row["machine_flops"].as_f64() > Some(0.0), "{row}");
            assert_eq!((row["unit"].as_str(), row["lib"].as_str()), (Some(unit), Some("flowstill")));
            assert_eq!(
                (row["D"].as_u64(), row["hidden"].as_u64(), row["layers"].as_u64()),
                (Some(3), Some(8), Some(2))
            );
        }
    }
    let table = desk.flowstill(&format!("{SMALL} --batch 1,7 --ops train,noise")).well().out;
    for part in ["train", "noise", "of a product", "weights read in", "threads: 1"] {
        assert!(table.contains(part), "`{part}` is missing in\n{table}");
    }
    assert!(!table.contains("distill"), "only what was asked for\n{table}");
}

#[test]
fn a_checkpoint_does_what_its_kind_can() {
    let desk = Desk::new();
    let (teacher, student) = (finished().path("teacher.safetensors"), finished().path("student.safetensors"));
    let short = "bench --batch 5 --repetitions 1 --threads 1 --json";
    let ops = |ran: Ran| rows(&ran).iter().map(|row| row["op"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let of_teacher = ops(desk.ran(short, &[teacher.as_os_str()]).well());
    assert_eq!(of_teacher, ["train", "log_prob", "maf_sample", "noise"]);
    let of_student = ops(desk.ran(short, &[student.as_os_str()]).well());
    assert_eq!(of_student, ["iaf_sample", "input_gradient", "adjoint", "noise"]);
    desk.ran(&format!("{short} --ops distill"), &[teacher.as_os_str()]).fails(2).says(&["`distill` needs a student"]);
}

#[test]
fn a_server_answers_each_line_with_a_measurement() {
    let desk = Desk::new();
    let mut command = desk.command(&format!("{SERVE} --batch 4 --ops train --json --serve"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"again\nagain\n").unwrap();
    let answers = rows(&Ran::of(child.wait_with_output().unwrap()).well());
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0], serde_json::json!({"ready": true}));
    assert!(answers[1..].iter().all(|row| row["op"] == "train" && row["value"].as_f64() > Some(0.0)));
    desk.flowstill(&format!("{SERVE} --serve --batch 1,2 --ops train")).fails(2).says(&["--ops", "--batch"]);
}

#[test]
fn models_made_for_measuring_are_models() {
    let desk = Desk::new();
    let said = desk.flowstill(&format!("{SERVE} --save-models made")).well().out;
    assert!(said.contains("maf.safetensors") && said.contains("iaf.safetensors"), "{said}");
    for name in ["maf", "iaf"] {
        desk.flowstill(&format!("sample made/{name}.safetensors -n 10 -o {name}.npy")).well();
        assert!(desk.exists(&format!("{name}.npy")));
    }
}

#[test]
fn wrong_requests_name_what_is_known() {
    let desk = Desk::new();
    for (arguments, expected) in [
        ("bench --ops fly", &["train", "adjoint"][..]),
        ("bench --dim 0", &["from 1 to"]),
        ("bench --teacher t.safetensors", &["--student"]),
        ("bench m.safetensors --dim 3", &["cannot be used with"]),
        ("bench --engine quick", &["fused", "reference"]),
        ("bench missing.safetensors", &["missing.safetensors"]),
        ("bench --hidden 65536,65536", &["the model would take", "ask for less"]),
        ("bench --dim 10000 --hidden 1 --layers 1 --batch 100000000 --ops log_prob", &["four batches", "ask for less"]),
        ("bench --save-models d --ops train", &["cannot be used with"]),
    ] {
        desk.flowstill(arguments).fails(2).says(expected);
    }
}

#[test]
fn the_instructions_can_be_chosen() {
    let desk = Desk::new();
    let on = |isa: &str| {
        let arguments = format!("{SMALL} --batch 3 --ops train --json");
        Ran::of(desk.command(&arguments).env("FLOWSTILL_ISA", isa).output().expect("the binary starts"))
    };
    assert_eq!(rows(&on("portable").well())[0]["isa"], "portable");
    on("sse9").fails(2).says(&["FLOWSTILL_ISA", "sse9", "portable"]);
    let foreign = if cfg!(target_arch = "x86_64") { "neon" } else { "avx2" };
    on(foreign).fails(2).says(&["this processor has no", "unset"]);
}

#[test]
fn the_reference_trains_to_the_same_numbers_up_to_rounding() {
    let short = changed(&changed(TWO_MOONS, "steps: 200", "steps: 20"), "steps: 120", "steps: 20");
    let desk = Desk::with("two_moons.yaml", short);
    let validation = |arguments: &str| {
        desk.flowstill(arguments).well();
        let record: Value = serde_json::from_slice(&desk.read("runs/two_moons/teacher.json")).expect("JSON");
        record["best_validation"].as_f64().expect("a number")
    };
    let fused = validation("train two_moons.yaml");
    // a teacher of the other engine is another teacher
    desk.flowstill("train two_moons.yaml --engine reference").fails(2).says(&["another configuration"]);
    let reference = validation("train two_moons.yaml --engine reference --overwrite");
    assert!((fused - reference).abs() < 1e-4 * fused.abs(), "{fused} {reference}");
    desk.flowstill("distill two_moons.yaml --engine reference").well();
}

#[test]
fn residual_networks_are_one_word_of_the_experiment() {
    let residual = changed(TWO_MOONS, "hidden: [16]", "hidden: [16, 16, 16]\n  residual: true");
    let desk = Desk::with("residual.yaml", &residual);
    desk.flowstill("run residual.yaml").well();
    let described = desk.flowstill("describe runs/residual/teacher.safetensors").well().out;
    assert!(described.contains("residual"), "{described}");
    desk.write("wrong.yaml", changed(&residual, "[16, 16, 16]", "[16, 16]"));
    desk.flowstill("check wrong.yaml").fails(2).says(&["teacher.hidden", "odd number of hidden layers"]);
}
