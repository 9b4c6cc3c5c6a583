//! What a flow costs, counted rather than timed.

use flowstill_kernel::rows::{RowCost, Way};
use flowstill_model::{Direction, FlowSpec, LayerSpec, Orientation};
use std::fmt;

/// Sizes and multiply-adds of a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// numbers in the checkpoint, masked ones included
    pub parameters: usize,
    /// numbers that training can change: no masked entry, no running statistic
    pub free_parameters: usize,
    /// multiply-adds of one pass through every conditioner, per row
    pub one_pass: u64,
    /// base → data: sampling
    pub forward: DirectionCost,
    /// data → base: density of given rows
    pub inverse: DirectionCost,
}

/// What one direction costs per row; multiply-adds are those of the conditioners' unmasked weights and of the products in
/// maps of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectionCost {
    pub dim: usize,
    /// autoregressive layers that take one pass, coupling layers in either direction among them
    pub parallel_layers: usize,
    /// autoregressive layers whose coordinates must be found one after another
    pub sequential_layers: usize,
    /// multiply-adds with every unit computed once, which is also the cost of the parallel layers
    pub incremental: u64,
    /// multiply-adds with `dim` passes through each sequential layer
    pub naive: u64,
    /// maps of rows: their kind, how this direction of them is computed, and how many there are
    pub maps: Vec<(&'static str, Way, usize)>,
}

impl Cost {
    pub(crate) fn new(spec: &FlowSpec, parameters: usize) -> Self {
        let dim = spec.dim;
        let direction =
            DirectionCost { dim, parallel_layers: 0, sequential_layers: 0, incremental: 0, naive: 0, maps: Vec::new() };
        let (forward, inverse) = (direction.clone(), direction);
        let mut cost = Self { parameters, free_parameters: 0, one_pass: 0, forward, inverse };
        for layer in &spec.layers {
            match layer {
                LayerSpec::Autoregressive(a) => {
                    let made = a.made();
                    let weights = made.linears().iter().map(flowstill_kernel::Linear::filled).sum::<usize>();
                    cost.free_parameters += made.free_parameters();
                    cost.one_pass += weights as u64;
                    let coupling = a.identity.is_some();
                    cost.forward.add(weights as u64, coupling || a.orientation == Orientation::Iaf);
                    cost.inverse.add(weights as u64, coupling || a.orientation == Orientation::Maf);
                }
                LayerSpec::ActNorm { .. } | LayerSpec::BatchNorm { .. } => cost.free_parameters += 2 * dim,
                LayerSpec::Rowwise { map, orientation } => {
                    let RowCost { multiply_adds, closed, solved } = map.cost(dim);
                    cost.free_parameters += map.parameters(dim);
                    let outright = LayerSpec::closed(map, *orientation) == Direction::Forward;
                    let (forward, inverse) = if outright { (closed, solved) } else { (solved, closed) };
                    cost.forward.add_map(map.kind(), multiply_adds, forward);
                    cost.inverse.add_map(map.kind(), multiply_adds, inverse);
                }
            }
        }
        cost
    }
}

impl DirectionCost {
    fn add_map(&mut self, kind: &'static str, multiply_adds: u64, way: Way) {
        self.incremental += multiply_adds;
        self.naive += if way == Way::Steps { multiply_adds * self.dim as u64 } else { multiply_adds };
        match self.maps.iter_mut().find(|(known, how, _)| *known == kind && *how == way) {
            Some((_, _, count)) => *count += 1,
            None => self.maps.push((kind, way, 1)),
        }
    }

    fn add(&mut self, weights: u64, parallel: bool) {
        self.incremental += weights;
        if parallel {
            self.parallel_layers += 1;
            self.naive += weights;
        } else {
            self.sequential_layers += 1;
            self.naive += weights * self.dim as u64;
        }
    }
}

impl fmt::Display for DirectionCost {
    /// In words, e.g. `5 layers × 63 sequential steps, 908 thousand multiply-adds (naive: 57.2 million)` or
    /// `8 residual maps in rounds, 4160 multiply-adds per round`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layers = |n: usize| if n == 1 { "1 layer".to_owned() } else { format!("{n} layers") };
        if self.parallel_layers > 0 {
            write!(f, "{} × 1 pass, ", layers(self.parallel_layers))?;
        }
        if self.sequential_layers > 0 {
            write!(f, "{} × {} sequential steps, ", layers(self.sequential_layers), self.dim)?;
        }
        for (kind, way, count) in &self.maps {
            let plural = if *count == 1 { "" } else { "s" };
            let how = match way {
                Way::Once => String::new(),
                Way::Steps => format!(" in {} steps", self.dim),
                Way::Rounds => " in rounds".to_owned(),
            };
            write!(f, "{count} {kind} map{plural}{how}, ")?;
        }
        let per_round = if self.maps.iter().any(|(_, way, _)| *way == Way::Rounds) { " per round" } else { "" };
        write!(f, "{} multiply-adds{per_round}", in_words(self.incremental))?;
        if self.sequential_layers > 0 {
            write!(f, " (naive: {})", in_words(self.naive))?;
        }
        Ok(())
    }
}

