//! The command `flowstill`: arguments, terminal, exit codes. The work is done by the crates.

mod announce;
mod arguments;
mod commands;
mod interrupt;
mod output;
mod sweep_view;
mod terminal;

use arguments::{Arguments, Command};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let quiet = arguments.quiet;
    let done = flowstill_kernel::Isa::from_environment().map_err(anyhow::Error::from).and_then(|isa| {
        isa.activate()?;
        run(arguments.command, quiet)
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::note(format_args!("error: {failure:#}"));
            ExitCode::from(commands::exit_code(&failure))
        }
    }
}

fn run(command: Command, quiet: bool) -> anyhow::Result<()> {
    match command {
        Command::Run(options) => commands::experiment::run(&options, quiet),
        Command::Sweep(options) => commands::sweep::sweep(&options, quiet),
        Command::Status(options) => commands::status::status(&options),
        Command::Results(options) => commands::results::results(&options),
        Command::Cache(options) => commands::cache::cache(&options.action),
        Command::Worker(options) => commands::worker::worker(&options),
        Command::Check(options) => commands::experiment::check(&options),
        Command::Train(options) => commands::experiment::train(&options, quiet),
        Command::FindRate(options) => commands::find_rate::find_rate(&options, quiet),
        Command::Distill(options) => commands::experiment::distill(&options, quiet),
        Command::Eval(options) => commands::experiment::eval(&options, quiet),
        Command::Bench(options) => commands::bench::bench(&options, quiet),
        Command::Sample(options) => commands::sample::sample(&options, quiet),
        Command::LogProb(options) => commands::log_prob::log_prob(&options, quiet),
        Command::Transport(options) => commands::transport::transport(&options),
        Command::Rows(options) => commands::rows::rows(&options),
        Command::Data(options) => commands::data::data(&options.action, quiet),
        Command::Describe(options) => commands::describe::describe(&options),
        Command::Families(options) => commands::families::families(&options),
    }
}
