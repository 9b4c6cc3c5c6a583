//! Scaled dot-product attention of one head (Vaswani et al. 2017, §3.2.1), for 16 rows of the batch at a time:
//! `o_t = Σ_u P_tu·v_u`, `P_t = softmax_u(q_t·k_u/√size)`, over the tokens `u` that `t` sees.

use super::lanes::Lane;
use crate::Real;
use crate::isa::{Instructions, dispatch, multiply_add};
use crate::panels::COLUMNS;
use crate::tile::by_tiles;
use std::ops::Range;

/// Which tokens a token sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Sight {
    /// itself and those before it
    Before,
    /// so many, the first ones
    First(usize),
}

impl Sight {
    #[inline(always)]
    pub fn seen(self, token: usize) -> usize {
        match self {
            Self::Before => token + 1,
            Self::First(count) => count,
        }
    }
}

/// Queries, keys and values of one head: tokens × `size` each.
#[derive(Clone, Copy)]
pub(super) struct Head<'a, R> {
    pub sight: Sight,
    pub size: usize,
    pub q: &'a [Lane<R>],
    pub k: &'a [Lane<R>],
    pub v: &'a [Lane<R>],
}

dispatch! {
    /// Writes the `o_t` of `tokens` to their place in `out`. `p` has room for a number of each token.
    pub(super) fn attend(head: Head<R>, tokens: Range<usize>, p: &mut [Lane<R>], out: &mut [Lane<R>]) = attend_body
}

#[inline(always)]
fn attend_body<R: Real, I: Instructions>(head: Head<R>, tokens: Range<usize>, p: &mut [Lane<R>], out: &mut [Lane<R>]) {
    let size = head.size;
    for token in tokens {
        let p = &mut p[..head.sight.seen(token)];
        softmax::<R, I>(&head, token, p);
        let out = &mut out[token * size..][..size];
        out.fill([R::zero(); COLUMNS]);
        combine::<R, I>(p, head.v, out);
    }
}

/// Gradients by queries, keys and values, laid out as these are.
pub(super) struct HeadGradients<'a, R> {
    pub q: &'a mut [Lane<R>],
    pub k: &'a mut [Lane<R>],
    pub v: &'a mut [Lane<R>],
}

dispatch! {
    /// From the gradients `d_out` by the `o_t` of `tokens` to those by their queries, which are written, and by all keys and
    /// values, which are added. `p` and `dp` have room for a number of each token.
    pub(super) fn attend_backward(
        head: Head<R>,
        tokens: Range<usize>,
        d_out: &[Lane<R>],
        gradients: HeadGradients<R>,
        p: &mut [Lane<R>],
        dp: &mut [Lane<R>],
    ) = attend_backward_body
}

#[inline(always)]
fn attend_backward_body<R: Real, I: Instructions>(
    head: Head<R>,
    tokens: Range<usize>,
    d_out: &[Lane<R>],
    gradients: HeadGradients<R>,
    p: &mut [Lane<R>],
    dp: &mut [Lane<R>],
) {
    let (size, scale) = (head.size, scale::<R>(head.size));
    for token in tokens {
        let (q, d_out) = (&head.q[token * size..][..size], &d_out[token * size..][..size]);
        let seen = head.sight.seen(token);
        let (p, dp) = (&mut p[..seen], &mut dp[..seen]);
        softmax::<R, I>(&head, token, p);
        spread::<R, I>(p, d_out, gradients.v);
        dots::<R, I>(d_out, head.v, dp);
        // through the softmax: ds_u = p_u·(dp_u − Σ p·dp)
        let mut mean = [R::zero(); COLUMNS];
        for (p, dp) in p.iter().zip(dp.iter()) {
            mean = plus::<R, I>(mean, p, dp);
        }
        for (p, ds) in p.iter().zip(dp.iter_mut()) {
            let (p, mut by_score) = (*p, *ds);
            for n in 0..COLUMNS {
                by_score[n] = p[n] * (by_score[n] - mean[n]) * scale;
            }
            *ds = by_score;
        }
        let dq = &mut gradients.q[token * size..][..size];
        dq.fill([R::zero(); COLUMNS]);
        combine::<R, I>(dp, head.k, dq);
        spread::<R, I>(dp, q, gradients.k);
    }
}

