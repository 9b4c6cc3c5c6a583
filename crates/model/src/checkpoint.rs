//! One safetensors file that holds a whole model: named tensors, and in the metadata the specification, the
//! standardisation and where it came from. Loading needs nothing else.

use crate::atomic;
use crate::layout::{Layout, View};
use crate::pixels::Pixels;
use crate::spec::{FlowSpec, SpecError};
use crate::standardizer::Standardizer;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Raised when the meaning of a checkpoint changes.
pub const FORMAT_VERSION: u32 = 1;
/// The one metadata key; its value is JSON. (With several keys the file's bytes would depend on hash order.)
const METADATA_KEY: &str = "flowstill";

/// What the model was trained to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Teacher,
    Student,
}

impl Role {
    /// `teacher` or `student`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Teacher => "teacher",
            Self::Student => "student",
        }
    }
}

/// Where a model came from. No times and no host names: the same inputs give the same file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// version of flowstill that wrote the file
    pub version: String,
    /// SHA-256 of the resolved inputs of the stage
    pub config_hash: String,
    /// SHA-256 of the training data (of the teacher, for a student)
    pub data_hash: String,
    pub seed: u64,
}

/// A complete model.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    pub role: Role,
    pub spec: FlowSpec,
    pub standardizer: Standardizer,
    /// how the pixels of pictures became the rows that the standardisation takes; nothing for other data
    pub pixels: Option<Pixels>,
    /// one name per coordinate
    pub columns: Vec<String>,
    pub provenance: Provenance,
    /// the flat parameter vector, laid out as [`Layout::new`] says
    pub theta: Vec<f32>,
}

/// The JSON in the file's metadata.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    format_version: u32,
    role: Role,
    spec: FlowSpec,
    standardizer: Standardizer,
    // absent from the files of models of other data, which are what they were before pictures were known
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pixels: Option<Pixels>,
    columns: Vec<String>,
    provenance: Provenance,
}

/// Why a checkpoint could not be written or read.
#[derive(Debug, Error)]
pub enum CheckpointError {
    #[error("cannot write {path}")]
    Write { path: PathBuf, source: std::io::Error },
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error(
        "{path} is not a flowstill checkpoint: {reason}; expected a .safetensors file written by `flowstill run`, `train` or `distill`"
    )]
    NotACheckpoint { path: PathBuf, reason: String },
    #[error(
        "{path} has checkpoint format {found}, this version of flowstill reads format {FORMAT_VERSION}; use the version that wrote it or train again"
    )]
    Version { path: PathBuf, found: u64 },
    #[error("{path} describes an impossible flow: {reason}")]
    Spec { path: PathBuf, reason: SpecError },
}

impl Checkpoint {
    /// Writes the file atomically.
    pub fn save(&self, path: &Path) -> Result<(), CheckpointError> {
        let bytes = self.to_bytes();
        atomic::write(path, &bytes).map_err(|source| CheckpointError::Write { path: path.into(), source })
    }

    fn to_bytes(&self) -> Vec<u8> {
        let layout = Layout::new(&self.spec);
        assert_eq!(layout.len(), self.theta.len(), "parameters do not fit the specification");
        let bytes = |view: &View| view.values(&self.theta).iter().flat_map(|v| v.to_le_bytes()).collect();
        let raw: Vec<Vec<u8>> = layout.views.iter().map(bytes).collect();
        let tensors = layout.views.iter().zip(&raw).map(|(view, bytes)| {
            let tensor = TensorView::new(Dtype::F32, view.shape.clone(), bytes);
            (view.name.clone(), tensor.expect("a view has as many values as its shape says"))
        });
        let metadata = Metadata {
            format_version: FORMAT_VERSION,
            role: self.role,
            spec: self.spec.clone(),
            standardizer: self.standardizer.clone(),
            pixels: self.pixels.clone(),
            columns: self.columns.clone(),
            provenance: self.provenance.clone(),
        };
        let json = serde_json::to_string(&metadata).expect("plain structs serialise");
        safetensors::serialize(tensors, Some(HashMap::from([(METADATA_KEY.to_owned(), json)])))
            .expect("tensor names are unique")
    }

