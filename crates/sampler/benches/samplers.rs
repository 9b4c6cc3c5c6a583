//! Samples per second of one thread: a MAF by each method and an IAF of the same size.
//!
//! `cargo bench -p flowstill-sampler`; started any other way (as a test) it only runs through, on a tiny flow.

use flowstill_model::init::initial_parameters;
use flowstill_model::{Architecture, Checkpoint, Orientation, Provenance, Role, Standardizer};
use flowstill_sampler::{Method, Sampler};
use std::time::{Duration, Instant};

fn main() {
    let measuring = std::env::args().any(|argument| argument == "--bench");
    let (dim, width, batches) =
        if measuring { (63, 512, &[1, 10, 100, 1000, 10_000][..]) } else { (3, 8, &[1, 10][..]) };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread can be started");
    println!("dim {dim}, 5 layers of 2 × {width}, relu, 1 thread, f32: samples/s, median (best)");
    let (maf, iaf) = (sampler(Orientation::Maf, dim, width), sampler(Orientation::Iaf, dim, width));
    let with = |method| maf.clone().with_method(method).expect("the tolerance is a number");
    for (name, sampler) in [
        ("maf, incremental", with(Method::Incremental)),
        ("maf, jacobi 1e-4", with(Method::Jacobi { tolerance: 1e-4 })),
        ("maf, naive", with(Method::Naive)),
        ("iaf", iaf),
    ] {
        println!("{name}: {}", sampler.cost().forward);
        for &batch in batches.iter().filter(|&&batch| name != "maf, naive" || batch <= 1000) {
            let (median, best) = pool.install(|| rate(&sampler, batch, measuring));
            println!("  batch {batch:>6}: {median:>9.0} ({best:.0})");
        }
    }
}

fn sampler(orientation: Orientation, dim: usize, width: usize) -> Sampler {
    let spec = Architecture { hidden: vec![width, width], ..Architecture::default() }.spec(dim, orientation, 0);
    // hidden layers as training starts them, output layers small but not zero
    let mut theta = initial_parameters(&spec, 0);
    for (i, t) in theta.iter_mut().enumerate().filter(|(_, t)| **t == 0.0) {
        *t = 0.02 * (i as f32 * 0.7).sin();
    }
    let model = Checkpoint {
        role: Role::Teacher,
        spec,
        standardizer: Standardizer::identity(dim),
        pixels: None,
        columns: (0..dim).map(|i| i.to_string()).collect(),
        provenance: Provenance::default(),
        theta,
    };
    Sampler::from_checkpoint(model).expect("the parts were made to fit")
}

/// (median, best) samples per second over about two seconds.
fn rate(sampler: &Sampler, batch: usize, measuring: bool) -> (f64, f64) {
    let budget = Duration::from_millis(if measuring { 2000 } else { 0 });
    let start = Instant::now();
    let mut seconds = Vec::new();
    while seconds.len() < 3 || start.elapsed() < budget {
        let call = Instant::now();
        let drawn = sampler.sample(seconds.len() as u64, 0, batch).expect("the batch fits into memory");
        seconds.push(call.elapsed().as_secs_f64());
        assert!(drawn.iter().all(|x| x.is_finite()));
    }
    seconds.sort_by(f64::total_cmp);
    (batch as f64 / seconds[seconds.len() / 2], batch as f64 / seconds[0])
}
