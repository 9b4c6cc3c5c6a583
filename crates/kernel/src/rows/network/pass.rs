//! One pass of many rows through a network, and back.
//!
//! Tangents stand block after block, the first tangent of all rows, then the second: to the products they are more rows.
//! Every sum is one row's own, so that a row's bits are the same in any batch.

use super::smooth::{activate, reverse, scale, scale_in_place};
use super::{Gradient, Network, Packed};
use crate::panels::{COLUMNS, Panels, column_offset};
use crate::product::{self, Finish};
use crate::weight_gradient::backward_parameters;
use crate::{Linear, Real};

/// Directions of derivatives by the input.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum Tangents<'a, R> {
    /// the first so many axes, for all rows: the columns of the Jacobian
    Axes(usize),
    /// one per row (rows × inputs)
    Each(&'a [R]),
    /// several per row: all the rows' first, then their second (count × rows × inputs)
    Many(&'a [R], usize),
}

/// What a pass leaves for the way back. Its memory is kept from one pass to the next.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Pass<R> {
    rows: usize,
    tangents: usize,
    /// the input of each linear map, and the last one's output
    values: Vec<Panels<R>>,
    /// the same for tangents
    moved: Vec<Panels<R>>,
    hidden: Vec<Hidden<R>>,
    /// gradients by values and by tangents, before a map and after it
    g: [Panels<R>; 2],
    g_moved: [Panels<R>; 2],
}

#[derive(Debug, Clone, Default)]
struct Hidden<R> {
    slope: Panels<R>,
    curve: Panels<R>,
    /// derivatives of what the activation is applied to
    before: Panels<R>,
}

impl<R: Real> Pass<R> {
    /// Values of the network at `x` (rows × inputs), written to `y` (rows × outputs).
    pub fn forward(&mut self, network: &Network, packed: &Packed<R>, x: &[R], y: &mut [R]) {
        let rows = x.len() / network.inputs;
        (self.rows, self.tangents) = (rows, 0);
        self.values.resize_with(network.linears.len() + 1, Panels::default);
        self.hidden.resize_with(network.linears.len() - 1, Hidden::default);
        load(x, network.inputs, &mut self.values[0]);
        for (l, linear) in network.linears.iter().enumerate() {
            let [from, to] = pair(&mut self.values, l);
            product(linear, &packed.theta, from, to);
            if let Some(Hidden { slope, curve, .. }) = self.hidden.get_mut(l) {
                slope.reshape(rows, linear.columns);
                curve.reshape(rows, linear.columns);
                for p in 0..to.count() {
                    activate(network.activation, to.panel_mut(p), slope.panel_mut(p), curve.panel_mut(p));
                }
            }
        }
        store(&self.values[network.linears.len()], network.outputs, y);
    }

    /// Derivatives of the last [`Pass::forward`] along the tangents, written to `dy` (count × rows × outputs).
    pub fn push(&mut self, network: &Network, packed: &Packed<R>, tangents: Tangents<R>, dy: &mut [R]) {
        let rows = self.rows;
        self.moved.resize_with(network.linears.len() + 1, Panels::default);
        let input = &mut self.moved[0];
        match tangents {
            Tangents::Axes(count) => {
                input.reshape(count * rows, network.inputs);
                input.clear();
                let stride = input.stride();
                for k in 0..count {
                    let at = column_offset(k, stride) + k * rows * COLUMNS;
                    input.data_mut()[at..].iter_mut().step_by(COLUMNS).take(rows).for_each(|v| *v = R::one());
                }
                self.tangents = count;
            }
            Tangents::Each(v) => {
                load(v, network.inputs, input);
                self.tangents = 1;
            }
            Tangents::Many(v, count) => {
                load(v, network.inputs, input);
                self.tangents = count;
            }
        }
        for (l, linear) in network.linears.iter().enumerate() {
            let [from, to] = pair(&mut self.moved, l);
            let Some(Hidden { slope, before, .. }) = self.hidden.get_mut(l) else {
                product(linear, &packed.unbiased, from, to);
                continue;
            };
            product(linear, &packed.unbiased, from, before);
            to.reshape(before.rows(), linear.columns);
            for p in 0..to.count() {
                scale(slope.panel(p), before.panel(p), to.panel_mut(p));
            }
        }
        store(&self.moved[network.linears.len()], network.outputs, dy);
    }

