//! Losses of a range test against the learning rate.

use super::axis::{Axis, plain};
use super::canvas::page;
use super::legend::legend;
use super::palette::{INK, LIGHT_BLUE, Source};
use super::panel::{Frame, Panel};
use flowstill_trainer::Trial;

const FRAME: Frame = Frame { left: 70.0, top: 36.0, right: 434.0, bottom: 262.0 };

/// Room above and below the smooth losses, as a share of their span.
const MARGIN: f64 = 0.08;

/// Losses of batches, their moving average, and the rate that is suggested; nothing for fewer than two steps.
pub fn rates(trials: &[Trial], suggested: Option<f64>) -> Option<String> {
    let [first, .., last] = trials else { return None };
    let smooth = || trials.iter().map(|trial| trial.smooth);
    let (low, high) = (smooth().fold(f64::INFINITY, f64::min), smooth().fold(f64::NEG_INFINITY, f64::max));
    let margin = MARGIN * (high - low).max(1e-3);
    let panel = Panel {
        frame: FRAME,
        x: Axis::logarithmic(first.rate, last.rate, "learning rate", plain),
        y: Axis::linear(low - margin, high + margin, "negative log-likelihood (nats)"),
    };
    let line = |of: fn(&Trial) -> f64| -> Vec<_> {
        let inside = |value: f64| value.clamp(low - margin, high + margin);
        trials.iter().map(|trial| (trial.rate, inside(of(trial)))).collect()
    };
    page(460.0, 310.0, "Loss against learning rate", |canvas| {
        panel.grid(canvas)?;
        panel.line(canvas, &line(|trial| trial.loss), LIGHT_BLUE, 1.0)?;
        panel.line(canvas, &line(|trial| trial.smooth), Source::Teacher.colour(), 2.0)?;
        if let Some(rate) = suggested {
            panel.line(canvas, &[(rate, low - margin), (rate, high + margin)], INK, 1.0)?;
        }
        panel.axes(canvas)?;
        let colour = Source::Teacher.colour();
        legend(canvas, FRAME.left, 18.0, &[("batches", LIGHT_BLUE), ("average", colour), ("steepest fall", INK)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_steps_make_a_picture_and_one_none() {
        let trial = |rate: f64| Trial { rate, loss: 1.0 / rate, smooth: 1.0 / rate };
        assert!(rates(&[trial(1e-3)], None).is_none());
        let svg = rates(&[trial(1e-3), trial(1e-2)], Some(5e-3)).expect("a picture");
        assert!(svg.starts_with("<svg") && svg.contains("learning rate") && svg.contains("steepest fall"));
    }
}
