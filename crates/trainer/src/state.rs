//! Everything that a run needs to go on as if it had never stopped, in one file.

use crate::error::TrainError;
use crate::record::{Record, Running};
use flowstill_model::atomic;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

/// Parameters, moments, average and best so far, and the counters.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    pub theta: Vec<f32>,
    pub first_moment: Vec<f32>,
    pub second_moment: Vec<f32>,
    /// the average of the parameters; empty without one
    pub average: Vec<f32>,
    pub best: Vec<f32>,
    pub counters: Counters,
}

/// The part that is not a vector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counters {
    /// identifies the configuration that the state belongs to
    pub fingerprint: String,
    /// steps done
    pub step: u64,
    pub best_step: u64,
    /// absent before the first validation
    pub best_validation: Option<f64>,
    /// validations since the best one
    pub without_gain: u32,
    /// absent before the first step
    pub last_loss: Option<f64>,
    pub running: Running,
    pub history: Vec<Record>,
}

const METADATA_KEY: &str = "flowstill_training_state";
const NAMES: [&str; 5] = ["theta", "first_moment", "second_moment", "average", "best"];

impl State {
    /// The state before the first step.
    pub fn new(theta: Vec<f32>, averaged: bool, fingerprint: &str) -> Self {
        let zeros = vec![0.0; theta.len()];
        Self {
            first_moment: zeros.clone(),
            second_moment: zeros,
            average: if averaged { theta.clone() } else { Vec::new() },
            best: theta.clone(),
            theta,
            counters: Counters {
                fingerprint: fingerprint.to_owned(),
                step: 0,
                best_step: 0,
                best_validation: None,
                without_gain: 0,
                last_loss: None,
                running: Running::default(),
                history: Vec::new(),
            },
        }
    }

    /// Writes the file atomically.
    pub fn save(&self, path: &Path) -> Result<(), TrainError> {
        let vectors = [&self.theta, &self.first_moment, &self.second_moment, &self.average, &self.best];
        let raw: Vec<Vec<u8>> = vectors.iter().map(|v| v.iter().flat_map(|x| x.to_le_bytes()).collect()).collect();
        let tensors = NAMES.iter().zip(&raw).map(|(name, bytes)| {
            let tensor = TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes);
            (*name, tensor.expect("four bytes make a number"))
        });
        let json = serde_json::to_string(&self.counters).expect("plain structs serialise");
        let bytes = safetensors::serialize(tensors, Some(HashMap::from([(METADATA_KEY.to_owned(), json)])))
            .expect("the names are distinct");
        atomic::write(path, &bytes).map_err(|source| TrainError::WriteState { path: path.into(), source })
    }

    /// The configuration that a saved state belongs to; nothing if there is no readable state.
    pub fn fingerprint(path: &Path) -> Option<String> {
        let bytes = std::fs::read(path).ok()?;
        let (_, header) = SafeTensors::read_metadata(&bytes).ok()?;
        let counters: Counters = serde_json::from_str(header.metadata().as_ref()?.get(METADATA_KEY)?).ok()?;
        Some(counters.fingerprint)
    }

    /// Reads the state if there is one; refuses that of another configuration.
    pub fn load(path: &Path, parameters: usize, averaged: bool, fingerprint: &str) -> Result<Option<Self>, TrainError> {
        let broken = |reason: String| TrainError::ReadState { path: path.into(), reason };
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(broken(e.to_string())),
        };
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| broken(e.to_string()))?;
        let json = header
            .metadata()
            .as_ref()
            .and_then(|m| m.get(METADATA_KEY))
            .ok_or_else(|| broken("it is not one".into()))?;
        let counters: Counters = serde_json::from_str(json).map_err(|e| broken(e.to_string()))?;
        if counters.fingerprint != fingerprint {
            return Err(TrainError::OtherRun { path: path.into() });
        }
        let tensors = SafeTensors::deserialize(&bytes).map_err(|e| broken(e.to_string()))?;
        let vector = |name: &str, expected: usize| {
            let tensor = tensors.tensor(name).map_err(|e| broken(e.to_string()))?;
            if tensor.dtype() != Dtype::F32 || tensor.shape() != [expected] {
                return Err(broken(format!("`{name}` has shape {:?}, expected [{expected}]", tensor.shape())));
            }
            Ok(tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
        };
        Ok(Some(Self {
            theta: vector(NAMES[0], parameters)?,
            first_moment: vector(NAMES[1], parameters)?,
            second_moment: vector(NAMES[2], parameters)?,
            average: vector(NAMES[3], if averaged { parameters } else { 0 })?,
            best: vector(NAMES[4], parameters)?,
            counters,
        }))
    }
}