    /// `w·J` of the last [`Pass::forward`], for one `w` for each of its first rows (count × outputs), written to `out`
    /// (count × inputs).
    pub fn pull(&mut self, network: &Network, packed: &Packed<R>, w: &[R], out: &mut [R]) {
        load(w, network.outputs, &mut self.g[1]);
        let count = self.g[1].rows();
        for (l, linear) in network.linears.iter().enumerate().rev() {
            let [to, from] = &mut self.g;
            to.reshape(count, linear.inputs);
            product::backward_input(linear, &packed.transposed[network.transposed[l].clone()], from, None, None, to);
            if let Some(l) = l.checked_sub(1) {
                let slope = &self.hidden[l].slope;
                (0..to.count()).for_each(|p| scale_in_place(&slope.panel(p)[..count * COLUMNS], to.panel_mut(p)));
            }
            self.g.swap(0, 1);
        }
        store(&self.g[1], network.inputs, out);
    }

    /// From the gradients by the values (rows × outputs) and by their derivatives along the tangents of the last
    /// [`Pass::push`] (count × rows × outputs, or none) to that by the input, written to `dx` (rows × inputs), and those
    /// by the parameters, added to `sink` if they are wanted. The tangents themselves count as constants.
    pub fn backward(
        &mut self,
        network: &Network,
        packed: &Packed<R>,
        dy: &[R],
        d_moved: &[R],
        mut sink: Option<&mut Gradient<R>>,
        dx: &mut [R],
    ) {
        let with_tangents = !d_moved.is_empty();
        load(dy, network.outputs, &mut self.g[1]);
        if with_tangents {
            load(d_moved, network.outputs, &mut self.g_moved[1]);
        }
        for (l, linear) in network.linears.iter().enumerate().rev() {
            let transposed = &packed.transposed[network.transposed[l].clone()];
            if let Some(sink) = sink.as_deref_mut() {
                backward_parameters(linear, &self.values[l], &self.g[1], &mut sink.through_values);
                if with_tangents {
                    backward_parameters(linear, &self.moved[l], &self.g_moved[1], &mut sink.through_tangents);
                }
            }
            let [to, from] = &mut self.g;
            to.reshape(self.rows, linear.inputs);
            product::backward_input(linear, transposed, from, None, None, to);
            if let Some(l) = l.checked_sub(1) {
                let Hidden { slope, curve, before } = &self.hidden[l];
                (0..to.count()).for_each(|p| scale_in_place(slope.panel(p), to.panel_mut(p)));
                if with_tangents {
                    let [moved_to, moved_from] = &mut self.g_moved;
                    moved_to.reshape(self.tangents * self.rows, linear.inputs);
                    product::backward_input(linear, transposed, moved_from, None, None, moved_to);
                    for p in 0..to.count() {
                        let (g, sum) = (moved_to.panel_mut(p), to.panel_mut(p));
                        reverse(slope.panel(p), curve.panel(p), before.panel(p), g, sum);
                    }
                    self.g_moved.swap(0, 1);
                }
            }
            self.g.swap(0, 1);
        }
        store(&self.g[1], network.inputs, dx);
    }
}

fn product<R: Real>(linear: &Linear, theta: &[R], from: &Panels<R>, to: &mut Panels<R>) {
    to.reshape(from.rows(), linear.columns);
    product::forward(linear, theta, from, Finish { skip: None, activation: None }, None, to);
}

/// Elements `l` and `l + 1`.
fn pair<R>(panels: &mut [Panels<R>], l: usize) -> [&mut Panels<R>; 2] {
    let (before, after) = panels.split_at_mut(l + 1);
    [&mut before[l], &mut after[0]]
}

