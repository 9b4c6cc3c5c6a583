//! Trajectories through a teacher, their cache, and students that start from them.

use flowstill_flow::{Draws, Engine, Flow, FlowError, FrozenFlow, Parameters, Target};
use flowstill_kernel::Activation;
use flowstill_kernel::noise::Purpose;
use flowstill_model::{Architecture, Family, FlowSpec, Layout, Normalisation, Orientation};
use flowstill_student::warm_start::cache::{Cache, Place};
use flowstill_student::warm_start::pairing::Pairing;
use flowstill_student::warm_start::trajectory::Teacher;
use flowstill_student::{Distilled, Limits, Measures, Objective, Phase, Probe, Recipe, Rows, Source, fit};
use flowstill_trainer::{Environment, Schedule, Settings};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

const DIM: usize = 3;

fn architecture(layers: usize, width: usize, normalisation: Normalisation) -> Architecture {
    let (hidden, activation) = (vec![width], Activation::Tanh);
    Architecture { layers, hidden, activation, normalisation, ..Architecture::default() }
}

/// A teacher far from the identity, with or without normalising layers.
fn teacher(normalisation: Normalisation) -> FrozenFlow {
    let spec = architecture(3, 8, normalisation).spec(DIM, Orientation::Maf, 0);
    let layout = Layout::new(&spec);
    let mut theta: Vec<f32> = (0..layout.len()).map(|i| 0.45 * (1.7 * i as f32 + 0.2).sin()).collect();
    layout.mask(&mut theta);
    FrozenFlow::new(&spec, &theta).unwrap()
}

fn settings(steps: u64) -> Settings {
    Settings {
        steps,
        batch: 128,
        rate: 5e-3,
        schedule: Schedule::Cosine,
        warmup: 20,
        weight_decay: 0.0,
        clip_norm: Some(5.0),
        ema: None,
        average_last: None,
        validate_every: 200,
        patience: None,
        validate_start: false,
        until: Vec::new(),
        checkpoint_every: 100_000,
    }
}

fn distil(target: &dyn Target, student: &Architecture, recipe: &Recipe) -> Distilled {
    let never = AtomicBool::new(false);
    let environment = Environment { state: None, fingerprint: "", interrupted: &never };
    let source = Source { target, data: &[] };
    fit(source, student, recipe, Limits::default(), 5, Engine::Fused, &environment, &mut ()).unwrap()
}

/// The measures on draws that no training has seen.
fn measure(target: &dyn Target, student: &Distilled) -> Measures {
    let source = Source { target, data: &[] };
    let flow = Flow::new(&student.spec).unwrap();
    let theta = Parameters::frozen(Arc::new(student.theta.clone()));
    Probe::new(&source, 77).unwrap().measure(&flow, &theta, &source).unwrap()
}

fn forward_kl(measures: &Measures) -> f64 {
    measures.at_target.expect("a flow can be sampled").kl_forward.mean
}

fn warm(steps: u64) -> Recipe {
    Recipe::Phases(vec![Phase { objective: Objective::WarmStart { rows: Rows::Teacher }, training: settings(steps) }])
}

