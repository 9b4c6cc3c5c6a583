//! `sample`: rows from a checkpoint, streamed; of a student also corrected to be its teacher's.

use super::on_threads;
use crate::arguments::{Exact as By, Method as Choice, Sample};
use crate::{interrupt, output};
use anyhow::{Context, Result, bail};
use flowstill_data::{DataError, write};
use flowstill_eval::measure::JACOBI_TOLERANCE;
use flowstill_model::Role;
use flowstill_runner::RunError;
use flowstill_sampler::{Corrected, Correction, Ensemble, Exact, Imh, Method, Rejection, Sampler, Sir};
use indicatif::ProgressBar;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// Rows drawn between two writes.
const CHUNK_ROWS: usize = 1 << 16;

pub fn sample(options: &Sample, quiet: bool) -> Result<()> {
    if options.n == 0 {
        bail!("-n is 0; expected at least 1 row");
    }
    let method = match options.method {
        Choice::Incremental => Method::Incremental,
        Choice::Naive => Method::Naive,
        Choice::Jacobi => Method::Jacobi { tolerance: JACOBI_TOLERANCE },
    };
    let load = |path: &PathBuf| Sampler::load(path)?.with_method(method)?.with_temperature(options.temperature);
    let sampler = load(&options.checkpoint)?;
    let Some(by) = options.exact else {
        let chunk_rows = CHUNK_ROWS.min((1 << 24) / sampler.dim()).max(1);
        if !options.with.is_empty() {
            let others = options.with.iter().map(load).collect::<Result<Vec<_>, _>>()?;
            let ensemble = Ensemble::new([vec![sampler.clone()], others].concat())?;
            let draw =
                |take: &mut Take| ensemble.chunks(options.seed, options.n, chunk_rows).try_for_each(|x| take(&x?));
            stream(options, quiet, &sampler, draw)?;
            return Ok(());
        }
        let draw = |take: &mut Take| {
            for rows in sampler.chunks(options.seed, 0..options.n, chunk_rows) {
                take(&rows?)?;
            }
            Ok(())
        };
        stream(options, quiet, &sampler, draw)?;
        return Ok(());
    };
    let correction = correction(by, options)?;
    let exact = corrected_by_teacher(sampler.clone(), options)?;
    let draw =
        |take: &mut Take| exact.draw(correction, options.seed, options.n, &mut |rows| take(&sampler.restore(rows)));
    if let Some(corrected) = stream(options, quiet, &sampler, draw)? {
        close(&corrected, quiet);
    }
    Ok(())
}

/// Takes rows in the units of the data, perhaps none.
type Take<'a> = dyn FnMut(&[f64]) -> Result<(), RunError> + 'a;

/// Writes what `draw` gives, pixels as whole numbers, and tells its result; nothing if nobody reads the rows any more.
fn stream<T: Send>(
    options: &Sample,
    quiet: bool,
    sampler: &Sampler,
    draw: impl FnOnce(&mut Take) -> Result<T, RunError> + Send,
) -> Result<Option<T>> {
    let interrupted = interrupt::flag()?;
    on_threads(options.threads, || {
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new(options.n) };
        let write = || -> Result<T, RunError> {
            let mut writer = write::create(&options.output, sampler.columns(), options.n)?;
            let drawn = draw(&mut |rows| {
                if interrupted.load(Ordering::Relaxed) {
                    return Err(RunError::InterruptedSampling);
                }
                match sampler.pixels() {
                    Some(pixels) => writer.write_rows(&rows.iter().map(|v| pixels.whole(*v)).collect::<Vec<_>>())?,
                    None => writer.write_rows(rows)?,
                }
                bar.inc((rows.len() / sampler.dim()) as u64);
                Ok(())
            })?;
            writer.finish()?;
            Ok(drawn)
        };
        let drawn = write();
        bar.finish_and_clear();
        match drawn {
            Err(RunError::Data(DataError::BrokenPipe)) => Ok(None),
            other => Ok(Some(other?)),
        }
    })
}

/// The correction with its settings; one that belongs to another correction is a mistake.
fn correction(by: By, options: &Sample) -> Result<Correction> {
    let settings = [
        ("--burn-in", By::Imh, options.burn_in.is_some()),
        ("--pool", By::Sir, options.pool.is_some()),
        ("--log-bound", By::Rejection, options.log_bound.is_some()),
    ];
    if let Some((flag, owner, _)) = settings.into_iter().find(|&(_, owner, given)| given && owner != by) {
        let owner = format!("{owner:?}").to_lowercase();
        bail!("{flag} belongs to --exact {owner}; leave it out");
    }
    Ok(match by {
        By::Imh => {
            let burn_in = options.burn_in.map_or(Imh::BURN_IN, |steps| steps as u64);
            Correction::Imh(Imh { burn_in, ..Imh::default() })
        }
        By::Sir => Correction::Sir(Sir { pool: options.pool.unwrap_or(Sir::POOL) }),
        By::Rejection => Correction::Rejection(Rejection { log_bound: options.log_bound }),
    })
}

fn corrected_by_teacher(student: Sampler, options: &Sample) -> Result<Exact> {
    let path = match &options.teacher {
        Some(path) => path.clone(),
        None => teacher_beside(&options.checkpoint)?,
    };
    let teacher = Sampler::load(&path)?;
    let roles = [(&options.checkpoint, &student, Role::Student), (&path, &teacher, Role::Teacher)];
    if let Some((path, sampler, wanted)) = roles.into_iter().find(|(_, sampler, wanted)| sampler.role() != *wanted) {
        let (found, wanted) = (sampler.role().name(), wanted.name());
        bail!(
            "{} holds a {found}; expected a {wanted} there: --exact corrects a student by its --teacher",
            path.display()
        );
    }
    Exact::new(student, teacher).with_context(|| format!("{} and {}", options.checkpoint.display(), path.display()))
}

fn teacher_beside(student: &Path) -> Result<PathBuf> {
    let path = student.with_file_name("teacher.safetensors");
    if !path.exists() {
        bail!("{} is missing; name the student's teacher by --teacher", path.display());
    }
    Ok(path)
}

fn close(corrected: &Corrected, quiet: bool) {
    if !quiet {
        output::note(corrected);
    }
    if let Some(warning) = corrected.warning() {
        output::note(format_args!("warning: {warning}"));
    }
}
