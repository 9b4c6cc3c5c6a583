//! The section `sweep.limits`: what one cell may take.

use super::plan::Limits;
use crate::config::check::Checker;
use crate::config::path::KeyPath;
use crate::config::tree::Tree;
use crate::config::written::{self, Value};
use bytesize::ByteSize;
use std::time::Duration;

/// A year; a stage that may take longer has no limit.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// Less than this holds no training.
const LEAST_MEMORY: u64 = 1_000_000;

pub fn limits(checker: &mut Checker, written: Option<&written::Limits>) -> Limits {
    let Some(written) = written else { return Limits::default() };
    let at = KeyPath::from("sweep.limits");
    let time = written.time.as_ref().and_then(|Value(value)| {
        let time = text(value).and_then(|text| humantime::parse_duration(text).ok());
        let fits = |time: &Duration| (Duration::from_secs(1)..=LONGEST).contains(time);
        let expected = "a time with its unit, from 1s to a year, as `90s`, `30min`, `2h` or `1h 30min`";
        good(checker, &at.key("time"), value, time.filter(fits), expected)
    });
    let memory = written.memory.as_ref().and_then(|Value(value)| {
        // a number alone would be bytes, which nobody means
        let unit = |text: &&str| text.trim_end().ends_with(['B', 'b']);
        let memory = text(value).filter(unit).and_then(|text| text.parse::<ByteSize>().ok()).map(|size| size.as_u64());
        let fits = |bytes: &u64| (LEAST_MEMORY..=1 << 50).contains(bytes);
        good(
            checker,
            &at.key("memory"),
            value,
            memory.filter(fits),
            "memory with its unit, from 1MB on, as `8GB` or `512MiB`",
        )
    });
    let retries = checker.whole(at.key("retries"), written.retries.unwrap_or(0), (0, 100), "") as u32;
    Limits { time, memory, retries }
}

fn text(value: &Tree) -> Option<&str> {
    match value {
        Tree::Text(text) => Some(text),
        _ => None,
    }
}

fn good<T>(checker: &mut Checker, at: &KeyPath, value: &Tree, read: Option<T>, expected: &str) -> Option<T> {
    if read.is_none() {
        checker.wrong(at.clone(), format!("expected {expected}, got {}", value.describe()));
    }
    read
}
