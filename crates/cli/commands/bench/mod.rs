//! `bench`: how fast, and how near to what the machine can do.

mod operations;
mod samplers;

use crate::arguments::Bench;
use anyhow::Result;

pub fn bench(options: &Bench, quiet: bool) -> Result<()> {
    match (&options.teacher, &options.student) {
        (Some(teacher), Some(student)) => samplers::compare(options, teacher, student),
        _ => operations::measure(options, quiet),
    }
}

fn threads(options: &Bench) -> usize {
    options.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}