#[test]
fn a_trajectory_leads_from_the_base_back_to_its_row_through_affine_maps() {
    for normalisation in [Normalisation::None, Normalisation::ActNorm] {
        let frozen = teacher(normalisation);
        let teacher = Teacher::new(frozen.spec(), &frozen.parameters().values);
        assert_eq!(teacher.width(), 9 * DIM);
        let mut x = vec![0.0; 40 * DIM];
        assert!(frozen.sample(Draws { seed: 1, purpose: Purpose::Sample, index: 0 }, 0, &mut x).unwrap());
        let mut out = vec![0.0; 40 * teacher.width()];
        teacher.trajectories(&x, &mut out).unwrap();
        let base = frozen.inverse(&x).unwrap();
        for ((row, x), z) in out.chunks_exact(9 * DIM).zip(x.chunks_exact(DIM)).zip(base.chunks_exact(DIM)) {
            let layers: Vec<&[f32]> = row.chunks_exact(3 * DIM).collect();
            for i in 0..DIM {
                assert!((layers[0][i] - z[i]).abs() < 1e-4, "base {} {}", layers[0][i], z[i]);
                for k in 0..3 {
                    // m + e^a·h is the base side of the next layer, and of the last one the row
                    let mapped = layers[k][DIM + i] + layers[k][2 * DIM + i].exp() * layers[k][i];
                    let next = if k == 2 { x[i] } else { layers[k + 1][i] };
                    // with normalising layers the side of the next layer lies beyond them
                    assert!((mapped - next).abs() < 1e-4 * (1.0 + next.abs()), "{normalisation:?}, layer {k}");
                }
            }
        }
    }
}

#[test]
fn a_wider_student_comes_close_from_trajectories_alone() {
    for normalisation in [Normalisation::None, Normalisation::ActNorm] {
        let teacher = teacher(normalisation);
        let student = distil(&teacher, &architecture(3, 48, normalisation), &warm(2000));
        let measures = measure(&teacher, &student);
        let forward = forward_kl(&measures);
        assert!(forward < 0.02 && measures.ess_reverse > 0.95, "{normalisation:?}: {measures:?}");
        let untrained = distil(&teacher, &architecture(3, 48, normalisation), &warm(1));
        assert!(forward_kl(&measure(&teacher, &untrained)) > 20.0 * forward);
    }
}

#[test]
fn a_deeper_student_keeps_its_spare_layers_as_they_start() {
    let teacher = teacher(Normalisation::None);
    let student = distil(&teacher, &architecture(5, 48, Normalisation::None), &warm(1000));
    assert!(forward_kl(&measure(&teacher, &student)) < 0.05);
    let layout = Layout::new(&student.spec);
    for layer in 3..5 {
        let out = layout.view(&format!("layers.{layer}.weight_out")).unwrap().values(&student.theta);
        assert!(out.iter().all(|w| *w == 0.0), "layer {layer}");
    }
}

#[test]
fn a_shallower_student_and_other_orders_are_refused() {
    let teacher = teacher(Normalisation::None);
    let refused = |student: &FlowSpec| Pairing::new(teacher.spec(), student).err().map(|e| e.to_string());
    let shallow = architecture(2, 8, Normalisation::None).spec(DIM, Orientation::Iaf, 0);
    assert!(refused(&shallow).unwrap().contains("at least the teacher's layers in the same order"));
    let same = Architecture { order: flowstill_model::OrderRule::Same, ..architecture(3, 8, Normalisation::None) };
    assert!(refused(&same.spec(DIM, Orientation::Iaf, 0)).is_some());
    let coupling = Architecture { family: Family::Coupling, ..architecture(3, 8, Normalisation::None) };
    assert!(refused(&coupling.spec(DIM, Orientation::Iaf, 0)).is_some());
    assert!(refused(&architecture(4, 8, Normalisation::ActNorm).spec(DIM, Orientation::Iaf, 0)).is_none());
}

/// All rows of a cache.
fn all(cache: &Cache) -> Vec<f32> {
    let mut rows = Vec::new();
    cache.read(0, cache.rows(), &mut rows).unwrap();
    rows
}

fn cache(path: Option<&Path>, fingerprint: &str, most_bytes: u64, seed: u64) -> Result<Cache, FlowError> {
    cache_of(Rows::Both, path, fingerprint, most_bytes, seed)
}

fn cache_of(
    kind: Rows,
    path: Option<&Path>,
    fingerprint: &str,
    most_bytes: u64,
    seed: u64,
) -> Result<Cache, FlowError> {
    made(kind, Place { path, fingerprint, most_bytes, interrupted: &AtomicBool::new(false) }, seed)
}

