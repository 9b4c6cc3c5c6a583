//! Every set of instructions that this processor has, against the plain reference. One test, as the choice is the
//! whole process's.

mod common;

use common::{SHAPES, backward, forward, made, wave};
use flowstill_kernel::affine::Direction;
use flowstill_kernel::incremental::{Adjoint, AdjointBuffers, Solve, Sweep};
use flowstill_kernel::isa::IsaError;
use flowstill_kernel::{Activation, ElementMap, Incremental, Isa, Layer, Parallel, Workspace, reference};

/// Everything that is compiled for each set: outputs and gradients of networks, a chain with its gradients, both
/// sweeps, the adjoint.
fn everything() -> Vec<f32> {
    let mut all = Vec::new();
    for shape in SHAPES {
        for activation in [Activation::Relu, Activation::Elu] {
            let made = made(shape, activation);
            let theta: Vec<f32> = made.pack(&wave(made.dense_parameters(), 0.4, 0.3));
            for rows in [1, 29, 70, 97] {
                let v: Vec<f32> = wave(rows * made.dim(), 1.5, 0.1);
                let (out, cache) = forward(&made, &theta, &v);
                let (d_theta, d_v) = backward(&made, &theta, &cache, &wave(out.len(), 1.0, 0.2), false);
                all.extend(out.into_iter().chain(d_theta).chain(d_v));
                if shape.2 != 2 {
                    continue;
                }
                let order: Vec<usize> = (0..made.dim()).rev().collect();
                for direction in [Direction::Forward, Direction::Inverse] {
                    let step = Layer::Autoregressive {
                        made: made.clone(),
                        order: order.clone(),
                        map: ElementMap::Affine { clip: 3.0 },
                    };
                    let chain = Parallel::new(made.dim(), direction, vec![(step, 0..theta.len())]);
                    let (mut workspace, mut transposed) = (Workspace::default(), vec![0.0; chain.transposed_len()]);
                    let (mut mapped, mut log_det) = (vec![0.0; v.len()], vec![0.0; rows]);
                    let (mut d_theta, mut d_v) = (vec![0.0; theta.len()], vec![0.0; v.len()]);
                    chain.transpose(&theta, &mut transposed);
                    chain.forward(&theta, &v, &mut workspace, &mut mapped, &mut log_det);
                    let (d_mapped, d_log_det) = (wave::<f32>(v.len(), 1.0, 0.4), wave::<f32>(rows, 1.0, 0.5));
                    let gradients = (Some(&mut d_theta[..]), &mut d_v);
                    chain.backward(
                        &theta,
                        &transposed,
                        &mut workspace,
                        &d_mapped,
                        &d_log_det,
                        gradients.0,
                        gradients.1,
                    );
                    all.extend(mapped.iter().chain(&d_theta).chain(&d_v));
                    all.extend(log_det.iter().map(|l| *l as f32));

                    let (mut values, mut log_det) = (v.clone(), vec![0.0; rows]);
                    let (values_mut, log_det) = (&mut values, &mut log_det);
                    let mut solve = Solve {
                        direction,
                        map: &ElementMap::Affine { clip: 3.0 },
                        order: &order,
                        values: values_mut,
                        log_det,
                        given: false,
                    };
                    Incremental::new(made.clone(), &theta).sweep(rows, &mut Sweep::default(), &mut solve);
                    all.extend(values);
                    let mut w = v.clone();
                    let adjoint =
                        Adjoint::new(made.clone(), &theta, order.clone(), direction, ElementMap::Affine { clip: 3.0 });
                    adjoint.solve(&v, &vec![1.0; rows], &mut w, &mut AdjointBuffers::default());
                    all.extend(w);
                }
            }
        }
    }
    all
}

#[test]
fn every_set_of_instructions_gives_the_same_numbers() {
    Isa::Portable.activate().unwrap();
    let portable = everything();
    let supported = Isa::ALL.into_iter().filter(|isa| isa.is_supported());
    for isa in supported {
        isa.activate().unwrap();
        assert_eq!(Isa::active(), isa);
        let numbers = everything();
        assert_eq!(numbers.len(), portable.len());
        for (i, (a, b)) in numbers.into_iter().zip(&portable).enumerate() {
            assert!((a - b).abs() <= 2e-4 * (1.0 + b.abs()), "{}: number {i} is {a}, portable {b}", isa.name());
        }
        // and the definition itself, in double precision
        for shape in SHAPES {
            let made = made(shape, Activation::Elu);
            let theta: Vec<f64> = made.pack(&wave(made.dense_parameters(), 0.8, 0.3));
            let v: Vec<f64> = wave(made.dim(), 3.0, 1.1);
            let plain = reference::forward(&made, shape.1, &made.unpack(&theta), &v);
            for (a, b) in forward(&made, &theta, &v).0.iter().zip(&plain) {
                assert!((a - b).abs() < 1e-12 * (1.0 + b.abs()), "{} {shape:?}: {a} {b}", isa.name());
            }
        }
    }
    for isa in Isa::ALL.into_iter().filter(|isa| !isa.is_supported()) {
        assert_eq!(isa.activate(), Err(IsaError::Unsupported(isa)));
    }
    assert!(Isa::best().is_supported());
}
