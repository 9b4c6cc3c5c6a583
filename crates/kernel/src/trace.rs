//! What a network's passes leave behind: activations for the way back, gradients on it.

use crate::dropout::Dropout;
use crate::made::GROUP;
use crate::panels::{COLUMNS, Panels, column_offset};
use crate::{Made, Real};

/// What a forward pass leaves for the backward pass; reuse it from call to call.
#[derive(Debug, Clone, Default)]
pub struct Activations<R> {
    /// the input, the output of each hidden layer, the outputs
    pub(crate) layers: Vec<Panels<R>>,
    /// sums of the hidden layers that a residual connection starts from
    pub(crate) sums: Vec<Panels<R>>,
    /// what multiplies the hidden layers that [`Dropout`] is for
    pub(crate) masks: Vec<Panels<R>>,
    pub(crate) dropout: Option<(Dropout, usize)>,
}

/// Gradients on their way back; reuse them from call to call and from network to network.
#[derive(Debug, Clone, Default)]
pub struct Gradients<R> {
    /// of the sums of three neighbouring layers, layer `l` at `l mod 3`
    ring: [Panels<R>; 3],
}

impl<R: Real> Activations<R> {
    /// Makes room for `rows` rows of `made` and returns the input to fill, in degree order; columns that belong to
    /// nobody must be finite.
    pub fn input_mut(&mut self, made: &Made, rows: usize) -> &mut Panels<R> {
        self.layers.resize_with(made.linears().len() + 1, Panels::default);
        self.sums.resize_with(if made.is_residual() { made.linears().len() } else { 0 }, Panels::default);
        self.masks.resize_with(if self.dropout.is_some() { made.linears().len() } else { 0 }, Panels::default);
        self.layers[0].reshape(rows, made.dim());
        &mut self.layers[0]
    }

    pub fn input(&self) -> &Panels<R> {
        &self.layers[0]
    }

    /// From the next [`Activations::input_mut`] on, whether hidden units are dropped, and where the network's parameters start
    /// among all.
    pub fn drop_out(&mut self, dropout: Option<(Dropout, usize)>) {
        self.dropout = dropout;
    }

    /// For every 8 coordinates `params_per_dim` times 8 columns, one for each of them.
    pub fn outputs(&self) -> &Panels<R> {
        &self.layers[self.layers.len() - 1]
    }

    /// One output of one row.
    pub fn output(&self, made: &Made, row: usize, coordinate: usize, parameter: usize) -> R {
        let column = coordinate / GROUP * GROUP * made.params_per_dim() + parameter * GROUP + coordinate % GROUP;
        let outputs = self.outputs();
        outputs.data()[column_offset(column, outputs.stride()) + row * COLUMNS]
    }

    /// The outputs of each row, coordinate by coordinate: rows × dim × params_per_dim.
    pub fn outputs_by_row(&self, made: &Made) -> Vec<R> {
        let linear = made.linear(made.linears().len() - 1);
        let outputs = self.outputs();
        let mut out = vec![R::zero(); outputs.rows() * linear.outputs()];
        for (column, output) in (0..linear.columns).filter_map(|c| linear.output(c).map(|output| (c, output))) {
            let values = outputs.data()[column_offset(column, outputs.stride())..].iter().step_by(COLUMNS);
            out.iter_mut().skip(output).step_by(linear.outputs()).zip(values).for_each(|(out, &value)| *out = value);
        }
        out
    }

    /// The input, and the outputs to overwrite: [`Made::backward`] does not read them.
    pub fn input_and_outputs_mut(&mut self) -> (&Panels<R>, &mut Panels<R>) {
        let last = self.layers.len() - 1;
        let (input, rest) = self.layers.split_at_mut(1);
        (&input[0], &mut rest[last - 1])
    }
}

impl<R: Real> Gradients<R> {
    /// The gradient of the outputs of `made`, to fill; columns that belong to nobody must be zero.
    pub fn outputs_mut(&mut self, made: &Made, rows: usize) -> &mut Panels<R> {
        let last = made.linears().len() - 1;
        let outputs = &mut self.ring[(last + 1) % 3];
        outputs.reshape(rows, made.linear(last).columns);
        outputs
    }

    /// The gradient of the input.
    pub fn input(&self) -> &Panels<R> {
        &self.ring[0]
    }

    /// Gradients of the input of map `l`, of its sums, and of the sums of the map after it.
    pub(crate) fn around(&mut self, l: usize) -> [&mut Panels<R>; 3] {
        let [a, b, c] = &mut self.ring;
        match l % 3 {
            0 => [a, b, c],
            1 => [b, c, a],
            _ => [c, a, b],
        }
    }
}
