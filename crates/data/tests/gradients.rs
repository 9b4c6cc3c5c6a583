//! Gradients of the known densities: against differences of the density, and against draws.

use flowstill_data::Target;

/// Every target, those of any dimension in a small and in a larger one.
fn targets() -> Vec<Target> {
    let named = Target::NAMES.map(|name| Target::from_name(name, None, None, 3).unwrap());
    let larger = [
        Target::Funnel { dim: 7 },
        Target::GaussianMixture { dim: 1, components: 3, seed: 1 },
        Target::GaussianMixture { dim: 9, components: 4, seed: 1 },
        Target::RingChain { dim: 3 },
        Target::RingChain { dim: 20 },
    ];
    named.into_iter().chain(larger).collect()
}

#[test]
fn gradients_are_those_of_the_log_density() {
    for target in targets() {
        let (density, dim, h) = (target.density(), target.dim(), 1e-4);
        let mut grad = vec![0.0; dim];
        // where the data are, and twice as far out, between and beyond the modes
        for scale in [1.0, 2.0] {
            for row in target.draw_rows(100, 7).chunks_exact(dim) {
                let x: Vec<f64> = row.iter().map(|v| scale * v).collect();
                grad.fill(f64::NAN);
                let log_prob = density.log_prob_and_grad(&x, &mut grad);
                assert_eq!(log_prob, density.log_prob(&x), "{target:?}");
                for i in 0..dim {
                    let at = |step: f64| {
                        let mut moved = x.clone();
                        moved[i] += step;
                        density.log_prob(&moved)
                    };
                    if target == Target::Checkerboard {
                        assert_eq!(grad[i], 0.0, "flat on the squares, zero beside them");
                        continue;
                    }
                    let numeric = (at(-2.0 * h) - 8.0 * at(-h) + 8.0 * at(h) - at(2.0 * h)) / (12.0 * h);
                    let tolerance = 1e-8 * (1.0 + numeric.abs());
                    assert!((grad[i] - numeric).abs() < tolerance, "{target:?} at {x:?}: {} {numeric}", grad[i]);
                }
            }
        }
    }
}

/// `E[x_i ∂_i log p] = −1` for every coordinate, by parts: what draws must obey if they follow the density.
#[test]
fn draws_obey_steins_identity() {
    let n = 40_000;
    for target in targets().into_iter().filter(|target| *target != Target::Checkerboard) {
        let (density, dim) = (target.density(), target.dim());
        let (mut sums, mut squares) = (vec![0.0; dim], vec![0.0; dim]);
        let mut grad = vec![0.0; dim];
        for x in target.draw_rows(n, 2).chunks_exact(dim) {
            density.log_prob_and_grad(x, &mut grad);
            for i in 0..dim {
                sums[i] += x[i] * grad[i];
                squares[i] += (x[i] * grad[i]).powi(2);
            }
        }
        for i in 0..dim {
            let mean = sums[i] / n as f64;
            let error = ((squares[i] / n as f64 - mean * mean) / n as f64).sqrt();
            assert!((mean + 1.0).abs() < 4.5 * error, "{target:?}, coordinate {i}: {mean} ± {error}");
        }
    }
}

#[test]
fn centres_and_far_points_have_finite_gradients() {
    for target in targets() {
        let (density, dim) = (target.density(), target.dim());
        for x in [vec![0.0; dim], vec![-4.0; dim], vec![1e3; dim]] {
            let mut grad = vec![f64::NAN; dim];
            density.log_prob_and_grad(&x, &mut grad);
            assert!(grad.iter().all(|g| g.is_finite()), "{target:?} at {x:?}: {grad:?}");
        }
    }
    // symmetric about the origin
    for target in [Target::Rings, Target::Pinwheel, Target::EightGaussians] {
        let mut grad = [f64::NAN; 2];
        target.density().log_prob_and_grad(&[0.0; 2], &mut grad);
        assert!(grad.iter().all(|g| g.abs() < 1e-12), "{target:?}: {grad:?}");
    }
}