#[inline(always)]
fn scale<R: Real>(size: usize) -> R {
    R::of((size as f64).sqrt().recip())
}

/// `p_u = P_tu`. The greatest score is subtracted, so that nothing overflows.
#[inline(always)]
fn softmax<R: Real, I: Instructions>(head: &Head<R>, token: usize, p: &mut [Lane<R>]) {
    let scale = scale::<R>(head.size);
    dots::<R, I>(&head.q[token * head.size..][..head.size], head.k, p);
    let mut most = [R::neg_infinity(); COLUMNS];
    for p in p.iter() {
        let p = *p;
        for n in 0..COLUMNS {
            most[n] = if p[n] > most[n] { p[n] } else { most[n] };
        }
    }
    let mut sum = [R::zero(); COLUMNS];
    for p in p.iter_mut() {
        let mut raised = *p;
        for n in 0..COLUMNS {
            raised[n] = ((raised[n] - most[n]) * scale).fast_exp();
            sum[n] += raised[n];
        }
        *p = raised;
    }
    for n in 0..COLUMNS {
        sum[n] = sum[n].recip();
    }
    for p in p.iter_mut() {
        let mut share = *p;
        for n in 0..COLUMNS {
            share[n] *= sum[n];
        }
        *p = share;
    }
}

/// `sum + a·b`. Of copies: loops over what might overlap, or over many lanes at once, are turned inside out and gather.
#[inline(always)]
fn plus<R: Real, I: Instructions>(mut sum: Lane<R>, a: &Lane<R>, b: &Lane<R>) -> Lane<R> {
    let (a, b) = (*a, *b);
    for n in 0..COLUMNS {
        sum[n] = multiply_add::<R, I>(a[n], b[n], sum[n]);
    }
    sum
}

/// `out_u = Σ_f a_f·b_uf`.
#[inline(always)]
fn dots<R: Real, I: Instructions>(a: &[Lane<R>], b: &[Lane<R>], out: &mut [Lane<R>]) {
    let mut u = 0;
    by_tiles!(u, out.len(), M => {
        let rows: [&[Lane<R>]; M] = std::array::from_fn(|m| &b[(u + m) * a.len()..][..a.len()]);
        let mut sums = [[R::zero(); COLUMNS]; M];
        for (f, a) in a.iter().enumerate() {
            for m in 0..M {
                sums[m] = plus::<R, I>(sums[m], a, &rows[m][f]);
            }
        }
        out[u..u + M].copy_from_slice(&sums);
    });
}

/// `out_f += Σ_u p_u·b_uf`.
#[inline(always)]
fn combine<R: Real, I: Instructions>(p: &[Lane<R>], b: &[Lane<R>], out: &mut [Lane<R>]) {
    let (size, mut f) = (out.len(), 0);
    by_tiles!(f, size, M => {
        let mut sums: [Lane<R>; M] = std::array::from_fn(|m| out[f + m]);
        for (p, b) in p.iter().zip(b.chunks_exact(size)) {
            let b: &[Lane<R>; M] = b[f..f + M].try_into().expect("as many as asked");
            for m in 0..M {
                sums[m] = plus::<R, I>(sums[m], p, &b[m]);
            }
        }
        out[f..f + M].copy_from_slice(&sums);
    });
}

