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

    /// Plans a cell that ended as `result` says.
    pub fn cell(&mut self, name: &str, layers: u64, seed: u64, result: Value) -> &mut Self {
        self.planned(name, layers, seed);
        let planned = self.plan["cells"].as_array().expect("a list").last().expect("a cell").clone();
        let mut whole = json!({
            "format_version": 1, "cell": name, "key": planned["stages"]["evaluation"], "settings": planned["settings"],
            "seed": seed, "state": "done", "metrics": {}, "speed": [], "seconds": {"student": 10.0}, "host": "here"
        });
        for (key, value) in result.as_object().expect("an object") {
            whole[key] = value.clone();
        }
        put(&self.path().join("cells").join(name).join("result.json"), whole);
        self
    }

    /// Plans a cell that was done, with a KL and its standard error.
    pub fn done(&mut self, name: &str, layers: u64, seed: u64, kl: f64) -> &mut Self {
        self.cell(name, layers, seed, json!({"metrics": {"kl_forward": {"value": kl, "error": 0.5}}}))
    }
}
