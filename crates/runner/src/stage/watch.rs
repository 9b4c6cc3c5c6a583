//! The observer of a training: TensorBoard events and the console.

use super::ended;
use super::lookout::Lookout;
use crate::console::Console;
use crate::figure::{Picture, picture_squares, pictures_shown, sample_picture};
use crate::tensorboard::{EventWriter, Hparam};
use flowstill_data::Dataset;
use flowstill_model::fold::fold_batch_norm;
use flowstill_model::{Checkpoint, FlowSpec, Provenance, Role};
use flowstill_sampler::{Purpose, Sampler, Stream};
use flowstill_student::{Finished, PhaseObserver, PhaseStart};
use flowstill_trainer::{End, Observer, Record, StepReport};
use std::io;
use std::path::PathBuf;

/// At most about this many points of a per-step curve are written.
const SCALAR_POINTS: u64 = 2000;
/// Columns whose base-space marginal is written.
const HISTOGRAM_COLUMNS: usize = 16;
/// Rows behind histograms and pictures.
const PROBE_ROWS: usize = 2000;
const PICTURE_SIDE: u32 = 160;

/// Watches one training.
pub struct Watch<'a> {
    pub role: Role,
    pub terms: Vec<&'static str>,
    /// names of what validations measure beside their value
    pub measures: Vec<&'static str>,
    /// as it is trained, batch normalisation not folded
    pub spec: FlowSpec,
    pub data: &'a Dataset,
    pub seed: u64,
    /// folder of the event file
    pub folder: PathBuf,
    /// texts shown beside the curves: (name, markdown)
    pub texts: Vec<(&'static str, String)>,
    /// settings by which TensorBoard's table compares runs; none for a run that is not in it
    pub settings: Vec<(&'static str, Hparam)>,
    pub console: &'a mut dyn Console,
    pub resumed_at: u64,
    pub total: u64,
    pub events: Option<EventWriter>,
    pub every: u64,
    /// of a distillation
    pub phase: Option<Phase>,
}

/// The phase that is being watched.
pub struct Phase {
    first_step: u64,
    /// what to say as soon as it is at work; nothing once it is said
    announcement: Option<String>,
    lookout: Lookout,
}

impl Watch<'_> {
    /// Tells TensorBoard how the training ended. What cannot be written any more is no reason to lose the model.
    pub fn end(&mut self, succeeded: bool) {
        if let Some(events) = &mut self.events {
            let ended = if self.settings.is_empty() { Ok(()) } else { events.hparams_end(succeeded) };
            let _ = ended.and_then(|()| events.flush());
        }
    }

    /// Opens the event file and says what is about to happen, once there is something to do.
    fn at_work(&mut self) -> io::Result<()> {
        if self.events.is_none() {
            self.events = Some(self.open()?);
            self.console.training(self.role.name(), self.resumed_at, self.total);
        }
        if let Some(announcement) = self.phase.as_mut().and_then(|phase| phase.announcement.take()) {
            self.console.say(&announcement);
        }
        Ok(())
    }

    fn open(&self) -> io::Result<EventWriter> {
        let step = self.resumed_at;
        if step == 0 {
            // events of an earlier attempt would be drawn over the new ones
            match std::fs::remove_dir_all(&self.folder) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                _ => {}
            }
        }
        let mut events = EventWriter::create(&self.folder)?;
        if step > 0 {
            // readers drop what was logged for this step and later ones; the steps done so far stay
            events.session_start(step + 1)?;
        } else {
            for (name, text) in &self.texts {
                events.text(name, 0, text)?;
            }
            self.begin_row(&mut events)?;
        }
        events.flush()?;
        Ok(events)
    }

    /// The training's row in TensorBoard's table, if it has one.
    fn begin_row(&self, events: &mut EventWriter) -> io::Result<()> {
        if self.settings.is_empty() {
            return Ok(());
        }
        let judged = self.measures.iter().map(|measure| format!("validation/{measure}"));
        let judged: Vec<String> =
            if self.measures.is_empty() { vec![format!("validation/{}", self.terms[0])] } else { judged.collect() };
        events.hparams(&self.settings, &judged.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The model with these parameters, as a sampler.
    fn sampler(&self, theta: &[f32]) -> io::Result<Sampler> {
        let (spec, theta) = fold_batch_norm(&self.spec, theta);
        let checkpoint = Checkpoint {
            role: self.role,
            spec,
            standardizer: self.data.standardizer.clone(),
            pixels: self.data.pixels.clone(),
            columns: self.data.columns.clone(),
            provenance: Provenance::default(),
            theta,
        };
        Sampler::from_checkpoint(checkpoint).map_err(io::Error::other)
    }

    /// Base-space marginals of validation rows, which are standard normal for a perfect model, and a picture of samples.
    fn distributions(&mut self, step: u64, theta: &[f32]) -> io::Result<()> {
        let sampler = self.sampler(theta)?;
        let dim = self.data.dim();
        let validation = &self.data.validation.values;
        let probe = &validation[..validation.len().min(PROBE_ROWS * dim)];
        let base = sampler.inverse_and_log_det(probe).map_err(io::Error::other)?.values;
        let picture = self.picture(&sampler, probe)?;
        let Some(events) = &mut self.events else { return Ok(()) };
        for (i, column) in self.data.columns.iter().enumerate().take(HISTOGRAM_COLUMNS) {
            let values: Vec<f32> = base.iter().skip(i).step_by(dim).copied().collect();
            events.histogram(&format!("base/{column}"), step, &values)?;
        }
        if let Some(picture) = picture {
            events.image_png("samples", step, picture.width, picture.height, picture.png)?;
        }
        events.flush()
    }

    /// Where rows are pictures, some of `probe` beside some of the model; elsewhere samples in the first two columns.
    fn picture(&self, sampler: &Sampler, probe: &[f32]) -> io::Result<Option<Picture>> {
        let dim = self.data.dim();
        let stream = Stream { seed: self.seed, purpose: Purpose::Pictures };
        let draw = |rows| sampler.sample_data(stream, 0, rows).map_err(io::Error::other);
        if let Some(pixels) = &self.data.pixels {
            let Some(shape) = pixels.shape else { return Ok(None) };
            let rows = pictures_shown(shape);
            let data = self.data.restore(&probe[..probe.len().min(rows * dim)]);
            return Ok(picture_squares(&[&data, &draw(rows)?], pixels));
        }
        if dim < 2 {
            return Ok(None);
        }
        let (samples, data) = (draw(PROBE_ROWS)?, self.data.restore(probe));
        let range = |column: usize| span(data.iter().skip(column).step_by(dim));
        let points: Vec<(f64, f64)> = samples.chunks_exact(dim).map(|row| (row[0], row[1])).collect();
        Ok(Some(sample_picture(&points, range(0), range(1), PICTURE_SIDE)))
    }
}

fn span<'a>(values: impl Iterator<Item = &'a f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v)));
    let margin = 0.05 * (high - low).max(f64::MIN_POSITIVE);
    (low - margin, high + margin)
}

