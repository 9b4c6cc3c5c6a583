//! What is known of a stage that did not succeed.

use crate::error::SweepError;
use crate::plan::{Rules, Stopping};
use crate::process;
use crate::stage::StageId;
use crate::store::{Store, read_json, write_json};
use flowstill_runner::RunError;
use flowstill_trainer::TrainError;
use serde::{Deserialize, Serialize};

/// `failures/<stage>.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    pub stage: StageId,
    pub cause: Cause,
    /// in words
    pub reason: String,
    /// how often it was tried
    pub attempts: u32,
    pub host: String,
    /// the rule that ended it early
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Stopping>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// the same again would end the same
    Lasting,
    /// another attempt may succeed
    Passing,
    /// ended early because others did better
    Stopped,
}

impl Failure {
    /// Of a stage that ended with `error`.
    pub fn of(stage: &StageId, error: &RunError, before: Option<&Self>) -> Self {
        let cause = match error {
            RunError::Train { source: TrainError::Diverged { .. } | TrainError::Refused(_), .. } => Cause::Lasting,
            RunError::Train { .. } | RunError::Write { .. } | RunError::Read { .. } => Cause::Passing,
            RunError::Data(_) | RunError::ChangedData | RunError::Checkpoint(_) | RunError::Threads { .. } => {
                Cause::Passing
            }
            _ => Cause::Lasting,
        };
        // whoever tells of it names the stage
        let reason = chain(error);
        let own = reason.strip_prefix(&format!("{}: ", stage.kind)).unwrap_or(&reason);
        Self::new(stage, cause, own.to_owned(), before)
    }

    pub fn new(stage: &StageId, cause: Cause, reason: String, before: Option<&Self>) -> Self {
        let attempts = before.map_or(0, |failure| failure.attempts) + 1;
        Self { stage: stage.clone(), cause, reason, attempts, host: process::host(), rule: None }
    }

    /// Of a training that others have left behind.
    pub fn stopped(stage: &StageId, reason: String, rule: Option<&Stopping>) -> Self {
        Self { rule: rule.cloned(), ..Self::new(stage, Cause::Stopped, reason, None) }
    }

    /// Whether there is nothing left to try.
    pub fn is_final(&self, rules: &Rules) -> bool {
        match self.cause {
            Cause::Lasting => true,
            Cause::Stopped => self.rule == rules.stopping,
            Cause::Passing => self.attempts > rules.retries,
        }
    }

    pub fn load(store: &Store, stage: &StageId) -> Result<Option<Self>, SweepError> {
        read_json(&store.failure(stage))
    }

    /// Forgets what another attempt may mend.
    pub fn forget_passing(store: &Store) -> Result<(), SweepError> {
        let folder = store.path("failures");
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let failure: Option<Self> = read_json(&path).ok().flatten();
            if failure.is_none_or(|failure| failure.cause == Cause::Passing) {
                std::fs::remove_file(&path).map_err(|source| SweepError::write(&path, source))?;
            }
        }
        Ok(())
    }

    pub fn save(&self, store: &Store) -> Result<(), SweepError> {
        write_json(&store.failure(&self.stage), self)
    }
}

/// An error with all that caused it, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.ends_with(&said) {
            text += &format!(": {said}");
        }
        cause = inner.source();
    }
    text.replace('\n', "; ")
}
