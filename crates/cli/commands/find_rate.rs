//! `find-rate`: which learning rate a teacher can bear.

use super::on_threads;
use crate::arguments::FindRate;
use crate::output;
use crate::terminal::Terminal;
use anyhow::{Result, bail};
use flowstill_model::atomic;
use flowstill_runner::rates::try_rates;
use flowstill_runner::{Experiment, RunError, figure};
use flowstill_trainer::{Trial, geometric, steepest};

/// Lines of the table.
const LINES: usize = 12;

pub fn find_rate(options: &FindRate, quiet: bool) -> Result<()> {
    let above_zero = |value: f64| value > 0.0 && value.is_finite();
    if !(above_zero(options.least) && above_zero(options.most) && options.least < options.most) {
        bail!(
            "--least is {}, --most {}; expected numbers above 0, the least below the most",
            options.least,
            options.most
        );
    }
    let file = options.file.display();
    let experiment = Experiment::load(&options.file).map_err(RunError::from)?;
    let data = flowstill_data::load(&experiment.data).map_err(RunError::from)?;
    let rates = geometric(options.least, options.most, options.steps);
    let mut terminal = Terminal::new(quiet);
    let trials = on_threads(Some(experiment.threads), || Ok(try_rates(&experiment, &data, &rates, &mut terminal)?))?;
    if trials.len() < 2 {
        bail!("{file}: the loss is not finite at a rate of {:.1e} already; give a smaller --least", options.least);
    }
    let suggested = steepest(&trials);
    output::result(table(&trials))?;
    if let Some(path) = &options.output {
        let picture = figure::rates(&trials, suggested).expect("there are steps");
        atomic::write(path, picture.as_bytes()).map_err(|source| RunError::Write { path: path.clone(), source })?;
    }
    match suggested {
        Some(rate) => Ok(output::result(format_args!("the loss falls most at a rate of {rate:.1e}"))?),
        None => bail!("{file}: the loss falls at none of the rates; give a smaller --least, or more --steps"),
    }
}

/// Some of the steps, from the first to the last.
fn table(trials: &[Trial]) -> String {
    let shown = (0..LINES).map(|line| &trials[line * (trials.len() - 1) / (LINES - 1)]);
    let lines = shown.map(|trial| format!("{:<9.1e}{:>12.4}", trial.rate, trial.smooth));
    let mut lines: Vec<String> = [format!("{:<9}{:>12}", "rate", "loss")].into_iter().chain(lines).collect();
    lines.dedup();
    lines.join("\n")
}