impl Observer for Watch<'_> {
    fn start(&mut self, step: u64, total: u64) -> io::Result<()> {
        if self.events.is_none() {
            (self.resumed_at, self.total) = (step, total);
            self.every = total.div_ceil(SCALAR_POINTS).max(1);
        }
        // one that goes on from a state may find that it has nothing left to do
        let first = self.phase.as_ref().map_or(0, |phase| phase.first_step);
        if step == first { self.at_work() } else { Ok(()) }
    }

    fn step(&mut self, report: &StepReport) -> io::Result<()> {
        self.at_work()?;
        self.console.step(report, &self.terms);
        let Some(events) = &mut self.events else { return Ok(()) };
        if report.step == 1 || report.step.is_multiple_of(self.every) {
            for (name, value) in self.terms.iter().zip(report.terms) {
                events.scalar(&format!("train/{name}"), report.step, *value)?;
            }
            events.scalar("train/rate", report.step, report.rate)?;
            events.scalar("train/gradient_norm", report.step, report.gradient_norm)?;
            // a kill must leave no gap before the step from which the training then goes on
            events.flush()?;
        }
        Ok(())
    }

    fn validation(&mut self, record: &Record, theta: &[f32]) -> io::Result<()> {
        self.at_work()?;
        self.console.validation(record);
        if let Some(warning) = self.phase.as_mut().and_then(|phase| phase.lookout.look(record)) {
            self.console.warn(&warning);
        }
        if let Some(events) = &mut self.events {
            if self.measures.is_empty() {
                events.scalar(&format!("validation/{}", self.terms[0]), record.step, record.validation)?;
            }
            for (name, value) in self.measures.iter().zip(&record.measures) {
                events.scalar(&format!("validation/{name}"), record.step, *value)?;
            }
        }
        self.distributions(record.step, theta)
    }
}

impl PhaseObserver for Watch<'_> {
    fn phase(&mut self, start: &PhaseStart) -> io::Result<()> {
        self.terms = start.terms.to_vec();
        self.measures = start.measures.to_vec();
        let reason = start.reason.map_or_else(String::new, |reason| format!(": {reason}"));
        self.phase = Some(Phase {
            first_step: start.first_step,
            announcement: Some(format!("student: {} from step {}{reason}", start.objective, start.first_step)),
            lookout: Lookout::new(start),
        });
        Ok(())
    }

    fn phase_over(&mut self, finished: &Finished) -> io::Result<()> {
        let worked = self.phase.take().is_some_and(|phase| phase.announcement.is_none());
        let end = finished.outcome.end;
        if worked && matches!(end, End::Patience | End::Reached) {
            let last = finished.first_step + finished.outcome.steps;
            self.console.say(&format!("student: {} ended after step {last}: {}", finished.objective, ended(end)));
        }
        Ok(())
    }
}
