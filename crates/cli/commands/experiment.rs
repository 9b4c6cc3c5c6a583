//! `run`, `check`, `train`, `distill`, `eval`: an experiment's YAML and its stages.

use crate::arguments::{Check, Derived, Experiment as Options};
use crate::interrupt;
use crate::terminal::Terminal;
use anyhow::Result;
use flowstill_runner::stage::train::Stage;
use flowstill_runner::{Console, Experiment, Metrics, Pipeline, RunError, report};
use std::path::Path;

/// Opens the experiment and hands it to `work`.
fn with_pipeline(
    options: &Options,
    quiet: bool,
    work: impl FnOnce(&Pipeline, &mut Terminal) -> Result<(), RunError>,
) -> Result<()> {
    let experiment = Experiment::load(&options.file).map_err(RunError::from)?;
    let mut terminal = Terminal::new(quiet);
    let root = options.runs.join(&experiment.name);
    let pipeline = Pipeline::open(&experiment, &root, options.overwrite, interrupt::flag()?, &mut terminal)?;
    Ok(work(&pipeline, &mut terminal)?)
}

pub fn run(options: &Options, quiet: bool) -> Result<()> {
    with_pipeline(options, quiet, |pipeline, terminal| {
        let teacher = pipeline.teacher(terminal)?;
        let student = pipeline.student(&teacher, terminal)?;
        let metrics = pipeline.compare(teacher, student, terminal)?;
        print_results(&metrics, pipeline.folder().root());
        Ok(())
    })
}

pub fn check(options: &Check) -> Result<()> {
    let experiment = Experiment::load(&options.file).map_err(RunError::from)?;
    let data = flowstill_data::load(&experiment.data).map_err(RunError::from)?;
    for warning in experiment.warnings(data.dim()) {
        Terminal::new(false).warn(&warning);
    }
    print!("{}", experiment.to_yaml()?);
    eprintln!("{} is in order", options.file.display());
    Ok(())
}

pub fn train(options: &Options, quiet: bool) -> Result<()> {
    with_pipeline(options, quiet, |pipeline, terminal| {
        pipeline.teacher(terminal)?;
        println!("{}", pipeline.folder().checkpoint("teacher").display());
        Ok(())
    })
}

pub fn distill(options: &Derived, quiet: bool) -> Result<()> {
    with_pipeline(&options.experiment, quiet, |pipeline, terminal| {
        let teacher = teacher_of(pipeline, options.teacher.as_deref())?;
        pipeline.student(&teacher, terminal)?;
        println!("{}", pipeline.folder().checkpoint("student").display());
        Ok(())
    })
}

pub fn eval(options: &Derived, quiet: bool) -> Result<()> {
    with_pipeline(&options.experiment, quiet, |pipeline, terminal| {
        let teacher = teacher_of(pipeline, options.teacher.as_deref())?;
        let student = pipeline.finished_student(&teacher)?;
        let metrics = pipeline.compare(teacher, student, terminal)?;
        print_results(&metrics, pipeline.folder().root());
        Ok(())
    })
}

fn teacher_of(pipeline: &Pipeline, elsewhere: Option<&Path>) -> Result<Stage, RunError> {
    match elsewhere {
        Some(path) => pipeline.foreign_teacher(path),
        None => pipeline.finished_teacher(),
    }
}

fn print_results(metrics: &Metrics, folder: &Path) {
    let quality = &metrics.distillation;
    println!("test log-likelihood   teacher {}   student {} nats", report::estimate(metrics.teacher.test_log_likelihood), report::estimate(metrics.student.test_log_likelihood));
    println!("KL(teacher‖student)   {} nats", report::estimate(quality.kl_forward));
    println!("KL(student‖teacher)   {} nats", report::estimate(quality.kl_reverse));
    println!("effective samples     {} of 1", report::estimate(quality.ess_reverse));
    println!("report                {}", folder.join("report.html").display());
}
