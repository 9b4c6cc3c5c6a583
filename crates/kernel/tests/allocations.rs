//! After the first step a step allocates nothing: the buffers are those of the step before.

mod common;

use common::wave;
use flowstill_kernel::affine::Direction;
use flowstill_kernel::incremental::{Solve, Sweep};
use flowstill_kernel::{Activation, ElementMap, Incremental, Layer, Made, Parallel, Workspace};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every request goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations(mut step: impl FnMut()) -> usize {
    step();
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    step();
    step();
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

/// One test: another one would allocate at the same time.
#[test]
fn steps_and_sweeps_allocate_nothing_after_the_first() {
    for (residual, hidden) in [(false, vec![40, 33]), (true, vec![30, 30, 30])] {
        let (dim, rows) = (11, 50);
        let made = Made::new(dim, &hidden, 2, Activation::Elu);
        let made = if residual { made.residual().unwrap() } else { made };
        let order: Vec<usize> = (0..dim).rev().collect();
        let theta: Vec<f32> = made.pack(&wave(made.dense_parameters(), 0.4, 0.3));
        let part = 0..theta.len();
        let step =
            Layer::Autoregressive { made: made.clone(), order: order.clone(), map: ElementMap::Affine { clip: 3.0 } };
        let chain = Parallel::new(dim, Direction::Inverse, vec![(step.clone(), part.clone()), (step, part)]);
        let mut transposed = vec![0.0; chain.transposed_len()];
        let v: Vec<f32> = wave(rows * dim, 1.0, 0.1);
        let (mut mapped, mut log_det, mut d_v) = (v.clone(), vec![0.0; rows], v.clone());
        let (mut workspace, mut d_theta, d_log_det) = (Workspace::default(), theta.clone(), vec![1.0; rows]);
        let training = allocations(|| {
            chain.transpose(&theta, &mut transposed);
            chain.forward(&theta, &v, &mut workspace, &mut mapped, &mut log_det);
            let gradient = Some(&mut d_theta[..]);
            chain.backward(&theta, &transposed, &mut workspace, &mapped, &d_log_det, gradient, &mut d_v);
        });
        assert_eq!(training, 0, "forward, backward and transposes of {hidden:?}");

        let network = Incremental::new(made, &theta);
        let (mut values, mut sweep) = (v.clone(), Sweep::default());
        let inverse = allocations(|| {
            let (values, log_det) = (&mut values, &mut log_det);
            let direction = Direction::Forward;
            let mut solve = Solve {
                direction,
                map: &ElementMap::Affine { clip: 3.0 },
                order: &order,
                values,
                log_det,
                given: false,
            };
            network.sweep(rows, &mut sweep, &mut solve);
        });
        assert_eq!(inverse, 0, "the incremental inverse of {hidden:?}");
    }
}