fn made(kind: Rows, place: Place, seed: u64) -> Result<Cache, FlowError> {
    let frozen = teacher(Normalisation::None);
    let teacher = Teacher::new(frozen.spec(), &frozen.parameters().values);
    let data: Vec<f32> = (0..30 * DIM).map(|i| (i as f32).sin()).collect();
    let source = Source { target: &frozen, data: &data };
    Cache::new(place, &teacher, &source, kind, seed, (128, 1000))
}

#[test]
fn the_cache_is_the_same_in_memory_on_disk_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.trajectories");
    let memory = all(&cache(None, "", u64::MAX, 1).unwrap());
    let made = cache(Some(&path), "one", u64::MAX, 1).unwrap();
    assert_eq!((made.rows(), made.width()), (1024, 9 * DIM));
    assert_eq!(all(&made), memory);
    // read, not made: the last number is the file's
    let mut bytes = std::fs::read(&path).unwrap();
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&7.5f32.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(all(&cache(Some(&path), "one", u64::MAX, 1).unwrap()).last(), Some(&7.5));
    // of another seed: made anew
    assert_ne!(all(&cache(Some(&path), "one", u64::MAX, 2).unwrap()), memory);
    // of another configuration, or torn: made anew
    assert_ne!(all(&cache(Some(&path), "two", u64::MAX, 2).unwrap()), memory);
    let torn = std::fs::read(&path).unwrap();
    std::fs::write(&path, &torn[..torn.len() - 1]).unwrap();
    assert_eq!(all(&cache(Some(&path), "two", u64::MAX, 1).unwrap()), memory);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_phase_with_rows_from_elsewhere_does_not_read_those_of_the_phase_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.trajectories");
    for kind in [Rows::Data, Rows::Teacher, Rows::Both] {
        let in_memory = cache_of(kind, None, "one", u64::MAX, 1).unwrap();
        assert_eq!(all(&cache_of(kind, Some(&path), "one", u64::MAX, 1).unwrap()), all(&in_memory), "{kind:?}");
    }
}

#[test]
fn an_interrupt_ends_the_making_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.trajectories");
    let interrupted = AtomicBool::new(true);
    let place = Place { path: Some(&path), fingerprint: "one", most_bytes: u64::MAX, interrupted: &interrupted };
    let ended = made(Rows::Both, place, 1);
    assert_eq!(ended.err(), Some(FlowError::Interrupted));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_cache_keeps_to_its_bound_and_mixes_both_kinds_of_rows() {
    let small = cache(None, "", 300 * 4 * 9 * DIM as u64, 1).unwrap();
    assert_eq!(small.rows(), 320);
    let least = cache(None, "", 1, 1).unwrap();
    assert_eq!(least.rows(), 128);
    // the data's rows are known: sines of whole numbers
    let data: Vec<f32> = (0..30).map(|i| ((i * DIM) as f32).sin()).collect();
    let rows = all(&small);
    let from_data = rows.chunks_exact(9 * DIM).map(|row| row[7 * DIM] + row[8 * DIM].exp() * row[6 * DIM]);
    let known = from_data.map(|x| data.iter().any(|d| (d - x).abs() < 1e-4)).collect::<Vec<_>>();
    let in_group = |g: usize| known[64 * g..64 * (g + 1)].iter().filter(|known| **known).count();
    assert!((0..5).all(|g| (32..36).contains(&in_group(g))), "{:?}", (0..5).map(in_group).collect::<Vec<_>>());
}

