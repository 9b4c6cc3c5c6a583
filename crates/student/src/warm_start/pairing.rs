//! Which layer of the student learns from which layer of the teacher.

use flowstill_flow::FlowError;
use flowstill_kernel::Made;
use flowstill_kernel::regression::Regression;
use flowstill_model::{Autoregressive, FlowSpec, LayerSpec, Layout, Orientation};
use std::ops::Range;

/// The matched layers, in the order of the teacher's from base to data.
///
/// The student's layers are gone through from base to data, and each of the teacher's takes the next one of its own
/// order. Layers that none took stay the identity that they start as, as do normalising layers: what the teacher's do
/// is part of what its neighbours teach. So a student may be deeper or wider than its teacher; in fewer layers, or in
/// other orders, there is nothing to match.
pub struct Pairing {
    dim: usize,
    layers: Vec<Matched>,
}

/// One layer of the student.
pub struct Matched {
    pub regression: Regression,
    /// of its parameters
    pub range: Range<usize>,
    made: Made,
}

impl Pairing {
    /// # Errors
    /// A student that has not all the teacher's layers in their orders, or is no IAF; a teacher that is no MAF.
    pub fn new(teacher: &FlowSpec, student: &FlowSpec) -> Result<Self, FlowError> {
        let mut free = student.layers.iter().zip(Layout::new(student).layers);
        let mut layers = Vec::new();
        for layer in &teacher.layers {
            let teacher = match layer {
                LayerSpec::Autoregressive(teacher) => teacher,
                LayerSpec::ActNorm { .. } | LayerSpec::BatchNorm { .. } => continue,
                LayerSpec::Rowwise { map, .. } => return Err(refuse(&format!("a teacher with {} layers", map.kind()))),
            };
            if teacher.orientation != Orientation::Maf {
                return Err(refuse("a teacher that is not a MAF"));
            }
            if !teacher.is_affine() {
                return Err(refuse("a teacher whose layers are not affine"));
            }
            let next = free.find_map(|(layer, range)| match layer {
                LayerSpec::Autoregressive(a) if a.is_affine() && matches(a, teacher) => Some((a, range)),
                _ => None,
            });
            let (a, range) = next.ok_or_else(|| refuse("a student without a layer for each of its teacher's"))?;
            let (made, order) = (a.made(), a.order.clone());
            let regression = Regression::new(made.clone(), order, a.log_scale_clip);
            layers.push(Matched { regression, range, made });
        }
        if layers.is_empty() { Err(refuse("a teacher without layers")) } else { Ok(Self { dim: student.dim, layers }) }
    }

    pub fn dim(&self) -> usize {
        self.dim
    }

    pub fn layers(&self) -> &[Matched] {
        &self.layers
    }

    /// The weights of each layer as its backward pass reads them.
    pub fn transposed(&self, theta: &[f32]) -> Vec<Vec<f32>> {
        let layer = |layer: &Matched| {
            let mut out = vec![0.0; layer.made.transposed_len()];
            layer.made.transpose(&theta[layer.range.clone()], &mut out);
            out
        };
        self.layers.iter().map(layer).collect()
    }
}

/// Whether the student's layer reads whatever the teacher's depends on.
fn matches(student: &Autoregressive, teacher: &Autoregressive) -> bool {
    let reads_enough = student.identity.is_none() || student.identity == teacher.identity;
    student.order == teacher.order && student.orientation == Orientation::Iaf && reads_enough
}

fn refuse(what: &str) -> FlowError {
    FlowError::NoConditionals(format!(
        "{what} cannot be warm-started: give the student at least the teacher's layers in the same order, or begin with \
         `forward_kl` and `reconstruction`"
    ))
}
