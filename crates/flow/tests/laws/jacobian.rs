//! The log-det is that of the Jacobian, and the Jacobian is triangular where it must be.

use crate::table::{
    DIMS, WAYS, Way, coupling, evaluate, gaussian, jacobian, log_abs_det, made, random_parameters, residual, spline,
    table, transformer, with,
};
use flowstill_kernel::{Activation, Univariate};
use flowstill_model::{FlowSpec, OrderRule, Orientation};

#[test]
fn log_det_equals_log_abs_det_of_the_jacobian() {
    for dim in DIMS {
        for (name, spec) in table(dim) {
            // kinks spoil differences; relu has its own exact test in the kernel
            let theta = random_parameters(&spec, 0.35);
            for way in WAYS {
                let points = gaussian(3, dim, 0.8);
                let (_, log_det) = evaluate(&spec, &theta, &points, way);
                for (x, log_det) in points.chunks_exact(dim).zip(log_det) {
                    let numeric = log_abs_det(jacobian(dim, x, |x| evaluate(&spec, &theta, x, way).0));
                    assert!((log_det - numeric).abs() < 1e-8, "{name}, dim {dim}, {way:?}: {log_det} {numeric}");
                }
            }
        }
    }
}

#[test]
fn autoregressive_jacobians_have_exact_zeros_in_every_order() {
    for dim in [2, 3, 5, 8] {
        for order in OrderRule::Random.orders(dim, 4, 9) {
            for (orientation, way) in [(Orientation::Maf, Way::Inverse), (Orientation::Iaf, Way::Forward)] {
                let spec =
                    FlowSpec { dim, layers: vec![made(orientation, order.clone(), &[20, 20], Activation::Tanh)] };
                let theta = random_parameters(&spec, 1.0);
                let x = gaussian(1, dim, 1.0);
                let base = evaluate(&spec, &theta, &x, way).0;
                for (place, &moved) in order.iter().enumerate() {
                    let mut y = x.clone();
                    y[moved] += 0.7;
                    let after = evaluate(&spec, &theta, &y, way).0;
                    for (other, &coordinate) in order.iter().enumerate() {
                        let changed = after[coordinate] != base[coordinate];
                        assert_eq!(changed, other >= place, "{order:?}: {moved} on {coordinate}");
                    }
                }
            }
        }
    }
}

#[test]
fn no_conditioner_map_or_direction_lets_a_coordinate_read_a_later_one() {
    use Orientation::{Iaf, Maf};
    for dim in [2, 3, 5] {
        let [natural, random] = <[_; 2]>::try_from(OrderRule::Random.orders(dim, 2, 9)).unwrap();
        for order in [natural.iter().rev().copied().collect(), natural, random] {
            for orientation in [Maf, Iaf] {
                let plain = |hidden: &[usize]| made(orientation, order.clone(), hidden, Activation::Tanh);
                let layers = [
                    plain(&[]),
                    plain(&[9, 7]),
                    residual(orientation, order.clone(), &[8, 8, 8]),
                    with(plain(&[9]), spline(4)),
                    with(plain(&[9]), Univariate::SinhArcsinh),
                    transformer(orientation, order.clone(), None, spline(3)),
                ];
                for (which, layer) in layers.into_iter().enumerate() {
                    let spec = FlowSpec { dim, layers: vec![layer] };
                    let theta = random_parameters(&spec, 0.5);
                    let x = gaussian(1, dim, 1.0);
                    for way in WAYS {
                        let base = evaluate(&spec, &theta, &x, way).0;
                        for (place, &moved) in order.iter().enumerate() {
                            let mut y = x.clone();
                            y[moved] += 0.7;
                            let after = evaluate(&spec, &theta, &y, way).0;
                            for &earlier in &order[..place] {
                                let same = after[earlier] == base[earlier];
                                assert!(
                                    same,
                                    "layer {which}, {orientation:?}, {way:?}, {order:?}: {moved} on {earlier}"
                                );
                            }
                            assert_ne!(after[moved], base[moved], "layer {which}, {order:?}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn coupling_jacobians_are_diagonal_in_either_part_and_full_between_them() {
    let dim = 7;
    for order in OrderRule::Random.orders(dim, 3, 9) {
        for identity in [1, 4, 6] {
            for (hidden, way) in [(&[20, 20][..], Way::Inverse), (&[][..], Way::Inverse), (&[20][..], Way::Forward)] {
                let layer = coupling(made(Orientation::Maf, order.clone(), hidden, Activation::Tanh), identity);
                let spec = FlowSpec { dim, layers: vec![layer] };
                let theta = random_parameters(&spec, 1.0);
                let x = gaussian(1, dim, 1.0);
                let base = evaluate(&spec, &theta, &x, way).0;
                for (place, &moved) in order.iter().enumerate() {
                    let mut y = x.clone();
                    y[moved] += 0.7;
                    let after = evaluate(&spec, &theta, &y, way).0;
                    for (other, &coordinate) in order.iter().enumerate() {
                        let changed = after[coordinate] != base[coordinate];
                        let expected = other == place || (place < identity && identity <= other);
                        assert_eq!(changed, expected, "{order:?}, {identity}: {moved} on {coordinate}");
                    }
                }
            }
        }
    }
}
