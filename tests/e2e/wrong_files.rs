//! Checkpoints that are none, or not whole.

use super::desk::Desk;
use super::experiment::TWO_MOONS;
use super::finished::finished;

/// Damaged copies of a checkpoint and a word that their message holds.
fn damaged() -> Vec<(&'static str, Vec<u8>)> {
    let good = finished().read("student.safetensors");
    let mut poisoned = good.clone();
    let end = poisoned.len();
    poisoned[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    let mut endless = good.clone();
    endless[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    vec![
        ("not a flowstill checkpoint", Vec::new()),
        ("not a flowstill checkpoint", b"no checkpoint at all".to_vec()),
        ("not a flowstill checkpoint", good[..good.len() / 2].to_vec()),
        ("not a flowstill checkpoint", good[..good.len() - 1].to_vec()),
        ("not a flowstill checkpoint", endless),
        ("NaN", poisoned),
    ]
}

#[test]
fn damaged_checkpoints_are_refused_by_every_command() {
    let teacher = finished().path("teacher.safetensors");
    for (expected, bytes) in damaged() {
        let desk = Desk::with("m.safetensors", bytes);
        desk.write("rows.csv", "a,b\n1,2\n3,4\n");
        desk.write("two_moons.yaml", TWO_MOONS);
        for arguments in [
            "describe m.safetensors",
            "sample m.safetensors -n 3 -o -",
            "log-prob m.safetensors rows.csv",
            "transport --from m.safetensors --to m.safetensors rows.csv",
            "distill two_moons.yaml --teacher m.safetensors",
        ] {
            let ran = desk.flowstill(arguments).fails(2).says(&["m.safetensors", expected]);
            assert_eq!(ran.out, "");
        }
        let models = ["--teacher".as_ref(), teacher.as_os_str(), "--student".as_ref(), "m.safetensors".as_ref()];
        desk.ran("bench", &models).fails(2).says(&["m.safetensors", expected]);
    }
    let desk = Desk::new();
    desk.flowstill("describe absent.safetensors").fails(2).says(&["absent.safetensors"]);
    desk.flowstill("describe .").fails(2);
}

#[test]
fn every_flipped_byte_of_the_header_is_refused_or_harmless() {
    let good = finished().read("student.safetensors");
    let header = 8 + u64::from_le_bytes(good[..8].try_into().expect("8 bytes")) as usize;
    // far apart, so that the test takes a second and still meets every part of the header
    for at in (0..header).step_by(header / 60) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x15;
        let desk = Desk::with("m.safetensors", bytes);
        let ran = desk.flowstill("sample m.safetensors -n 2 -o rows.csv");
        assert!(matches!(ran.code, Some(0 | 2)), "byte {at}: {}", ran.all());
    }
}

#[test]
fn damaged_results_are_named_with_the_way_out() {
    let desk = Desk::with("a.yaml", TWO_MOONS);
    desk.flowstill("run a.yaml -q").well();
    let record = desk.read("runs/a/teacher.json");
    for (name, bytes) in [("teacher.json", &b"{"[..]), ("student.safetensors", b"")] {
        let whole = desk.read(&format!("runs/a/{name}"));
        desk.write(&format!("runs/a/{name}"), bytes);
        desk.flowstill("run a.yaml").fails(2).says(&[name]);
        desk.write(&format!("runs/a/{name}"), whole);
    }
    assert_eq!(desk.read("runs/a/teacher.json"), record);
    desk.flowstill("run a.yaml -q").well();
    // what follows from the models is made again, and a model where that is wanted
    desk.write("runs/a/metrics.json", "[]");
    desk.flowstill("run a.yaml -q").well();
    assert!(desk.read("runs/a/metrics.json").len() > 100);
    desk.write("runs/a/student.safetensors", "cut short");
    desk.flowstill("run a.yaml -q --overwrite").well();
    // a state that was cut short
    std::fs::remove_file(desk.path("runs/a/student.safetensors")).expect("a student");
    desk.write("runs/a/student.state.safetensors", "cut short");
    desk.flowstill("run a.yaml").fails(2).says(&["student.state.safetensors", "delete the file to start again"]);
}
