//! GAS: sixteen chemical sensors in a stream of ethylene and carbon monoxide in air.

use std::path::{Path, PathBuf};

use super::Benchmark;
use super::columns::{Moments, counted, keep};
use super::lines::{Lines, fields, number, shown};
use super::numpy_random::RandomState;
use super::parts::{Parts, SPLIT, last_tenth};
use crate::error::DataError;
use crate::table::read_table;

pub const GAS: Benchmark = Benchmark {
    name: "gas",
    title: "sensors in a mixture of gases",
    dim: 8,
    rows: [852_174, 94_685, 105_206],
    gaussian: [-3.58, 0.75],
    files: "ethylene_CO.txt of UCI, or the archive's gas/ethylene_CO.pickle as CSV (below)",
    from: &["ethylene_CO.txt"],
    address: "https://archive.ics.uci.edu/dataset/322/gas+sensor+array+under+dynamic+gas+mixtures",
    remark: "The authors kept a quarter of the rows, drawn without a seed: only their own file has just those rows.\n\
             python -c \"import pandas; pandas.read_pickle('ethylene_CO.pickle').to_csv('ethylene_CO.csv', index=False)\"\n\
             makes CSV of it. Of UCI's file another quarter is drawn, always the same one.",
    read,
};

/// Seconds and the concentrations of two gases, in front of the sensors.
const LEADING: usize = 3;
const SENSORS: usize = 16;
const FIELDS: usize = LEADING + SENSORS;
/// As the archive's table calls the columns that the paper leaves out.
const LEFT_OUT: [&str; LEADING] = ["Time", "Meth", "Eth"];
/// Correlation above which two sensors count as one.
const SAME: f64 = 0.98;

fn read(files: &[PathBuf]) -> Result<Parts, DataError> {
    let path = &files[0];
    let end = path.extension().unwrap_or_default().to_ascii_lowercase();
    if ["pickle", "pkl", "p"].iter().any(|pickle| end == *pickle) {
        let what = "a pickle of pandas, which only Python can read; write it as CSV: python -c \"import pandas; \
                    pandas.read_pickle('ethylene_CO.pickle').to_csv('ethylene_CO.csv', index=False)\", and give that file";
        return Err(DataError::malformed(path, what));
    }
    let mut lines = Lines::open(path)?;
    let header = lines.first()?.to_owned();
    drop(lines);
    let names: Vec<&str> = header.split(',').map(str::trim).collect();
    if LEFT_OUT.iter().all(|name| names.contains(name)) {
        let (columns, rows) = read_archived(path)?;
        let steps = vec!["took all rows: the authors' file is a quarter already".into(), left_out()];
        return prepare(columns, rows, steps);
    }
    if !header.to_ascii_lowercase().contains("sensor readings") {
        let what = format!(
            "line 1 is {}, expected \"Time (seconds), CO conc (ppm), Ethylene conc (ppm), sensor readings (16 channels)\" \
             or, from the authors' pickle, a header with Time, Meth and Eth; give ethylene_CO.txt of UCI as it was fetched",
            shown(&header)
        );
        return Err(DataError::malformed(path, what));
    }
    if header.to_ascii_lowercase().contains("methane") {
        return Err(DataError::malformed(path, "this is the mixture with methane, expected ethylene_CO.txt beside it"));
    }
    let all = read_text(path)?;
    let count = all.len() / SENSORS;
    // as Python rounds
    let size = (0.25 * count as f64).round_ties_even() as usize;
    let drawn = RandomState::new(42).choice(count, size);
    let rows = drawn.iter().flat_map(|&i| &all[i * SENSORS..(i + 1) * SENSORS]).copied().collect();
    let quarter = format!(
        "drew {} of {}, in random order, as pandas' sample(frac=0.25, random_state=42); the authors' quarter had no seed",
        counted(size, "row"),
        counted(count, "row")
    );
    let columns = (1..=SENSORS).map(|j| format!("sensor_{j}")).collect();
    prepare(columns, rows, vec![left_out(), quarter])
}

fn left_out() -> String {
    "removed the time and both concentrations".into()
}

/// The sensors of all rows of UCI's text.
fn read_text(path: &Path) -> Result<Vec<f64>, DataError> {
    let mut lines = Lines::open(path)?;
    lines.first()?;
    let mut rows = Vec::new();
    while let Some((line, text)) = lines.next()? {
        let found = text.split_ascii_whitespace().count();
        if found != FIELDS {
            return Err(fields(path, line, found, "19: seconds, two concentrations, sixteen sensors"));
        }
        for (j, field) in text.split_ascii_whitespace().enumerate() {
            let value = number(path, line, &(j + 1).to_string(), field)?;
            if j >= LEADING {
                rows.push(value);
            }
        }
    }
    if rows.is_empty() {
        return Err(DataError::Empty { path: path.to_path_buf() });
    }
    Ok(rows)
}

