//! A sweep of a few cells with numbers that can be added in the head.

use super::made_up::put;
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

/// A folder with a plan; cells are added one by one.
pub struct Few {
    folder: TempDir,
    plan: Value,
}

impl Few {
    pub fn new() -> Self {
        let plan = json!({
            "format_version": 1, "version": "0.3.0", "name": "few", "keys": ["teacher.layers", "student.hidden"], "cells": []
        });
        let few = Self { folder: tempfile::tempdir().expect("a folder"), plan };
        few.write_plan();
        few
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Cells are ended early by this metric.
    pub fn stopped_by(&mut self, metric: &str) -> &mut Self {
        let stopping =
            json!({"metric": metric, "smaller_is_better": true, "rule": "halving", "first": 10, "factor": 2});
        self.plan["rules"] = json!({"retries": 0, "stopping": stopping});
        self
    }

    fn write_plan(&self) {
        put(&self.path().join("plan.json"), self.plan.clone());
    }

    /// Plans a cell without a result.
    pub fn planned(&mut self, name: &str, layers: u64, seed: u64) -> &mut Self {
        let stages = json!({"student": format!("student-{name}"), "evaluation": format!("evaluation-{name}")});
        let settings = json!({"teacher.layers": layers, "student.hidden": [64, 64]});
        let cell = json!({"name": name, "settings": settings, "seed": seed, "stages": stages, "yaml": "name: x\n"});
        self.plan["cells"].as_array_mut().expect("a list").push(cell);
        self.write_plan();
        self
    }

    /// Plans a cell without a student that was done, with the log-likelihood of its teacher.
    pub fn alone(&mut self, name: &str, layers: u64, seed: u64, log_likelihood: f64) -> &mut Self {
        self.planned(name, layers, seed);
        let cell = self.plan["cells"].as_array_mut().and_then(|cells| cells.last_mut()).expect("a cell");
        cell["stages"] = json!({"teacher": format!("teacher-{name}"), "evaluation": format!("evaluation-{name}")});
        cell["settings"] = json!({"teacher.layers": layers});
        cell["yaml"] = json!("student: none\n");
        let likelihood = json!({"value": log_likelihood, "error": 0.01});
        let metrics =
            json!({"teacher_log_likelihood": likelihood, "teacher_parameters": {"value": 100.0 * layers as f64}});
        self.ended(json!({"metrics": metrics, "seconds": {"teacher": 10.0, "evaluation": 1.0}}));
        self
    }

    /// Plans a baseline that sets a key of its own; all else is in its experiment.
    pub fn baseline(&mut self, name: &str) -> &mut Self {
        self.planned(name, 0, 0);
        let cell = self.plan["cells"].as_array_mut().and_then(|cells| cells.last_mut()).expect("a cell");
        cell["baseline"] = json!(name);
        cell["settings"] = json!({"student.model": "coupling"});
        cell["yaml"] = json!("teacher: {layers: 5}\nstudent: {model: coupling, hidden: [8]}\n");
        self.write_plan();
        self
    }

    /// Plans a baseline that was done, with a KL.
    pub fn done_baseline(&mut self, name: &str, kl: f64) -> &mut Self {
        self.baseline(name);
        self.ended(json!({"metrics": {"kl_forward": {"value": kl, "error": 0.5}}}));
        self
    }

    /// Plans a cell that ended as `result` says.
    pub fn cell(&mut self, name: &str, layers: u64, seed: u64, result: Value) -> &mut Self {
        self.planned(name, layers, seed);
        self.ended(result);
        self
    }

    /// Gives the last cell a result.
    fn ended(&self, result: Value) {
        self.write_plan();
        let planned = self.plan["cells"].as_array().expect("a list").last().expect("a cell");
        let mut whole = json!({
            "format_version": 1, "cell": planned["name"], "key": planned["stages"]["evaluation"],
            "settings": planned["settings"], "seed": planned["seed"], "state": "done", "metrics": {}, "speed": [],
            "seconds": {"student": 10.0}, "host": "here"
        });
        for (key, value) in result.as_object().expect("an object") {
            whole[key] = value.clone();
        }
        put(&self.path().join("cells").join(planned["name"].as_str().expect("a name")).join("result.json"), whole);
    }

    /// Plans a cell that was done, with a KL and its standard error.
    pub fn done(&mut self, name: &str, layers: u64, seed: u64, kl: f64) -> &mut Self {
        self.cell(name, layers, seed, json!({"metrics": {"kl_forward": {"value": kl, "error": 0.5}}}))
    }
}
