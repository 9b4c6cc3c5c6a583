//! `sweep`: many experiments from one YAML.

use crate::arguments::{Executor, Sweep as Options};
use crate::interrupt;
use crate::output;
use crate::patience::{A_MOMENT, patiently};
use crate::sweep_view::{View, duration};
use anyhow::{Context, Result};
use flowstill_runner::RunError;
use flowstill_runner::config::Sweep;
use flowstill_runner::config::sweep::Slurm;
use flowstill_sweep::failure::Failure;
use flowstill_sweep::local::{self, Local};
use flowstill_sweep::slurm::{self, Outcome, Programs};
use flowstill_sweep::stage::Kind;
use flowstill_sweep::status::{Looker, Status};
use flowstill_sweep::{Graph, Plan, Sight, Store, SweepError, planning, report};
use std::cell::RefCell;
use std::path::PathBuf;
use std::thread::available_parallelism;

/// Reasons of failures that are printed at the end; the report has them all.
const MOST_REASONS: usize = 5;

pub fn sweep(options: &Options, quiet: bool) -> Result<()> {
    let say = |line: String| {
        move || {
            if !quiet {
                output::note(line)
            }
        }
    };
    let checking = say(format!("checking the cells of {}", options.file.display()));
    let sweep = patiently(A_MOMENT, checking, || Sweep::load(&options.file)).map_err(RunError::from)?;
    if options.executor == Executor::Slurm && options.jobs.is_some() {
        let reason =
            "--jobs is for this machine; on SLURM `executor.slurm.array_parallelism` in the YAML bounds the jobs";
        return Err(SweepError::Refused(reason.to_owned()).into());
    }
    let planning = say(format!("planning {} cells", sweep.cells.len()));
    let (plan, graph) = patiently(A_MOMENT, planning, || {
        let mut plan = planning::plan(&sweep)?;
        plan.rules.retries = plan.rules.retries.max(options.retry.unwrap_or(0));
        let graph = Graph::new(&plan);
        Ok::<_, SweepError>((plan, graph))
    })?;
    let store = Store::new(options.runs.join(&sweep.name));
    if options.dry_run {
        return rehearse(&store, &sweep, &plan, &graph);
    }
    if options.cancel {
        return cancel(&store);
    }
    let settling = say(format!("writing the plan of {} cells", plan.cells.len()));
    let _alone = patiently(A_MOMENT, settling, || {
        let alone = store.settle_in(&options.file, &plan)?;
        store.tidy(&graph)?;
        Ok::<_, SweepError>(alone)
    })?;
    if options.retry.is_some() {
        Failure::forget_passing(&store)?;
    }
    let mut view = View::new(quiet);
    view.say(&summary(&sweep, &plan, &graph));
    let sight = Sight { store: &store, plan: &plan, graph: &graph };
    let end = match options.executor {
        Executor::Local => local(options, &sweep, sight, &mut view),
        Executor::Slurm => slurm(options, &sweep, sight, &mut view),
    };
    view.close();
    conclude(options, sight, end?)
}

/// How the work of this command ended.
enum End {
    Ended,
    /// the same command goes on
    Interrupted,
}

fn local(options: &Options, sweep: &Sweep, sight: Sight, view: &mut View) -> Result<End> {
    let cores = available_parallelism().map_or(1, usize::from);
    let local = Local {
        program: program()?,
        jobs: options.jobs.unwrap_or((cores / threads(sweep)).max(1)),
        memory: sweep.limits.memory,
        fail_fast: options.fail_fast,
    };
    let end = local.run(sight, interrupt::flag()?, &mut |status| view.show(status))?;
    Ok(match end {
        local::End::Ended | local::End::FailedFast => End::Ended,
        local::End::Interrupted => End::Interrupted,
    })
}

/// Those of the cell that has most.
fn threads(sweep: &Sweep) -> usize {
    sweep.cells.iter().map(|cell| cell.experiment.threads).max().unwrap_or(1)
}

