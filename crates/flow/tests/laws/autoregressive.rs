//! What is special about autoregressive layers: the start, orders, and what depth can and cannot do.

use crate::table::{Way, evaluate, gaussian, made, random_parameters};
use flowstill_kernel::Activation;
use flowstill_model::init::initial_parameters;
use flowstill_model::{Architecture, FlowSpec, LayerSpec, Orientation};

#[test]
fn a_fresh_flow_is_the_identity() {
    for orientation in [Orientation::Maf, Orientation::Iaf] {
        let spec = Architecture::default().spec(4, orientation, 3);
        let theta = initial_parameters(&spec, 3);
        let x: Vec<f32> = gaussian(5, 4, 2.0).into_iter().map(|v| v as f32).collect();
        let (y, log_det) = evaluate(&spec, &theta, &x, Way::Forward);
        assert_eq!(y, x);
        assert!(log_det.iter().all(|&v| v == 0.0));
    }
}

#[test]
fn a_maf_layer_is_an_iaf_layer_read_the_other_way_with_negated_outputs() {
    // z = (x − μ(x))·e^{−α(x)} = μ'(x) + e^{α'(x)}·x when the conditioner is constant: α' = −α, μ' = −μ·e^{−α}
    let order = vec![1, 0, 2];
    let spec = |orientation| FlowSpec { dim: 3, layers: vec![made(orientation, order.clone(), &[], Activation::Relu)] };
    let LayerSpec::Autoregressive(layer) = made(Orientation::Maf, order.clone(), &[], Activation::Relu) else {
        unreachable!("an autoregressive layer")
    };
    let (mut maf, mut iaf) = (vec![0.0; 3 * 6], vec![0.0; 3 * 6]);
    for i in 0..3 {
        let (shift, log_scale) = (0.3 * i as f64 - 0.2, 0.4 - 0.3 * i as f64);
        maf.extend([shift, log_scale]);
        let clipped = log_scale / (1.0 + f64::abs(log_scale) / 5.0);
        iaf.extend([-shift * (-clipped).exp(), -log_scale]);
    }
    let (maf, iaf) = (layer.made().pack(&maf), layer.made().pack(&iaf));
    let x = gaussian(4, 3, 1.0);
    let (a, a_log_det) = evaluate(&spec(Orientation::Maf), &maf, &x, Way::Inverse);
    let (b, b_log_det) = evaluate(&spec(Orientation::Iaf), &iaf, &x, Way::Forward);
    for (a, b) in a.iter().chain(&a_log_det).zip(b.iter().chain(&b_log_det)) {
        assert!((a - b).abs() < 1e-13, "{a} {b}");
    }
}

#[test]
fn affine_layers_in_one_order_keep_gaussian_conditionals_and_alternating_orders_do_not() {
    // the last coordinate in the order, given the others, is an affine function of its z exactly if the conditional
    // is Gaussian: its second difference in z vanishes
    let curvature = |orders: [Vec<usize>; 2]| {
        let layers: Vec<LayerSpec> =
            orders.into_iter().map(|o| made(Orientation::Iaf, o, &[16], Activation::Tanh)).collect();
        let spec = FlowSpec { dim: 2, layers };
        let theta = random_parameters(&spec, 0.8);
        let x = |z: f64| evaluate(&spec, &theta, &[0.3, z], Way::Forward).0[1];
        (x(-1.0) - 2.0 * x(0.0) + x(1.0)).abs()
    };
    assert!(curvature([vec![0, 1], vec![0, 1]]) < 1e-12);
    assert!(curvature([vec![1, 0], vec![0, 1]]) > 1e-3);
}
