//! What can be typed.

mod data;
mod models;
mod sweep;

pub use data::{Data, DataAction, ListData, PrepareData};
pub use models::{Describe, Exact, LogProb, Method, Sample, Transport};
pub use sweep::{Cache, CacheAction, Executor, Results, Status, Sweep, Worker};

use clap::{Args, Parser, Subcommand, ValueEnum};
use flowstill_runner::bench::Operation;
use std::path::PathBuf;

/// Train a normalizing-flow teacher, distil it into a fast one-pass student, compare both honestly.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Examples:
  flowstill run experiments/quickstart.yaml        teacher, student, comparison and report in runs/quickstart/
  flowstill check my.yaml                          find every mistake in a configuration, run nothing
  flowstill sample runs/quickstart/student.safetensors -n 1000 -o samples.npy
  flowstill describe runs/quickstart/student.safetensors

Exit codes: 0 done, 1 a run failed, 2 wrong input, 130 interrupted (the same command resumes).
FLOWSTILL_ISA=portable|avx2|avx512|neon chooses the instructions; without it they are the processor's best."
)]
pub struct Arguments {
    /// Print results and errors only
    #[arg(short, long, global = true)]
    pub quiet: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a whole experiment: train, distil, compare, report
    #[command(after_help = "Examples:
  flowstill run experiments/quickstart.yaml
  flowstill run experiments/quickstart.yaml --runs /data/runs
  flowstill run my.yaml --overwrite                after a change of my.yaml: redo the stages that it touches

With `student: none` in the YAML the teacher alone is trained, and the likelihood of the test rows told.
Stages that were finished with the same configuration, data and version are not done again. Ctrl-C saves the state
of a training; the same command goes on from there and ends with the same bits.")]
    Run(Experiment),
    /// Run many experiments from one YAML, in parallel
    #[command(after_help = "Examples:
  flowstill sweep experiments/sweeps/student_size.yaml --dry-run   list the cells and the stages that they share, run nothing
  flowstill sweep experiments/sweeps/student_size.yaml             all cells, as many side by side as there are cores
  flowstill sweep experiments/sweeps/student_size.yaml --jobs 1    one after the other
  flowstill sweep experiments/sweeps/student_size.yaml --retry 2   once more what failed, up to three attempts in all
  flowstill sweep experiments/sweeps/student_size.yaml --executor slurm
  flowstill sweep experiments/sweeps/density.yaml                  teachers alone, by `student: none`
  flowstill status runs/student_size                               from anywhere that sees the folder

What is finished is never done again, here or in another sweep beside it: stages are kept in runs/cache/ by all that
they depend on. Ctrl-C or a kill loses nothing that was done; the same command goes on.")]
    Sweep(Sweep),
    /// Say how a sweep stands
    #[command(after_help = "Examples:
  flowstill status runs/student_size
  flowstill status runs/student_size --watch    again every two seconds, until all cells have ended")]
    Status(Status),
    /// Print the numbers of a sweep, or export them
    #[command(after_help = "Examples:
  flowstill results runs/student_size                              mean ± standard deviation over seeds
  flowstill results runs/student_size --sort kl_forward            the best first
  flowstill results runs/density --sort -teacher_log_likelihood    the same of teachers alone
  flowstill results runs/student_size --filter 'student.layers=5 and kl_forward<0.1' --each
  flowstill results runs/student_size --columns student.layers,kl_forward,ess_reverse --markdown
  flowstill results runs/student_size --each --csv sizes.csv       for pandas.read_csv
  flowstill results runs/student_size --each --jsonl sizes.jsonl   for pandas.read_json(..., lines=True)")]
    Results(Results),
    /// List or remove the stages that sweeps share
    #[command(after_help = "Examples:
  flowstill cache list
  flowstill cache prune --dry-run               what no sweep under runs/ names any more
  flowstill cache prune --older-than 30         of that, what was last written more than 30 days ago")]
    Cache(Cache),
    /// Do stages of a sweep until none is left
    #[command(hide = true)]
    Worker(Worker),
    /// Check an experiment's YAML and its data files; run nothing
    #[command(after_help = "Example:
  flowstill check experiments/quickstart.yaml      prints every mistake with its line, or the resolved configuration")]
    Check(Check),
    /// Train the teacher of an experiment
    #[command(after_help = "Example:
  flowstill train experiments/quickstart.yaml      writes runs/quickstart/teacher.safetensors")]
    Train(Experiment),
    /// Try learning rates for the teacher of an experiment, each for one step
    #[command(after_help = "Examples:
  flowstill find-rate my.yaml                      rates from 1e-5 to 1 in 300 steps
  flowstill find-rate my.yaml -o rates.svg         with a picture

The rate grows from step to step. Take one where the loss falls steeply, some way before it rises again (Smith 2017); a
training with a warm-up and a falling schedule often bears a few times as much.")]
    FindRate(FindRate),
    /// Distil the student of an experiment from its teacher
    #[command(after_help = "Examples:
  flowstill distill experiments/quickstart.yaml
  flowstill distill my.yaml --teacher other/teacher.safetensors    from a teacher trained elsewhere on the same data")]
    Distill(Derived),
    /// Compare the student of an experiment with its teacher and write the report
    #[command(after_help = "Example:
  flowstill eval experiments/quickstart.yaml       writes metrics.json, report.html and figures/")]
    Eval(Derived),
    /// Measure speed: single operations, or the samplers of a teacher and its student side by side
    #[command(after_help = "Examples:
  flowstill bench                                             every operation on 5 layers of 512, 512, dimension 63
  flowstill bench --dim 63 --hidden 100,100 --batch 100 --ops train --threads 1
  flowstill bench --dim 9 --ops train --batch 512 --engine reference           the same in plain dfdx
  flowstill bench runs/quickstart/student.safetensors --batch 1,10000 --json   a trained flow, JSON lines
  flowstill bench --teacher runs/quickstart/teacher.safetensors --student runs/quickstart/student.safetensors

Operations of a teacher: train (a training step), log_prob, maf_sample; of a student: iaf_sample (with log-density),
input_gradient, adjoint (w·J = g of each layer); of both: distill (a training step of the student); and noise.

Each operation is measured in turns with a dense matrix product by the same threads: `of a product` is the share of its
rate that the arithmetic really done makes up, `as if dense` the same with the masked half counted too. For a batch of
one row it is compared with reading the weights once.")]
    Bench(Bench),
    /// Draw samples from a checkpoint
    #[command(after_help = "Examples:
  flowstill sample student.safetensors -n 1000 -o samples.csv
  flowstill sample student.safetensors -n 100000000 -o samples.npy --seed 7     streams, in constant memory
  flowstill sample student.safetensors -n 5 -o -                                CSV to standard output
  flowstill sample student.safetensors -n 1000 -o cold.csv --temperature 0.8    nearer to where the flow is dense
  flowstill sample a.safetensors --with b.safetensors -n 1000 -o samples.npy    an ensemble
  flowstill sample --exact imh --teacher teacher.safetensors student.safetensors -n 100000 -o exact.npy

Row i depends on the seed and i alone: not on -n, not on --threads. A model of pictures gives whole pixels.

--exact gives the teacher's samples from a student: the student proposes, the teacher corrects, each in one pass.
  imh        Metropolis–Hastings on 64 chains, exact once --burn-in is long; rows repeat where proposals are refused
  sir        resampling from --pool times as many rows, exact for a large pool; the last rows depend on -n
  rejection  independent rows, more proposals for each; exact if --log-bound is at least every log p − log q
How many rows all of them count as is said at the end.")]
    Sample(Sample),
    /// Log-densities of rows in a file
    #[command(after_help = "Examples:
  flowstill log-prob teacher.safetensors my.csv -o log_prob.npy
  flowstill log-prob teacher.safetensors my.npy -o -       CSV to standard output
  flowstill log-prob student.safetensors cold.csv --temperature 0.8
  flowstill log-prob a.safetensors test.npy --with b.safetensors --with c.safetensors -o log_prob.npy    an ensemble

In nats, in the units of the data. A model of pictures takes whole pixels and adds noise to them; divided by
−dim · log 2, its log-densities are bits per dimension. The columns must be those of the training data, in their order.
The mean of all rows and its standard error are said at the end.")]
    LogProb(LogProb),
    /// Carry rows of one flow's distribution into rows of another's
    #[command(after_help = "Examples:
  flowstill transport --from runs/a/teacher.safetensors --to runs/b/teacher.safetensors a.csv -o as_b.npy
  flowstill transport --from b.safetensors --to a.safetensors as_b.npy -o a_again.csv       the way back
  flowstill transport --from a.safetensors --to b.safetensors a.csv -o - --log-det          CSV to standard output

A row goes down to the base by the first flow and up to the data by the second, each in the units of its data. Samples
of the first become samples of the second, and log p(x) of the first is log p(x') of the second plus log_det. In one
dimension this is the monotone rearrangement; of flows of one order of the columns the Knothe-Rosenblatt map; in general
one of many such maps, and not the optimal one.")]
    Transport(Transport),
    /// Write the rows of an experiment's data, as they are split
    #[command(after_help = "Examples:
  flowstill rows my.yaml -o test.npy                       the test rows, in the units of the data
  flowstill rows my.yaml --part train -o train.csv
  flowstill rows my.yaml -o test.npy && flowstill log-prob runs/my/teacher.safetensors test.npy -o log_prob.npy")]
    Rows(Rows),
    /// Prepare the benchmarks that papers compare on
    #[command(after_help = "Examples:
  flowstill data list                              what there is, where its files are had, how to use it
  flowstill data prepare miniboone --from MiniBooNE_PID.txt --out data/miniboone")]
    Data(Data),
    /// Say what a checkpoint is: architecture, parameters, cost of sampling and of a density
    #[command(after_help = "Example:
  flowstill describe runs/quickstart/student.safetensors")]
    Describe(Describe),
    /// List the families of flows that an experiment can name, with what each costs
    #[command(after_help = "Examples:
  flowstill families                 all of them, and what else a flow is made of
  flowstill families planar          one: its keys, its costs, when to take it, its source")]
    Families(Families),
}

#[derive(Debug, Args)]
pub struct Experiment {
    /// The experiment's YAML
    pub file: PathBuf,
    /// Folder that holds one folder per run
    #[arg(long, default_value = "runs", value_name = "DIR")]
    pub runs: PathBuf,
    /// Replace results of another configuration
    #[arg(long)]
    pub overwrite: bool,
    /// What computes layers and gradients in training
    #[arg(long, value_enum, default_value = "fused")]
    pub engine: Engine,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Engine {
    /// whole runs of layers at once, on packed weights
    Fused,
    /// plain dfdx operations: slow, to check the other one against
    Reference,
}

impl From<Engine> for flowstill_runner::Engine {
    fn from(engine: Engine) -> Self {
        match engine {
            Engine::Fused => Self::Fused,
            Engine::Reference => Self::Reference,
        }
    }
}

#[derive(Debug, Args)]
pub struct Derived {
    #[command(flatten)]
    pub experiment: Experiment,
    /// A teacher trained elsewhere on the same data, in place of the experiment's own
    #[arg(long, value_name = "CHECKPOINT")]
    pub teacher: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Check {
    /// The experiment's YAML
    pub file: PathBuf,
}

#[derive(Debug, Args)]
pub struct Bench {
    /// A .safetensors file of flowstill to measure, in place of a shape
    #[arg(conflicts_with_all = ["teacher", "student", "dim", "hidden", "layers"])]
    pub checkpoint: Option<PathBuf>,
    /// Compare the samplers of this teacher (in three methods) …
    #[arg(long, value_name = "CHECKPOINT", requires = "student", conflicts_with_all = ["dim", "hidden", "layers", "ops"])]
    pub teacher: Option<PathBuf>,
    /// … and this student
    #[arg(long, value_name = "CHECKPOINT", requires = "teacher")]
    pub student: Option<PathBuf>,
    /// Coordinates of the flow that is made for measuring
    #[arg(long, default_value_t = 63, value_parser = up_to::<10_000>)]
    pub dim: usize,
    /// Widths of its hidden layers
    #[arg(long, value_delimiter = ',', default_values_t = [512, 512], value_parser = up_to::<65_536>)]
    pub hidden: Vec<usize>,
    /// Its autoregressive layers
    #[arg(long, default_value_t = 5, value_parser = up_to::<1000>)]
    pub layers: usize,
    /// Operations, listed below; all that the flows can do if absent
    #[arg(long, value_delimiter = ',', value_parser = operation)]
    pub ops: Option<Vec<Operation>>,
    /// Rows of one call; 1,100,1000,10000 if absent, for samplers 1,10,100,1000,10000
    #[arg(long, visible_alias = "batches", value_delimiter = ',', value_parser = up_to::<100_000_000>)]
    pub batch: Option<Vec<usize>>,
    /// Timings of each point
    #[arg(long, default_value_t = 9, value_parser = positive)]
    pub repetitions: usize,
    /// Threads; all cores if absent
    #[arg(long, value_parser = threads)]
    pub threads: Option<usize>,
    /// What computes train, distill and input_gradient
    #[arg(long, value_enum, default_value = "fused", conflicts_with_all = ["teacher", "student"])]
    pub engine: Engine,
    /// One JSON object per line instead of a table
    #[arg(long)]
    pub json: bool,
    /// Answer each line on standard input with one more measurement, as a line of JSON
    #[arg(long, conflicts_with_all = ["teacher", "student", "save_models", "repetitions"])]
    pub serve: bool,
    /// Write the flows that are made for measuring to this folder, and measure nothing
    #[arg(long, value_name = "DIR", conflicts_with_all = ["checkpoint", "teacher", "student", "ops", "batch", "json"])]
    pub save_models: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct FindRate {
    /// The experiment's YAML
    pub file: PathBuf,
    /// Steps, one at each rate
    #[arg(long, default_value_t = 300, value_parser = up_to::<100_000>)]
    pub steps: usize,
    /// First rate
    #[arg(long, default_value_t = 1e-5, value_name = "RATE", allow_negative_numbers = true)]
    pub least: f64,
    /// Last rate
    #[arg(long, default_value_t = 1.0, value_name = "RATE", allow_negative_numbers = true)]
    pub most: f64,
    /// A picture of the losses, .svg
    #[arg(short, long)]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Rows {
    /// The experiment's YAML
    pub file: PathBuf,
    /// Which part
    #[arg(long, value_enum, default_value = "test")]
    pub part: Part,
    /// .npy, .csv, or - for CSV on standard output
    #[arg(short, long, default_value = "-")]
    pub output: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Part {
    Train,
    Validation,
    Test,
}

#[derive(Debug, Args)]
pub struct Families {
    /// One family, as experiments name it under `model`
    pub name: Option<String>,
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("expected a whole number, at least 1".to_owned()),
        Ok(number) => Ok(number),
    }
}

fn up_to<const MOST: usize>(text: &str) -> Result<usize, String> {
    match positive(text) {
        Ok(number) if number <= MOST => Ok(number),
        _ => Err(format!("expected a whole number from 1 to {MOST}")),
    }
}

fn operation(text: &str) -> Result<Operation, String> {
    Operation::ALL.into_iter().find(|operation| operation.name() == text).ok_or_else(|| {
        let names = Operation::ALL.map(Operation::name).join(", ");
        format!("expected one of {names}")
    })
}

/// More threads than this only wait for each other.
fn threads(text: &str) -> Result<usize, String> {
    let most = 4 * std::thread::available_parallelism().map_or(1, usize::from);
    match positive(text) {
        Ok(number) if number <= most => Ok(number),
        _ => Err(format!("expected a whole number from 1 to {most}, four times the cores of this machine")),
    }
}
