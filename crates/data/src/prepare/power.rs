//! POWER: what one household drew from the grid, minute by minute over four years.

use std::path::{Path, PathBuf};

use super::Benchmark;
use super::columns::{Moments, counted, keep};
use super::lines::{Lines, fields, number, shown};
use super::numpy_random::RandomState;
use super::parts::{Parts, SPLIT, last_tenth};
use crate::error::DataError;
use crate::table::read_table;

pub const POWER: Benchmark = Benchmark {
    name: "power",
    title: "electric power of a household",
    dim: 6,
    rows: [1_659_917, 184_435, 204_928],
    gaussian: [-7.74, 0.02],
    files: "household_power_consumption.txt of UCI, or power/data.npy of the authors' archive",
    from: &["household_power_consumption.txt"],
    address: "https://archive.ics.uci.edu/dataset/235/individual+household+electric+power+consumption",
    remark: "Noise of the file's resolution is added to all columns but the time of day in minutes: the paper's text\n\
             has it there too, its program has not.",
    read,
};

/// The header of the UCI file.
const HEADER: [&str; 9] = [
    "Date",
    "Time",
    "Global_active_power",
    "Global_reactive_power",
    "Voltage",
    "Global_intensity",
    "Sub_metering_1",
    "Sub_metering_2",
    "Sub_metering_3",
];

/// Measured values, and the minute of the day as the last column: the layout of the archive's array.
const STORED: usize = 8;

fn read(files: &[PathBuf]) -> Result<Parts, DataError> {
    let path = &files[0];
    let mut steps = Vec::new();
    let rows = if is_array(path) {
        let table = read_table(path)?;
        if table.dim != STORED {
            let what = format!(
                "{}, expected {STORED}: the archive's power/data.npy has seven measurements and the minute of the day",
                counted(table.dim, "column")
            );
            return Err(DataError::malformed(path, what));
        }
        table.values
    } else {
        let (rows, missing) = read_text(path)?;
        steps.push(format!("dropped {} with missing measurements", counted(missing, "row")));
        steps.push("dropped the date; the time became minutes since midnight".into());
        rows
    };
    prepare(rows, steps)
}

fn is_array(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    name.trim_end_matches(".gz").ends_with(".npy")
}

/// The rows without missing values, and the number of those with some.
fn read_text(path: &Path) -> Result<(Vec<f64>, usize), DataError> {
    let mut lines = Lines::open(path)?;
    let header = lines.first()?;
    if !header.split(';').map(str::trim).eq(HEADER) {
        let what = format!(
            "line 1 is {}, expected the header {}; give household_power_consumption.txt of UCI as it was fetched",
            shown(header),
            HEADER.join(";")
        );
        return Err(DataError::malformed(path, what));
    }
    let (mut rows, mut missing) = (Vec::new(), 0);
    while let Some((line, text)) = lines.next()? {
        let values: Vec<&str> = text.split(';').map(str::trim).collect();
        if values.len() != HEADER.len() {
            return Err(fields(path, line, values.len(), "9 separated by semicolons"));
        }
        let minute = minute_of_day(values[1]).ok_or_else(|| {
            let what = format!("line {line}, column Time: {:?} is no time, expected HH:MM:SS", values[1]);
            DataError::malformed(path, what)
        })?;
        if values[2..].iter().any(|value| matches!(*value, "?" | "")) {
            missing += 1;
            continue;
        }
        for (value, column) in values[2..].iter().zip(&HEADER[2..]) {
            rows.push(number(path, line, column, value)?);
        }
        rows.push(minute);
    }
    if rows.is_empty() {
        return Err(DataError::Empty { path: path.to_path_buf() });
    }
    Ok((rows, missing))
}

/// Whole minutes since midnight of `HH:MM:SS`.
fn minute_of_day(text: &str) -> Option<f64> {
    let mut parts = text.split(':').map(|part| part.parse::<u32>().ok());
    match (parts.next()??, parts.next()??, parts.next()??, parts.next()) {
        (hour @ 0..24, minute @ 0..60, 0..60, None) => Some(f64::from(60 * hour + minute)),
        _ => None,
    }
}

/// Shuffles, takes out reactive power and intensity, adds noise of one generator in the order of the paper's program,
/// splits, and standardises by all rows that are not tested on.
fn prepare(mut rows: Vec<f64>, mut steps: Vec<String>) -> Result<Parts, DataError> {
    let mut random = RandomState::new(42);
    random.shuffle_rows(&mut rows, STORED);
    steps.push("shuffled as numpy.random.RandomState(42) does".into());
    let mut rows = keep(&rows, STORED, &[0, 2, 4, 5, 6, 7]);
    steps.push("removed global_reactive_power and global_intensity".into());
    let columns: Vec<String> =
        ["global_active_power", "voltage", "sub_metering_1", "sub_metering_2", "sub_metering_3", "time"]
            .map(str::to_owned)
            .to_vec();
    let dim = columns.len();
    for (of, scale) in [(1..2, 0.01), (0..1, 0.001), (2..5, 1.0)] {
        for row in rows.chunks_exact_mut(dim) {
            row[of.clone()].iter_mut().for_each(|x| *x += scale * random.uniform());
        }
    }
    steps.push(
        "added uniform noise, drawn by the same generator: [0, 0.01) to voltage, [0, 0.001) to global_active_power, [0, 1) \
         to the sub-meterings, none to the time"
            .into(),
    );
    let (rest, mut test) = last_tenth(POWER.name, "test", rows, dim)?;
    let moments = Moments::of(POWER.name, &columns, &rest, 0)?;
    let (mut train, mut validation) = last_tenth(POWER.name, "validation", rest, dim)?;
    steps.push(SPLIT.into());
    [&mut train, &mut validation, &mut test].into_iter().for_each(|part| moments.standardise(part));
    steps.push("standardised by mean and deviation of train and validation together".into());
    Ok(Parts { columns, train, validation, test, steps })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_time_of_day() {
        assert_eq!((minute_of_day("17:24:00"), minute_of_day("00:00:59")), (Some(1044.0), Some(0.0)));
        assert!(["24:00:00", "1:60:00", "12:30", "12:30:00:00", "noon", ""].iter().all(|t| minute_of_day(t).is_none()));
    }
}
