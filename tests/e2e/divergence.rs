//! A training that goes astray stops, says where, and leaves no model.

use super::desk::Desk;
use super::experiment::{TWO_MOONS, changed};

#[test]
fn a_wild_learning_rate_stops_with_step_and_layer() {
    let wild =
        changed(TWO_MOONS, "steps: 200, batch: 64, rate: 3e-3", "steps: 200, batch: 64, rate: 1e30, clip_norm: none");
    let desk = Desk::with("a.yaml", wild);
    let ran =
        desk.flowstill("run a.yaml").fails(1).says(&["teacher", "diverged at step", "layer", "try a smaller rate"]);
    assert!(!desk.exists("runs/a/teacher.safetensors"), "{}", ran.all());
    // mended, it starts from the beginning
    desk.write("a.yaml", TWO_MOONS);
    desk.flowstill("train a.yaml --overwrite").well();
}

#[test]
fn a_wild_student_leaves_the_teacher() {
    let wild =
        changed(TWO_MOONS, "steps: 120, batch: 64, rate: 3e-3", "steps: 120, batch: 64, rate: 1e30, clip_norm: none");
    let desk = Desk::with("a.yaml", wild);
    desk.flowstill("run a.yaml").fails(1).says(&["student", "diverged at step"]);
    assert!(desk.exists("runs/a/teacher.safetensors") && !desk.exists("runs/a/student.safetensors"));
}