/// `b_uf += p_u·a_f`.
#[inline(always)]
fn spread<R: Real, I: Instructions>(p: &[Lane<R>], a: &[Lane<R>], b: &mut [Lane<R>]) {
    let (size, mut f) = (a.len(), 0);
    by_tiles!(f, size, M => {
        let a: [Lane<R>; M] = std::array::from_fn(|m| a[f + m]);
        for (p, b) in p.iter().zip(b.chunks_exact_mut(size)) {
            let b = &mut b[f..f + M];
            for m in 0..M {
                b[m] = plus::<R, I>(b[m], p, &a[m]);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every lane the same.
    fn lanes(values: &[f64]) -> Vec<Lane<f64>> {
        values.iter().map(|&v| [v; COLUMNS]).collect()
    }

    /// Three tokens with two numbers each.
    const Q: [f64; 6] = [1.0, 0.0, 0.0, 2.0, 1.0, 1.0];
    const K: [f64; 6] = [1.0, 1.0, -1.0, 0.5, 3.0, 2.0];
    const V: [f64; 6] = [1.0, 10.0, 2.0, 20.0, 4.0, 40.0];

    fn outputs(sight: Sight, q: &[f64]) -> Vec<f64> {
        let (q, k, v) = (lanes(q), lanes(&K), lanes(&V));
        let (mut p, mut out) = (lanes(&[f64::NAN; 3]), lanes(&[f64::NAN; 6]));
        attend(Head { sight, size: 2, q: &q, k: &k, v: &v }, 0..3, &mut p, &mut out);
        out.iter().map(|lane| lane[0]).collect()
    }

    #[test]
    fn attention_is_the_example_done_by_hand() {
        // a missing 1/√2, a token that does not see itself, or weights that sum to 1 over the queries give other numbers
        let root = 2f64.sqrt();
        let mean = |scores: &[f64]| {
            let sum: f64 = scores.iter().map(|s| (s / root).exp()).sum();
            let weighted =
                |n: usize| scores.iter().enumerate().map(|(u, s)| (s / root).exp() * V[2 * u + n]).sum::<f64>();
            [weighted(0) / sum, weighted(1) / sum]
        };
        // q·k: the first sees 1; the second 2, 1; the third 2, −0.5, 5
        let before = [mean(&[1.0]), mean(&[2.0, 1.0]), mean(&[2.0, -0.5, 5.0])].concat();
        let first = [mean(&[1.0, -1.0]), mean(&[2.0, 1.0]), mean(&[2.0, -0.5])].concat();
        for (sight, expected) in [(Sight::Before, before), (Sight::First(2), first)] {
            for (found, expected) in outputs(sight, &Q).iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-13, "{sight:?}: {found} {expected}");
            }
        }
        assert_eq!(outputs(Sight::Before, &Q)[..2], V[..2]);
    }

    #[test]
    fn great_scores_give_the_value_of_the_greatest() {
        let out = outputs(Sight::Before, &Q.map(|q| q * 1e200));
        assert_eq!(out[4..], V[4..]);
    }

    #[test]
    fn gradients_are_those_of_differences_and_tokens_one_by_one_add_up() {
        let weights = [0.3, -1.0, 0.7, 0.2, -0.4, 1.1];
        for sight in [Sight::Before, Sight::First(2)] {
            let value = |q: &[f64], k: &[f64], v: &[f64]| {
                let (q, k, v) = (lanes(q), lanes(k), lanes(v));
                let (mut p, mut out) = (lanes(&[0.0; 3]), lanes(&[0.0; 6]));
                attend(Head { sight, size: 2, q: &q, k: &k, v: &v }, 0..3, &mut p, &mut out);
                out.iter().zip(weights).map(|(out, weight)| out[3] * weight).sum::<f64>()
            };
            let (q, k, v, d_out) = (lanes(&Q), lanes(&K), lanes(&V), lanes(&weights));
            let head = Head { sight, size: 2, q: &q, k: &k, v: &v };
            let run = |parts: &[Range<usize>]| {
                let [mut dq, mut dk, mut dv] = [0; 3].map(|_| lanes(&[0.0; 6]));
                let (mut p, mut dp) = (lanes(&[0.0; 3]), lanes(&[0.0; 3]));
                for part in parts {
                    let gradients = HeadGradients { q: &mut dq, k: &mut dk, v: &mut dv };
                    attend_backward(head, part.clone(), &d_out, gradients, &mut p, &mut dp);
                }
                [dq, dk, dv].map(|d| d.iter().map(|lane| lane[3]).collect::<Vec<_>>())
            };
            let together = run(std::slice::from_ref(&(0..3)));
            for (found, other) in together.iter().flatten().zip(run(&[2..3, 1..2, 0..1]).iter().flatten()) {
                assert!((found - other).abs() < 1e-13);
            }
            let given = [Q, K, V];
            for which in 0..3 {
                for i in 0..6 {
                    let at = |step: f64| {
                        let mut moved = given;
                        moved[which][i] += step;
                        value(&moved[0], &moved[1], &moved[2])
                    };
                    let numeric = (at(1e-5) - at(-1e-5)) / 2e-5;
                    let found = together[which][i];
                    assert!((found - numeric).abs() < 1e-8, "{sight:?}, {which}, {i}: {found} {numeric}");
                }
            }
        }
    }
}