fn in_words(n: u64) -> String {
    match n {
        0..10_000 => n.to_string(),
        10_000..1_000_000 => format!("{:.0} thousand", n as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} million", n as f64 / 1e6),
        _ => format!("{:.1} billion", n as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flowstill_model::{Activation, Autoregressive, Layout, RowSpec};

    fn layer(orientation: Orientation) -> LayerSpec {
        LayerSpec::Autoregressive(Autoregressive {
            orientation,
            order: vec![0, 1, 2],
            hidden: vec![4],
            activation: Activation::Relu,
            log_scale_clip: 5.0,
            residual: false,
            identity: None,
            univariate: None,
        })
    }

    #[test]
    fn counts_are_those_done_by_hand() {
        // hidden degrees 1 1 2 2 read 1 + 1 + 2 + 2 inputs; outputs of coordinates 1, 2, 3 read 0, 2, 4 units twice
        let weights = 6 + 12;
        let spec = FlowSpec {
            dim: 3,
            layers: vec![
                layer(Orientation::Maf),
                LayerSpec::BatchNorm { orientation: Orientation::Maf },
                layer(Orientation::Iaf),
                layer(Orientation::Maf),
            ],
        };
        let cost = Cost::new(&spec, Layout::plain_len(&spec));
        assert_eq!(cost.parameters, 3 * (12 + 4 + 24 + 6) + 12);
        assert_eq!(cost.free_parameters, 3 * (weights as usize + 10) + 6);
        assert_eq!(cost.one_pass, 3 * weights);
        let forward = DirectionCost {
            dim: 3,
            parallel_layers: 1,
            sequential_layers: 2,
            incremental: 54,
            naive: 7 * weights,
            maps: Vec::new(),
        };
        assert_eq!(cost.forward, forward);
        assert_eq!((cost.inverse.parallel_layers, cost.inverse.naive), (2, 5 * weights));
        assert_eq!(
            cost.forward.to_string(),
            "1 layer × 1 pass, 2 layers × 3 sequential steps, 54 multiply-adds (naive: 126)"
        );
    }

    #[test]
    fn a_coupling_takes_one_pass_in_either_direction() {
        let LayerSpec::Autoregressive(maf) = layer(Orientation::Maf) else { unreachable!("an autoregressive layer") };
        let coupling = LayerSpec::Autoregressive(Autoregressive { identity: Some(2), ..maf });
        let cost = Cost::new(&FlowSpec { dim: 3, layers: vec![coupling.clone(), coupling] }, 0);
        // four units read two inputs, the two outputs of the third coordinate read four units
        let weights = 8 + 8;
        let one_pass = DirectionCost {
            dim: 3,
            parallel_layers: 2,
            sequential_layers: 0,
            incremental: 2 * weights,
            naive: 2 * weights,
            maps: Vec::new(),
        };
        assert_eq!((&cost.forward, &cost.inverse), (&one_pass, &one_pass));
        assert_eq!(cost.free_parameters, 2 * (weights as usize + 4 + 6));
        assert_eq!(cost.forward.to_string(), "2 layers × 1 pass, 32 multiply-adds");
    }

    #[test]
    fn maps_of_rows_are_told_with_how_they_are_computed() {
        let rowwise = |map| LayerSpec::Rowwise { map, orientation: Orientation::Maf };
        let planar = || rowwise(RowSpec::Planar { function: flowstill_kernel::rows::Ridge::Tanh });
        let spec = FlowSpec { dim: 4, layers: vec![planar(), rowwise(RowSpec::Radial), planar()] };
        let cost = Cost::new(&spec, 0);
        assert_eq!(cost.free_parameters, 2 * 9 + 6);
        assert_eq!(cost.inverse.to_string(), "2 planar maps, 1 radial map, 24 multiply-adds");
        assert_eq!(cost.forward.to_string(), "2 planar maps in rounds, 1 radial map, 24 multiply-adds per round");
    }
}
