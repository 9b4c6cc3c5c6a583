//! The harness is [`desk`], [`experiment`] and [`finished`]; every other file holds the tests of one promise.

mod benching;
mod browser;
mod checking;
mod desk;
mod dimensions;
mod divergence;
mod experiment;
mod finished;
mod help;
mod interruption;
mod log_prob;
mod metrics;
mod outside;
mod outside_readers;
mod running;
mod sampling;
mod stages;
mod streams;
mod threads;
mod truth;
mod wrong_files;
mod wrong_inputs;