    /// Reads and checks the file.
    pub fn load(path: &Path) -> Result<Self, CheckpointError> {
        let bytes = std::fs::read(path).map_err(|source| CheckpointError::Read { path: path.into(), source })?;
        let broken = |reason: String| CheckpointError::NotACheckpoint { path: path.into(), reason };
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| broken(e.to_string()))?;
        let json = header
            .metadata()
            .as_ref()
            .and_then(|m| m.get(METADATA_KEY))
            .ok_or_else(|| broken(format!("its metadata has no key `{METADATA_KEY}`")))?;
        let value: serde_json::Value = serde_json::from_str(json).map_err(|e| broken(e.to_string()))?;
        let version = value.get("format_version").and_then(serde_json::Value::as_u64);
        match version {
            Some(v) if v == u64::from(FORMAT_VERSION) => {}
            Some(found) => return Err(CheckpointError::Version { path: path.into(), found }),
            None => return Err(broken("its metadata names no format version".into())),
        }
        let meta: Metadata = serde_json::from_value(value).map_err(|e| broken(e.to_string()))?;
        meta.spec.validate().map_err(|reason| CheckpointError::Spec { path: path.into(), reason })?;
        check_width("standardizer.mean", meta.standardizer.mean.len(), meta.spec.dim).map_err(broken)?;
        check_width("standardizer.sd", meta.standardizer.sd.len(), meta.spec.dim).map_err(broken)?;
        check_width("columns", meta.columns.len(), meta.spec.dim).map_err(broken)?;
        if !meta.standardizer.sd.iter().all(|s| s.is_finite() && *s > 0.0) {
            return Err(broken("a standard deviation is not positive".into()));
        }
        if let Some(pixels) = &meta.pixels {
            pixels.check(meta.spec.dim).map_err(broken)?;
        }

        if Layout::plain_len(&meta.spec) > bytes.len() / 4 {
            return Err(broken("it is shorter than the flow that it describes".into()));
        }
        let layout = Layout::new(&meta.spec);
        let tensors = SafeTensors::deserialize(&bytes).map_err(|e| broken(e.to_string()))?;
        let mut theta = vec![0.0f32; layout.len()];
        for view in &layout.views {
            let tensor =
                tensors.tensor(&view.name).map_err(|_| broken(format!("tensor `{}` is missing", view.name)))?;
            if tensor.dtype() != Dtype::F32 || tensor.shape() != view.shape {
                return Err(broken(format!(
                    "tensor `{}` is {:?} {:?}, expected F32 {:?}",
                    view.name,
                    tensor.dtype(),
                    tensor.shape(),
                    view.shape
                )));
            }
            let numbers = tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            let numbers: Vec<f32> = numbers.collect();
            if let Some(bad) = numbers.iter().find(|v| !v.is_finite()) {
                return Err(broken(format!("tensor `{}` holds the value {bad}", view.name)));
            }
            view.set_values(&numbers, &mut theta);
        }
        Ok(Self {
            role: meta.role,
            spec: meta.spec,
            standardizer: meta.standardizer,
            pixels: meta.pixels,
            columns: meta.columns,
            provenance: meta.provenance,
            theta,
        })
    }
}

