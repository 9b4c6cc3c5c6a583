//! The settings of a training run: defaults of teacher and student, ranges, and what must agree.

use super::check::{Checker, or_none};
use super::path::KeyPath;
use super::written;
use flowstill_teacher::em;
use flowstill_trainer::{Schedule, Settings};

/// What a run gets where nothing is written.
pub(super) struct Defaults {
    steps: i64,
    batch: i64,
    rate: f64,
    ema: Option<f64>,
    patience: Option<i64>,
}

pub(super) const TEACHER: Defaults = Defaults { steps: 20_000, batch: 512, rate: 1e-3, ema: None, patience: Some(10) };

/// Every step of distillation sees fresh samples, so there is nothing to overfit and no need to stop early.
pub(super) const STUDENT: Defaults =
    Defaults { steps: 10_000, batch: 256, rate: 2e-3, ema: Some(0.998), patience: None };

/// Steps that a run may take or wait for at most.
const MOST_STEPS: i64 = 1_000_000_000;

/// The settings of `section`.
pub(super) fn check(
    checker: &mut Checker,
    written: Option<&written::Training>,
    section: impl Into<KeyPath>,
    default: &Defaults,
) -> Settings {
    let nothing = written::Training::default();
    let written = written.unwrap_or(&nothing);
    let at: KeyPath = section.into();
    let every =
        |checker: &mut Checker, key: &str, value: i64| checker.whole(at.key(key), value, (1, MOST_STEPS), "") as u64;

    let steps = written.steps.unwrap_or(default.steps);
    let warmup = written.warmup.unwrap_or((steps / 10).min(500));
    if !(0..MOST_STEPS).contains(&warmup) {
        checker
            .wrong(at.key("warmup"), format!("expected a whole number from 0 to one less than `steps`, got {warmup}"));
    } else if steps >= 1 && warmup >= steps {
        let message = format!("expected fewer steps than the {steps} of `steps`, got {warmup}");
        checker.wrong_with(at.key("warmup"), at.key("steps"), message);
    }
    let clip_norm = or_none(written.clip_norm, Some(5.0))
        .map(|norm| checker.number(at.key("clip_norm"), norm, |norm| norm > 0.0, "above 0 or `none`"));
    let average_last = or_none(written.average_last, None).map(|share| {
        let range = |share: f64| share > 0.0 && share <= 1.0;
        checker.number(at.key("average_last"), share, range, "above 0 and at most 1, the share of the steps, or `none`")
    });
    if average_last.is_some() && or_none(written.ema, None).is_some() {
        let message = "stands in place of `ema`; leave one of them out".to_owned();
        checker.wrong_with(at.key("average_last"), at.key("ema"), message);
    }
    let ema = or_none(written.ema, default.ema).filter(|_| average_last.is_none()).map(|decay| {
        checker.number(at.key("ema"), decay, |decay| decay > 0.0 && decay < 1.0, "above 0 and below 1 or `none`")
    });
    let patience = or_none(written.patience, default.patience)
        .map(|patience| checker.whole(at.key("patience"), patience, (1, 1_000_000), " or `none`") as u32);
    Settings {
        steps: every(checker, "steps", steps),
        batch: checker.whole(at.key("batch"), written.batch.unwrap_or(default.batch), (1, 10_000_000), ""),
        rate: checker.number(at.key("rate"), written.rate.unwrap_or(default.rate), |rate| rate > 0.0, "above 0"),
        schedule: written.schedule.unwrap_or(Schedule::Cosine),
        warmup: warmup.max(0) as u64,
        weight_decay: checker.number(
            at.key("weight_decay"),
            written.weight_decay.unwrap_or(0.0),
            |decay| decay >= 0.0,
            "of at least 0",
        ),
        clip_norm,
        ema,
        average_last,
        validate_every: every(checker, "validate_every", written.validate_every.unwrap_or(500)),
        patience,
        validate_start: false,
        until: Vec::new(),
        checkpoint_every: every(checker, "checkpoint_every", written.checkpoint_every.unwrap_or(1000)),
    }
}

/// The settings of expectation maximisation, whose steps are iterations.
pub(super) fn check_em(checker: &mut Checker, written: Option<&written::Training>) -> em::Settings {
    let nothing = written::Training::default();
    let (written, default) = (written.unwrap_or(&nothing), em::Settings::default());
    let at = KeyPath::from("teacher.training");
    let strangers = [
        ("batch", written.batch.is_some()),
        ("rate", written.rate.is_some()),
        ("schedule", written.schedule.is_some()),
        ("warmup", written.warmup.is_some()),
        ("weight_decay", written.weight_decay.is_some()),
        ("clip_norm", written.clip_norm.is_some()),
        ("ema", written.ema.is_some()),
        ("average_last", written.average_last.is_some()),
        ("validate_every", written.validate_every.is_some()),
        ("checkpoint_every", written.checkpoint_every.is_some()),
    ];
    for (key, _) in strangers.into_iter().filter(|(_, given)| *given) {
        let message = "means nothing for a mixture of Gaussians, which is fitted by EM; it takes `steps`, its most \
                       iterations, and `patience`";
        checker.wrong_with(at.key(key), "teacher.model", message.to_owned());
    }
    let steps =
        written.steps.map_or(default.steps, |steps| checker.whole(at.key("steps"), steps, (1, MOST_STEPS), "") as u64);
    let patience = or_none(written.patience, default.patience.map(i64::from))
        .map(|patience| checker.whole(at.key("patience"), patience, (1, 1_000_000), " or `none`") as u32);
    em::Settings { steps, patience, ..default }
}