fn slurm(options: &Options, sweep: &Sweep, sight: Sight, view: &mut View) -> Result<End> {
    let executor = slurm::Executor {
        programs: Programs::default(),
        slurm: Slurm {
            cpus_per_task: sweep.slurm.cpus_per_task.or(Some(threads(sweep) as u64)),
            ..sweep.slurm.clone()
        },
        name: sweep.name.clone(),
        worker: slurm::Worker { binary: program()?, start_in: std::env::current_dir().context("there is no folder")? },
        fail_fast: options.fail_fast,
        pace: slurm::Pace::default(),
    };
    // both tell of what they see, in turns
    let view = RefCell::new(view);
    let mut show = |status: &Status| view.borrow_mut().show(status);
    let mut stages = slurm::Stages::new(sight, &mut show);
    let mut say = |event: slurm::Event| view.borrow().say(&event.to_string());
    let outcome = executor.run(&mut stages, interrupt::flag()?, &mut say)?;
    let view = view.borrow();
    view.say(&outcome.to_string());
    Ok(match outcome {
        Outcome::Done | Outcome::FailedFast => End::Ended,
        Outcome::Left { .. } | Outcome::Cancelled => End::Interrupted,
    })
}

fn cancel(store: &Store) -> Result<()> {
    let tasks = slurm::cancel(&Programs::default(), store.root())?;
    output::note(format_args!("cancelled: {tasks} SLURM tasks were pending or running"));
    Ok(())
}

fn program() -> Result<PathBuf> {
    std::env::current_exe().context("cannot find this program")
}

/// What a person wants to know before anything runs.
fn rehearse(store: &Store, sweep: &Sweep, plan: &Plan, graph: &Graph) -> Result<()> {
    let mut lines = String::new();
    for cell in &plan.cells {
        lines += &cell.name;
        lines.push('\n');
    }
    output::result(lines.trim_end())?;
    output::note(summary(sweep, plan, graph));
    let (done, rate) = planning::experience(store, graph);
    let open = || graph.nodes.iter().zip(&done).filter(|(_, done)| !**done).map(|(node, _)| node);
    let count = graph.nodes.len() - open().count();
    output::note(format_args!("{count} of {} stages are done already", graph.nodes.len()));
    if count == graph.nodes.len() {
        return Ok(());
    }
    let left = open().fold(0.0, |sum, node| sum + node.cost);
    let time = match rate {
        Some(rate) => format!("{} on one core at the rate of what was done before", duration(left / rate)),
        None => "in a time that is known once a stage was done".to_owned(),
    };
    let speeds = open().filter(|node| node.id.kind == Kind::Speed).count();
    let speeds = if speeds > 0 { format!(", and {speeds} measurements of speed") } else { String::new() };
    output::note(format_args!("expected: {left:.1e} multiply-adds, {time}{speeds}"));
    Ok(())
}

fn summary(sweep: &Sweep, plan: &Plan, graph: &Graph) -> String {
    let counts: Vec<String> = Kind::ALL
        .into_iter()
        .filter_map(|kind| {
            let count = graph.count(kind);
            let plural = match kind {
                Kind::Speed => " measured",
                _ if count > 1 => "s",
                _ => "",
            };
            (count > 0).then(|| format!("{count} {kind}{plural}"))
        })
        .collect();
    let cells = plan.cells.len();
    let plural = if cells == 1 { "" } else { "s" };
    let repeated = match sweep.repeated {
        0 => String::new(),
        repeated => format!(", as {repeated} of {} combinations are the same experiment as another", cells + repeated),
    };
    format!("{}: {cells} cell{plural}{repeated}; {}", plan.name, counts.join(", "))
}

/// Report, failures, and the exit code.
fn conclude(options: &Options, sight: Sight, end: End) -> Result<()> {
    let mut looker = Looker::new(sight);
    let status = looker.look()?;
    let folder = sight.store.root();
    let page = report::write(folder)?;
    let failures = looker.failures();
    for (reason, cells) in failures.iter().take(MOST_REASONS) {
        let more = if cells.len() > 1 { format!(" and {} more", cells.len() - 1) } else { String::new() };
        output::note(format_args!("failed: {}{more}: {reason}", cells[0]));
    }
    if failures.len() > MOST_REASONS {
        output::note(format_args!("and {} reasons more", failures.len() - MOST_REASONS));
    }
    output::result(format_args!(
        "{} done, {} stopped early, {} failed, of {} cells\nreport                {}",
        status.done,
        status.stopped,
        status.failed,
        status.cells,
        page.display()
    ))?;
    match end {
        End::Interrupted => Err(SweepError::Interrupted.into()),
        End::Ended if status.failed > 0 => {
            let (failed, cells, folder) = (status.failed, status.cells, folder.into());
            Err(SweepError::CellsFailed { failed, cells, folder }.into())
        }
        // all could be done that can be, and yet something is left
        End::Ended if status.pending() > 0 && !options.fail_fast => {
            Err(SweepError::Unfinished { pending: status.pending(), cells: status.cells, folder: folder.into() }.into())
        }
        End::Ended => Ok(()),
    }
}
