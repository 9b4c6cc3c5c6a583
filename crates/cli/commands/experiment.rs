//! `run`, `check`, `train`, `distill`, `eval`: an experiment's YAML and its stages.

use crate::arguments::{Check, Derived, Experiment as Options};
use crate::interrupt;
use crate::output;
use crate::terminal::Terminal;
use anyhow::Result;
use flowstill_runner::config::Sweep;
use flowstill_runner::stage::teacher::Teacher;
use flowstill_runner::{Console, Experiment, Metrics, Options as Manner, Pipeline, RunError, report};
use flowstill_sweep::planning;
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
    let manner = Manner { overwrite: options.overwrite, engine: options.engine.into() };
    let pipeline = Pipeline::open(&experiment, &root, manner, interrupt::flag()?, &mut terminal)?;
    Ok(work(&pipeline, &mut terminal)?)
}

pub fn run(options: &Options, quiet: bool) -> Result<()> {
    with_pipeline(options, quiet, |pipeline, terminal| {
        let teacher = pipeline.teacher(terminal)?;
        if pipeline.experiment().distillation.is_none() {
            return tested(pipeline, teacher, terminal);
        }
        let student = pipeline.student(&teacher, terminal)?;
        let metrics = pipeline.compare(teacher, student, terminal)?;
        print_results(&metrics, pipeline.folder().root())
    })
}

pub fn check(options: &Check) -> Result<()> {
    let experiment = match Experiment::load(&options.file) {
        Ok(experiment) => experiment,
        // it may be a sweep, of which all that is wrong is told in its own words
        Err(_) => return check_sweep(&Sweep::load(&options.file).map_err(RunError::from)?, options),
    };
    let data = flowstill_data::load(&experiment.data).map_err(RunError::from)?;
    experiment.buildable(&data)?;
    for warning in experiment.warnings(data.dim()) {
        Terminal::new(false).warn(&warning);
    }
    output::result(experiment.to_yaml()?.trim_end())?;
    output::note(format_args!("{} is in order", options.file.display()));
    Ok(())
}

fn check_sweep(sweep: &Sweep, options: &Check) -> Result<()> {
    let plan = planning::plan(sweep)?;
    for cell in &plan.cells {
        output::result(&cell.name)?;
    }
    output::note(format_args!("{} is in order: a sweep of {} cells", options.file.display(), plan.cells.len()));
    Ok(())
}

pub fn train(options: &Options, quiet: bool) -> Result<()> {
    with_pipeline(options, quiet, |pipeline, terminal| {
        let teacher = pipeline.teacher(terminal)?;
        tested(pipeline, teacher, terminal)
    })
}

/// Tells what a teacher alone is worth, and where it is.
fn tested(pipeline: &Pipeline, teacher: Teacher, terminal: &mut Terminal) -> Result<(), RunError> {
    // of a known density there is no file; scripts that train first work for every experiment
    let trained = matches!(teacher, Teacher::Trained(_));
    pipeline.test(teacher, terminal)?;
    if trained { output::result(pipeline.folder().checkpoint("teacher").display()) } else { Ok(()) }
}

pub fn distill(options: &Derived, quiet: bool) -> Result<()> {
    with_pipeline(&options.experiment, quiet, |pipeline, terminal| {
        pipeline.experiment().with_student()?;
        let teacher = teacher_of(pipeline, options.teacher.as_deref())?;
        pipeline.student(&teacher, terminal)?;
        output::result(pipeline.folder().checkpoint("student").display())
    })
}

pub fn eval(options: &Derived, quiet: bool) -> Result<()> {
    with_pipeline(&options.experiment, quiet, |pipeline, terminal| {
        pipeline.experiment().with_student()?;
        let teacher = teacher_of(pipeline, options.teacher.as_deref())?;
        let student = pipeline.finished_student(&teacher)?;
        let metrics = pipeline.compare(teacher, student, terminal)?;
        print_results(&metrics, pipeline.folder().root())
    })
}

fn teacher_of(pipeline: &Pipeline, elsewhere: Option<&Path>) -> Result<Teacher, RunError> {
    match elsewhere {
        Some(path) => pipeline.foreign_teacher(path),
        None => pipeline.finished_teacher(),
    }
}

fn print_results(metrics: &Metrics, folder: &Path) -> Result<(), RunError> {
    let quality = &metrics.distillation;
    let [teacher, student, forward, reverse, ess] = [
        metrics.teacher.test_log_likelihood,
        metrics.student.test_log_likelihood,
        quality.kl_forward,
        quality.kl_reverse,
        quality.ess_reverse,
    ]
    .map(report::estimate);
    let who = if metrics.teacher.known_density.is_some() { "truth" } else { "teacher" };
    let bits = match (metrics.teacher.bits_per_dimension, metrics.student.bits_per_dimension) {
        (Some(teacher), Some(student)) => {
            let [teacher, student] = [teacher, student].map(report::estimate);
            format!("bits per dimension    {who} {teacher}   student {student}\n")
        }
        _ => String::new(),
    };
    output::result(format_args!(
        "test log-likelihood   {who} {teacher}   student {student} nats
{bits}KL(teacher‖student)   {forward} nats
KL(student‖teacher)   {reverse} nats
effective samples     {ess} of 1
report                {}",
        folder.join("report.html").display()
    ))
}