/// Panels of the rows of `values`, each of `columns` numbers; zeros beyond.
fn load<R: Real>(values: &[R], columns: usize, panels: &mut Panels<R>) {
    panels.reshape(values.len() / columns, columns);
    for p in 0..panels.count() {
        let first = p * COLUMNS;
        let width = (columns - first).min(COLUMNS);
        for (to, from) in panels.panel_mut(p).chunks_exact_mut(COLUMNS).zip(values.chunks_exact(columns)) {
            to[..width].copy_from_slice(&from[first..first + width]);
            to[width..].fill(R::zero());
        }
    }
}

/// Undoes [`load`].
fn store<R: Real>(panels: &Panels<R>, columns: usize, values: &mut [R]) {
    for p in 0..panels.count() {
        let first = p * COLUMNS;
        let width = (columns - first).min(COLUMNS);
        for (from, to) in panels.panel(p).chunks_exact(COLUMNS).zip(values.chunks_exact_mut(columns)) {
            to[first..first + width].copy_from_slice(&from[..width]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::laws::noise;
    use super::super::{Smooth, parameters};
    use super::*;

    struct Case {
        network: Network,
        theta: Vec<f64>,
        rows: usize,
        x: Vec<f64>,
    }

    fn cases() -> Vec<Case> {
        let shapes: [(usize, &[usize], usize); 5] =
            [(1, &[], 1), (2, &[5], 2), (3, &[20, 7], 2), (17, &[16, 33], 16), (4, &[9, 3, 17], 5)];
        let case = |(i, (inputs, hidden, outputs)): (usize, (usize, &[usize], usize))| {
            let network = Network::new(inputs, hidden, outputs, Smooth::ALL[i % 3]);
            let rows = 1 + 3 * (i % 3);
            let theta = noise(i as u64, parameters(inputs, hidden, outputs), 0.6);
            Case { network, theta, rows, x: noise(40 + i as u64, rows * inputs, 1.0) }
        };
        shapes.into_iter().enumerate().map(case).collect()
    }

    /// As the definition reads.
    fn plain(network: &Network, theta: &[f64], x: &[f64]) -> Vec<f64> {
        let (mut h, last) = (x.to_vec(), network.linears.len() - 1);
        for (l, (inputs, outputs, weight)) in network.weights().enumerate() {
            let bias = &theta[weight.end..weight.end + outputs];
            let sum =
                |j: usize| bias[j] + (0..inputs).map(|k| h[k] * theta[weight.start + k * outputs + j]).sum::<f64>();
            h = (0..outputs).map(sum).map(|a| if l < last { network.activation.at(a)[0] } else { a }).collect();
        }
        h
    }

    fn close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
        assert_eq!(found.len(), expected.len(), "{what}");
        for (i, (a, b)) in found.iter().zip(expected).enumerate() {
            assert!((a - b).abs() < tolerance * (1.0 + b.abs()), "{what}, {i}: {a} {b}");
        }
    }

    fn nudged(x: &[f64], by: &[f64], step: f64) -> Vec<f64> {
        x.iter().zip(by).map(|(x, v)| x + step * v).collect()
    }

    #[test]
    fn values_tangents_and_products_are_those_of_the_definition() {
        for Case { network, theta, rows, x } in cases() {
            let (packed, mut pass) = (network.pack(&theta), Pass::default());
            let (inputs, outputs) = (network.inputs, network.outputs);
            let mut y = vec![0.0; rows * outputs];
            pass.forward(&network, &packed, &x, &mut y);
            let values = |x: &[f64]| x.chunks(inputs).flat_map(|x| plain(&network, &theta, x)).collect::<Vec<_>>();
            close(&y, &values(&x), 1e-12, "values");

            let v = noise(3, 2 * x.len(), 1.0);
            let mut dy = vec![0.0; 2 * y.len()];
            pass.push(&network, &packed, Tangents::Many(&v, 2), &mut dy);
            for (v, dy) in v.chunks(x.len()).zip(dy.chunks(y.len())) {
                let (up, down) = (values(&nudged(&x, v, 1e-5)), values(&nudged(&x, v, -1e-5)));
                let numeric: Vec<f64> = up.iter().zip(down).map(|(a, b)| (a - b) / 2e-5).collect();
                close(dy, &numeric, 1e-7, "tangents");
            }
            let mut jacobian = vec![0.0; inputs * y.len()];
            pass.push(&network, &packed, Tangents::Axes(inputs), &mut jacobian);
            let w = noise(8, y.len(), 1.0);
            let mut product = vec![0.0; x.len()];
            pass.pull(&network, &packed, &w, &mut product);
            for row in 0..rows {
                let sum = |k: usize| {
                    (0..outputs).map(|j| w[row * outputs + j] * jacobian[(k * rows + row) * outputs + j]).sum::<f64>()
                };
                close(&product[row * inputs..][..inputs], &(0..inputs).map(sum).collect::<Vec<_>>(), 1e-11, "wJ");
            }
        }
    }

    #[test]
    fn gradients_of_values_and_tangents_are_those_of_differences() {
        for Case { network, theta, rows, x } in cases() {
            let (inputs, outputs, count) = (network.inputs, network.outputs, 3);
            let v = noise(3, count * x.len(), 1.0);
            let (dy, d_moved) = (noise(4, rows * outputs, 1.0), noise(5, count * rows * outputs, 1.0));
            let value = |theta: &[f64], x: &[f64]| {
                let (packed, mut pass) = (network.pack(theta), Pass::default());
                let (mut y, mut moved) = (dy.clone(), d_moved.clone());
                pass.forward(&network, &packed, x, &mut y);
                pass.push(&network, &packed, Tangents::Many(&v, count), &mut moved);
                let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                sum(&y, &dy) + sum(&moved, &d_moved)
            };
            let packed = network.pack(&theta);
            let (mut pass, mut y, mut moved) = (Pass::default(), dy.clone(), d_moved.clone());
            pass.forward(&network, &packed, &x, &mut y);
            pass.push(&network, &packed, Tangents::Many(&v, count), &mut moved);
            let (mut gradient, mut dx) = (network.gradient(), vec![0.0; rows * inputs]);
            pass.backward(&network, &packed, &dy, &d_moved, Some(&mut gradient), &mut dx);
            let numeric = |values: &[f64], f: &dyn Fn(&[f64]) -> f64| {
                let at = |i: usize, step: f64| {
                    let mut moved = values.to_vec();
                    moved[i] += step;
                    f(&moved)
                };
                (0..values.len()).map(|i| (at(i, 1e-5) - at(i, -1e-5)) / 2e-5).collect::<Vec<f64>>()
            };
            close(&dx, &numeric(&x, &|x| value(&theta, x)), 1e-7, "by the input");
            close(&network.unpack(&gradient), &numeric(&theta, &|theta| value(theta, &x)), 1e-7, "by the parameters");
        }
    }

    #[test]
    fn a_rows_bits_do_not_depend_on_its_batch() {
        let network = Network::new(5, &[20, 12], 5, Smooth::Softplus);
        let theta: Vec<f32> = noise(1, parameters(5, &[20, 12], 5), 0.5).into_iter().map(|v| v as f32).collect();
        let packed = network.pack(&theta);
        let x: Vec<f32> = noise(2, 23 * 5, 1.0).into_iter().map(|v| v as f32).collect();
        let evaluate = |x: &[f32]| {
            let (mut pass, mut y, mut moved) = (Pass::default(), vec![0.0; x.len()], vec![0.0; 5 * x.len()]);
            pass.forward(&network, &packed, x, &mut y);
            pass.push(&network, &packed, Tangents::Axes(5), &mut moved);
            let (mut pulled, mut dx) = (vec![0.0; x.len()], vec![0.0; x.len()]);
            pass.pull(&network, &packed, x, &mut pulled);
            pass.backward(&network, &packed, x, &moved, None, &mut dx);
            (y, moved, pulled, dx)
        };
        let all = evaluate(&x);
        for (row, x) in x.chunks(5).enumerate() {
            let alone = evaluate(x);
            let here = row * 5..row * 5 + 5;
            assert_eq!(
                (&alone.0[..], &alone.2[..], &alone.3[..]),
                (&all.0[here.clone()], &all.2[here.clone()], &all.3[here])
            );
            for k in 0..5 {
                assert_eq!(alone.1[k * 5..][..5], all.1[(k * 23 + row) * 5..][..5]);
            }
        }
    }
}