#[test]
fn auto_warms_up_and_refines_and_says_why() {
    let teacher = teacher(Normalisation::None);
    let auto = Recipe::Auto(settings(900));
    let student = distil(&teacher, &architecture(3, 32, Normalisation::None), &auto);
    let objectives: Vec<_> = student.phases.iter().map(|phase| phase.objective).collect();
    assert_eq!(objectives[..2], ["warm_start", "mixed"]);
    assert_eq!(student.phases.iter().map(|phase| phase.outcome.steps).sum::<u64>(), 900);
    assert!(forward_kl(&measure(&teacher, &student)) < 0.03);
    // in fewer layers there is nothing to pair
    let shallow = distil(&teacher, &architecture(2, 32, Normalisation::None), &auto);
    assert_eq!(shallow.phases[0].objective, "reconstruction");
    // couplings take any objective
    let coupling = Architecture { family: Family::Coupling, ..architecture(4, 32, Normalisation::None) };
    let coupling = distil(&teacher, &coupling, &auto);
    assert_eq!(coupling.phases[0].objective, "reconstruction");
    assert!(forward_kl(&measure(&teacher, &coupling)) < 0.3);
}

#[test]
fn a_phase_that_finds_nothing_better_keeps_its_start() {
    let teacher = teacher(Normalisation::None);
    let harmful = Phase {
        objective: Objective::ForwardKl { rows: Rows::Teacher },
        training: Settings { rate: 1.0, clip_norm: None, ..settings(20) },
    };
    let first = Phase { objective: Objective::WarmStart { rows: Rows::Teacher }, training: settings(500) };
    let student = architecture(3, 32, Normalisation::None);
    let both = distil(&teacher, &student, &Recipe::Phases(vec![first.clone(), harmful]));
    assert_eq!(both.theta, distil(&teacher, &student, &Recipe::Phases(vec![first])).theta);
    assert_eq!(both.phases[1].outcome.best_step, 0);
}

#[test]
fn a_warm_start_that_comes_later_needs_a_student_without_other_layers() {
    let teacher = teacher(Normalisation::None);
    let phase = |objective| Phase { objective, training: settings(10) };
    let later = |layers| {
        let recipe = Recipe::Phases(vec![
            phase(Objective::ForwardKl { rows: Rows::Teacher }),
            phase(Objective::WarmStart { rows: Rows::Teacher }),
        ]);
        let never = AtomicBool::new(false);
        let environment = Environment { state: None, fingerprint: "", interrupted: &never };
        let (source, student) = (Source { target: &teacher, data: &[] }, architecture(layers, 8, Normalisation::None));
        fit(source, &student, &recipe, Limits::default(), 5, Engine::Fused, &environment, &mut ())
    };
    assert!(later(3).is_ok());
    assert!(later(4).unwrap_err().to_string().contains("must be the first phase"));
}

#[test]
fn auto_has_a_bounded_number_of_phases_however_impatient() {
    let teacher = teacher(Normalisation::None);
    let hasty = Settings { validate_every: 1, patience: Some(0), ..settings(300) };
    let student = distil(&teacher, &architecture(3, 8, Normalisation::None), &Recipe::Auto(hasty));
    assert!((2..=5).contains(&student.phases.len()), "{}", student.phases.len());
}

#[test]
fn a_student_that_gives_no_numbers_is_never_the_best() {
    let teacher = teacher(Normalisation::None);
    let source = Source { target: &teacher, data: &[] };
    let spec = architecture(3, 8, Normalisation::None).spec(DIM, Orientation::Iaf, 0);
    let flow = Flow::new(&spec).unwrap();
    let good = Parameters::frozen(Arc::new(vec![0.0; Layout::new(&spec).len()]));
    let mut broken = good.values.to_vec();
    Layout::new(&spec).view("layers.1.bias_out").unwrap().set_values(&[f32::NAN; 2 * DIM], &mut broken);
    let probe = Probe::new(&source, 3).unwrap();
    let good = probe.measure(&flow, &good, &source).unwrap();
    let broken = probe.measure(&flow, &Parameters::frozen(Arc::new(broken)), &source).unwrap();
    assert!(broken.value() > 1e6 * good.value(), "{broken:?}");
    assert!(broken.values().iter().all(|value| value.is_finite()));
}
