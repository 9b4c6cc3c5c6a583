//! The samples of a comparison that its pictures show, on disk between the comparison and the report.

use crate::error::RunError;
use crate::folder::Folder;
use flowstill_eval::{Draws, Samples};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

/// Rows shown of each side.
const SHOWN_ROWS: usize = 4000;
const FILE: &str = "samples.safetensors";

/// Standardised rows, the first few of each side, and all log-weights.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Drawn {
    pub teacher: Side,
    pub student: Side,
}

/// What was drawn from one of the two.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Side {
    /// rows × dim
    pub x: Vec<f32>,
    /// `log p − log q` in nats
    pub log_weights: Vec<f64>,
}

impl Drawn {
    pub fn of(samples: &Samples) -> Self {
        let side = |draws: &Draws| Side {
            x: draws.x[..draws.x.len().min(SHOWN_ROWS * samples.dim)].to_vec(),
            log_weights: draws.log_p.iter().zip(&draws.log_q).map(|(p, q)| p - q).collect(),
        };
        Self { teacher: side(&samples.teacher), student: side(&samples.student) }
    }

    /// Writes `samples.safetensors`.
    pub fn save(&self, folder: &Folder) -> Result<(), RunError> {
        let bytes = |side: &Side| {
            let x: Vec<u8> = side.x.iter().flat_map(|v| v.to_le_bytes()).collect();
            let log_weights: Vec<u8> = side.log_weights.iter().flat_map(|v| v.to_le_bytes()).collect();
            (x, log_weights)
        };
        let (teacher, student) = (bytes(&self.teacher), bytes(&self.student));
        let view = |dtype: Dtype, size: usize, bytes| {
            TensorView::new(dtype, vec![size], bytes).expect("as many bytes as the numbers have")
        };
        let tensors = [
            ("teacher.x", view(Dtype::F32, self.teacher.x.len(), &teacher.0)),
            ("teacher.log_weights", view(Dtype::F64, self.teacher.log_weights.len(), &teacher.1)),
            ("student.x", view(Dtype::F32, self.student.x.len(), &student.0)),
            ("student.log_weights", view(Dtype::F64, self.student.log_weights.len(), &student.1)),
        ];
        folder.write(FILE, &serialize(tensors, None).expect("tensors that were just made"))
    }

    /// What [`Drawn::save`] wrote.
    pub fn load(folder: &Folder) -> Result<Self, RunError> {
        let path = folder.path(FILE);
        let wrong = |reason: String| RunError::Read { path: path.clone(), reason };
        let bytes = std::fs::read(&path).map_err(|e| wrong(e.to_string()))?;
        let file = SafeTensors::deserialize(&bytes).map_err(|e| wrong(e.to_string()))?;
        let side = |name: &str| -> Result<Side, RunError> {
            let data = |what: &str| {
                file.tensor(&format!("{name}.{what}")).map(|view| view.data()).map_err(|e| wrong(e.to_string()))
            };
            let x = data("x")?.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
            let log_weights = data("log_weights")?.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect();
            Ok(Side { x, log_weights })
        };
        Ok(Self { teacher: side("teacher")?, student: side("student")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Folder::new(folder.path());
        let side = |scale: f32| Draws {
            x: (0..2 * (SHOWN_ROWS + 5)).map(|i| scale * i as f32).collect(),
            log_p: vec![1.5; SHOWN_ROWS + 5],
            log_q: vec![f64::from(scale); SHOWN_ROWS + 5],
        };
        let drawn = Drawn::of(&Samples { dim: 2, teacher: side(0.5), student: side(-1.0) });
        assert_eq!(drawn.student.x.len(), 2 * SHOWN_ROWS);
        assert_eq!(drawn.student.log_weights, vec![2.5; SHOWN_ROWS + 5]);
        drawn.save(&folder).unwrap();
        assert_eq!(Drawn::load(&folder).unwrap(), drawn);
    }
}