fn check_width(what: &str, found: usize, dim: usize) -> Result<(), String> {
    if found == dim { Ok(()) } else { Err(format!("`{what}` has {found} entries for {dim} dimensions")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::initial_parameters;
    use crate::spec::{Autoregressive, LayerSpec, Orientation};
    use flowstill_kernel::Activation;

    fn example() -> Checkpoint {
        let spec = FlowSpec {
            dim: 3,
            layers: vec![
                LayerSpec::Autoregressive(Autoregressive {
                    orientation: Orientation::Maf,
                    order: vec![2, 0, 1],
                    hidden: vec![4, 5],
                    activation: Activation::Tanh,
                    log_scale_clip: 5.0,
                    residual: false,
                    identity: None,
                    univariate: None,
                }),
                LayerSpec::ActNorm { orientation: Orientation::Maf },
                LayerSpec::Autoregressive(Autoregressive {
                    orientation: Orientation::Iaf,
                    order: vec![0, 2, 1],
                    hidden: vec![3],
                    activation: Activation::Relu,
                    log_scale_clip: 5.0,
                    residual: false,
                    identity: Some(2),
                    univariate: None,
                }),
            ],
        };
        let theta = initial_parameters(&spec, 1);
        Checkpoint {
            role: Role::Teacher,
            spec,
            standardizer: Standardizer { mean: vec![0.1, 1e9 / 3.0, -2.0], sd: vec![1.0, 2.0, 1.0 / 3.0] },
            pixels: None,
            columns: ["a", "b", "c"].map(String::from).to_vec(),
            provenance: Provenance { version: "0.1.0".into(), config_hash: "c".into(), data_hash: "d".into(), seed: 9 },
            theta,
        }
    }

    #[test]
    fn a_saved_model_is_read_back_to_the_last_bit_and_saved_again_to_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.safetensors");
        let model = example();
        model.save(&path).unwrap();
        let back = Checkpoint::load(&path).unwrap();
        assert_eq!(back, model);
        assert_eq!(back.to_bytes(), std::fs::read(&path).unwrap());
    }

    #[test]
    fn pixels_are_kept_and_stand_in_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.safetensors");
        let pictures = Pixels { shape: Some([1, 3]), ..Pixels::default() };
        let model = Checkpoint { pixels: Some(pictures.clone()), ..example() };
        model.save(&path).unwrap();
        assert_eq!(Checkpoint::load(&path).unwrap(), model);
        let plain = example().to_bytes();
        assert!(!plain.windows(6).any(|bytes| bytes == b"pixels"));
        Checkpoint { pixels: Some(Pixels { shape: Some([2, 3]), ..pictures }), ..example() }.save(&path).unwrap();
        let message = Checkpoint::load(&path).unwrap_err().to_string();
        assert!(message.contains("2 × 3") && message.contains("m.safetensors"), "{message}");
    }

    #[test]
    fn damaged_files_are_errors_that_name_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.safetensors");
        let good = example().to_bytes();
        let text = |needle: &[u8], with: &[u8]| {
            let at = good.windows(needle.len()).position(|w| w == needle).unwrap();
            let mut bytes = good.clone();
            bytes[at..at + with.len()].copy_from_slice(with);
            bytes
        };
        let mut poisoned = good.clone();
        let end = poisoned.len();
        poisoned[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
        for (bytes, expected) in [
            (vec![], "not a flowstill checkpoint"),
            (b"hello, this is no tensor file".to_vec(), "not a flowstill checkpoint"),
            (good[..good.len() / 2].to_vec(), "not a flowstill checkpoint"),
            (good[..good.len() - 1].to_vec(), "not a flowstill checkpoint"),
            (text(b"format_version\\\":1", b"format_version\\\":7"), "format 7"),
            (text(b"[2,0,1]", b"[2,0,2]"), "permutation"),
            (text(b"layers.0.weight_0", b"layers.0.weight_9"), "missing"),
            (text(b"[4,5]", b"[999]"), "shorter than the flow"),
            (poisoned, "NaN"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let message = Checkpoint::load(&path).unwrap_err().to_string();
            assert!(message.contains(expected) && message.contains("m.safetensors"), "{message}");
        }
        assert!(Checkpoint::load(&folder.path().join("absent")).unwrap_err().to_string().contains("cannot read"));
    }
}
