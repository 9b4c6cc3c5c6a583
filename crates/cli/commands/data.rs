//! `data`: benchmarks from the files that they are published in.

use crate::announce::{A_MOMENT, announced};
use crate::arguments::{DataAction, ListData, PrepareData};
use crate::output;
use anyhow::Result;
use flowstill_data::prepare::{self, ARCHIVE, Benchmark, columns::grouped};

pub fn data(action: &DataAction, quiet: bool) -> Result<()> {
    match action {
        DataAction::List(options) => list(options),
        DataAction::Prepare(options) => prepare(options, quiet),
    }
}

fn list(options: &ListData) -> Result<()> {
    let text = match &options.name {
        Some(name) => about(Benchmark::named(name)?),
        None => {
            let sections: Vec<_> = prepare::ALL.into_iter().map(about).collect();
            format!(
                "Benchmarks of Papamakarios, Pavlakou & Murray (2017), \"Masked Autoregressive Flow for Density Estimation\".\n\
                 The authors' own files are one archive: {ARCHIVE}\n\n{}",
                sections.join("\n\n")
            )
        }
    };
    Ok(output::result(text)?)
}

fn about(benchmark: &Benchmark) -> String {
    let Benchmark { name, title, dim, rows, gaussian: [mean, errors], files, from, address, remark, .. } = benchmark;
    let [train, validation, test] = rows.map(grouped);
    let remark = remark.replace('\n', "\n             ");
    let from = from.join(" ");
    format!(
        "{name}: {title}
  columns    {dim}
  rows       {train} to train, {validation} to validate, {test} to test
  Gaussian   {mean:.2} ± {errors:.2} nats on the test rows, with full covariance, in the paper
  files      {files}
  from       {address}
  remark     {remark}
  prepare    flowstill data prepare {name} --from {from} --out data/{name}
  YAML       data: {{train: data/{name}/train.npy, validation: data/{name}/validation.npy, test: data/{name}/test.npy}}"
    )
}

fn prepare(options: &PrepareData, quiet: bool) -> Result<()> {
    let benchmark = Benchmark::named(&options.name)?;
    let say = || {
        if !quiet {
            output::note(format_args!("reading and preparing {}", benchmark.name));
        }
    };
    let record = announced(A_MOMENT, say, || prepare::prepare(benchmark, &options.from, &options.out))?;
    output::result(record.summary(benchmark))?;
    if !quiet {
        output::note(format_args!(
            "wrote train.npy, validation.npy, test.npy, columns.txt and {} to {}",
            prepare::RECORD_FILE,
            options.out.display()
        ));
    }
    Ok(())
}
