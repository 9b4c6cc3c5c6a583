//! The harness is [`desk`], [`experiment`], [`finished`], [`outside`] and [`stopping`]; every other file holds the tests of one promise.

mod benching;
mod browser;
mod checking;
mod desk;
mod dimensions;
mod divergence;
mod exact;
mod experiment;
mod finished;
mod help;
mod interruption;
mod log_prob;
mod metrics;
mod outside;
mod outside_readers;
mod recipes;
mod running;
mod sampling;
mod stages;
mod stopping;
mod streams;
mod sweeping;
mod threads;
mod truth;
mod wrong_files;
mod wrong_inputs;