/// The sensors of the authors' table and their names.
fn read_archived(path: &Path) -> Result<(Vec<String>, Vec<f64>), DataError> {
    let table = read_table(path)?;
    let names = table.columns.clone().unwrap_or_default();
    // pandas writes the row's label, without a name, where it is not told not to
    let unnamed = usize::from(names.first().is_some_and(|name| name == "x1"));
    let kept: Vec<usize> = (unnamed..names.len()).filter(|&j| !LEFT_OUT.contains(&names[j].as_str())).collect();
    if kept.len() != SENSORS {
        let what = format!("{} beside Time, Meth and Eth, expected {SENSORS} sensors", counted(kept.len(), "column"));
        return Err(DataError::malformed(path, what));
    }
    Ok((kept.iter().map(|&j| names[j].clone()).collect(), keep(&table.values, table.dim, &kept)))
}

/// Removes sensors that another one tells, standardises by all rows (those of the test too, as the paper's program
/// does), and splits.
fn prepare(columns: Vec<String>, rows: Vec<f64>, mut steps: Vec<String>) -> Result<Parts, DataError> {
    if rows.len() < 2 * SENSORS {
        let (dataset, rows) = (GAS.name.to_owned(), rows.len() / SENSORS);
        return Err(DataError::TooFewRows { dataset, part: "training", rows, minimum: 2 });
    }
    // before the correlations, so that a constant sensor is named
    Moments::of(GAS.name, &columns, &rows, 1)?;
    let kept = uncorrelated(&correlations(&rows, SENSORS), SENSORS);
    let removed: Vec<&str> = (0..SENSORS).filter(|j| !kept.contains(j)).map(|j| columns[j].as_str()).collect();
    steps.push(match removed[..] {
        [] => format!("removed no sensor: none correlates above {SAME} with another"),
        _ => format!("removed {}, the first of each pair that correlates above {SAME}", removed.join(", ")),
    });
    let columns: Vec<String> = kept.iter().map(|&j| columns[j].clone()).collect();
    let mut rows = keep(&rows, SENSORS, &kept);
    Moments::of(GAS.name, &columns, &rows, 1)?.standardise(&mut rows);
    steps.push("standardised by mean and deviation (n − 1) of all rows, those of the test among them".into());
    let dim = columns.len();
    let (rest, test) = last_tenth(GAS.name, "test", rows, dim)?;
    let (train, validation) = last_tenth(GAS.name, "validation", rest, dim)?;
    steps.push(SPLIT.into());
    Ok(Parts { columns, train, validation, test, steps })
}

/// Pearson's coefficients, dim × dim.
fn correlations(rows: &[f64], dim: usize) -> Vec<f64> {
    let count = (rows.len() / dim) as f64;
    let mut mean = vec![0.0; dim];
    for row in rows.chunks_exact(dim) {
        row.iter().zip(&mut mean).for_each(|(x, sum)| *sum += x / count);
    }
    let mut sums = vec![0.0; dim * dim];
    for row in rows.chunks_exact(dim) {
        for i in 0..dim {
            for j in 0..=i {
                sums[i * dim + j] += (row[i] - mean[i]) * (row[j] - mean[j]);
            }
        }
    }
    let of = |i: usize, j: usize| sums[i.max(j) * dim + i.min(j)];
    let coefficient = |i, j| if i == j { 1.0 } else { of(i, j) / (of(i, i) * of(j, j)).sqrt() };
    (0..dim * dim).map(|k| coefficient(k / dim, k % dim)).collect()
}

/// Removes the first column that correlates with another one that is left, again and again.
fn uncorrelated(correlations: &[f64], dim: usize) -> Vec<usize> {
    let mut kept: Vec<usize> = (0..dim).collect();
    while let Some(first) =
        kept.iter().position(|&i| kept.iter().filter(|&&j| correlations[i * dim + j] > SAME).count() > 1)
    {
        kept.remove(first);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_chain_of_like_columns_the_first_ones_go() {
        // 0 ~ 1, 1 ~ 2, but not 0 ~ 2: once 1 has gone for 2, 0 would have been kept; it went for 1 before
        let like = |i: usize, j: usize| if i.abs_diff(j) <= 1 && i.max(j) < 3 || i == j { 1.0 } else { -1.0 };
        let correlations: Vec<f64> = (0..16).map(|k| like(k / 4, k % 4)).collect();
        assert_eq!(uncorrelated(&correlations, 4), [2, 3]);
    }

    #[test]
    fn opposite_columns_are_not_alike() {
        let rows: Vec<f64> = (0..30).flat_map(|i| [f64::from(i), -f64::from(i), 2.0 * f64::from(i) + 1.0]).collect();
        let found = correlations(&rows, 3);
        for (value, expected) in found.iter().zip([1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0]) {
            assert!((value - expected).abs() < 1e-12, "{found:?}");
        }
        assert_eq!(uncorrelated(&found, 3), [1, 2]);
    }
}
