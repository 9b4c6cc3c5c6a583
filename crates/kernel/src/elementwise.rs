//! What is done to whole panels, number by number.

use crate::activation::specialised;
use crate::isa::{Instructions, dispatch};
use crate::panels::Panels;
use crate::{Activation, Real};

/// `y += x`.
pub(crate) fn add_panels<R: Real>(x: &Panels<R>, y: &mut Panels<R>) {
    for p in 0..y.count() {
        add(x.panel(p), y.panel_mut(p));
    }
}

dispatch! {
    /// `y = f(y)`.
    pub(crate) fn activate(activation: Activation, y: &mut [R]) = activate_body
}

#[inline(always)]
fn activate_body<R: Real, I: Instructions>(activation: Activation, y: &mut [R]) {
    specialised!(activation, F => {
        for y in y.iter_mut() {
            *y = F.apply(*y);
        }
    });
}

dispatch! {
    /// `dx *= f'`, given the output `x` of `f`.
    pub(crate) fn multiply_slope(activation: Activation, x: &[R], dx: &mut [R]) = multiply_slope_body
}

#[inline(always)]
fn multiply_slope_body<R: Real, I: Instructions>(activation: Activation, x: &[R], dx: &mut [R]) {
    specialised!(activation, F => {
        for (dx, &x) in dx.iter_mut().zip(x) {
            *dx *= F.slope_at_output(x);
        }
    });
}

dispatch! {
    /// `y += x`.
    pub(crate) fn add(x: &[R], y: &mut [R]) = add_body
}

#[inline(always)]
fn add_body<R: Real, I: Instructions>(x: &[R], y: &mut [R]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y += x;
    }
}
