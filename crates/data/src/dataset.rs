//! Data ready for a flow: three standardised parts, and what is needed to speak of them in data space.

use flowstill_model::standardizer::Moments;
use flowstill_model::{Pixels, Standardizer};

use crate::dequantise::dequantise;
use crate::error::DataError;
use crate::hash::ContentHash;
use crate::stream::{Stream, Walked};

/// Fewest rows of a training part: below it not even a mean is worth fitting.
pub const MINIMUM_TRAINING_ROWS: usize = 10;
/// Fewest rows of a validation or test part: a standard error needs two.
pub const MINIMUM_HELD_OUT_ROWS: usize = 2;

/// Standardised rows, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    pub dim: usize,
    pub values: Vec<f32>,
}

impl Rows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.values.len() / self.dim
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Row `i`, of `dim` values.
    pub fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.dim..(i + 1) * self.dim]
    }
}

/// Three parts of one data set in standardised space.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Stem of the file or name of the synthetic target.
    pub name: String,
    /// One name per column.
    pub columns: Vec<String>,
    /// Where rows are pictures, how their pixels became real numbers; the standardiser takes their logits.
    pub pixels: Option<Pixels>,
    /// The training pixels themselves, where rows are pictures.
    pub whole: Option<Vec<u16>>,
    /// Fitted on the training part alone.
    pub standardizer: Standardizer,
    pub train: Rows,
    /// All training rows, where they stay in their file: `train` then holds some of them, evenly spaced, for what is computed
    /// from the training part as a whole.
    pub stream: Option<Stream>,
    pub validation: Rows,
    pub test: Rows,
    /// SHA-256 (hexadecimal) of the three parts in data space: their sizes and values as little-endian 64-bit words.
    /// The same rows give the same hash whatever the format of the file they came from. Of pictures the pixels, without
    /// noise, and the settings.
    pub hash: String,
}

impl Dataset {
    pub fn dim(&self) -> usize {
        self.columns.len()
    }

    /// Number of training rows.
    pub fn training_rows(&self) -> usize {
        self.stream.as_ref().map_or(self.train.len(), Stream::len)
    }

    /// Standardised rows in data space, row-major: real values of pixels where rows are pictures.
    pub fn restore(&self, rows: &[f32]) -> Vec<f64> {
        let mut values = self.standardizer.restore(rows);
        if let Some(pixels) = &self.pixels {
            values.iter_mut().for_each(|y| *y = pixels.from_logit(*y));
        }
        values
    }

    /// Standardises three parts given in data space, `[train, validation, test]`, each row-major.
    pub(crate) fn assemble(name: String, columns: Vec<String>, parts: [Vec<f64>; 3]) -> Result<Self, DataError> {
        check_rows(&name, parts.each_ref().map(|values| values.len() / columns.len()))?;
        let hash = content_hash(columns.len(), &parts, None);
        Self::standardised(name, columns, None, None, parts, hash)
    }

    /// The same for pictures: `parts` are pixels, which noise of this seed makes real. Rows are counted on from part to
    /// part.
    pub(crate) fn of_pictures(
        name: String,
        columns: Vec<String>,
        pixels: Pixels,
        seed: u64,
        mut parts: [Vec<f64>; 3],
    ) -> Result<Self, DataError> {
        let dim = columns.len();
        check_rows(&name, parts.each_ref().map(|values| values.len() / dim))?;
        pixels.check(dim).map_err(|reason| DataError::Pixels { dataset: name.clone(), reason })?;
        check_pixels(&name, &columns, &parts, pixels.levels)?;
        let hash = content_hash(dim, &parts, Some(&pixels));
        // at most 2¹⁶ levels
        let whole = parts[0].iter().map(|&pixel| pixel as u16).collect();
        let mut first_row = 0;
        for values in &mut parts {
            dequantise(seed, 0, first_row, dim, values);
            values.iter_mut().for_each(|value| *value = pixels.to_logit(*value));
            first_row += (values.len() / dim) as u64;
        }
        Self::standardised(name, columns, Some(pixels), Some(whole), parts, hash)
    }

    fn standardised(
        name: String,
        columns: Vec<String>,
        pixels: Option<Pixels>,
        whole: Option<Vec<u16>>,
        parts: [Vec<f64>; 3],
        hash: String,
    ) -> Result<Self, DataError> {
        let dim = columns.len();
        let mut of_columns = Columns::new(dim);
        of_columns.add(&parts[0]);
        let standardizer = of_columns.standardizer(&name, &columns)?;
        let [train, validation, test] = parts.map(|values| Rows { dim, values: standardizer.standardize(&values) });
        check_scale(&name, &columns, [&train, &validation, &test])?;
        Ok(Self { name, columns, pixels, whole, standardizer, train, stream: None, validation, test, hash })
    }

    /// The same with training rows that stay in their file, which is gone through once; about `most_kept` values of them are kept
    /// in memory at most.
    pub(crate) fn streamed(
        name: String,
        columns: Vec<String>,
        stream: Stream,
        most_kept: usize,
        held_out: [Vec<f64>; 2],
    ) -> Result<Self, DataError> {
        let dim = columns.len();
        let [validation, test] = held_out.each_ref().map(|values| values.len() / dim);
        check_rows(&name, [stream.len(), validation, test])?;
        let mut hash = ContentHash::new(dim);
        hash.begin(stream.len());
        let Walked { columns: of_columns, kept, stride } = stream.walk(most_kept, |values| hash.add(values))?;
        for values in &held_out {
            hash.begin(values.len() / dim);
            hash.add(values);
        }
        if stride > 1 {
            hash.add_stride(stride);
        }
        let standardizer = of_columns.standardizer(&name, &columns)?;
        let [validation, test] = held_out.map(|values| Rows { dim, values: standardizer.standardize(&values) });
        let train = Rows { dim, values: standardizer.standardize(&kept) };
        check_scale(&name, &columns, [&train, &validation, &test])?;
        let (stream, hash) = (Some(stream.standardised_by(standardizer.clone())), hash.finish());
        Ok(Self { name, columns, pixels: None, whole: None, standardizer, train, stream, validation, test, hash })
    }
}

const PARTS: [&str; 3] = ["training", "validation", "test"];

fn check_rows(name: &str, rows: [usize; 3]) -> Result<(), DataError> {
    let minima = [MINIMUM_TRAINING_ROWS, MINIMUM_HELD_OUT_ROWS, MINIMUM_HELD_OUT_ROWS];
    for ((part, rows), minimum) in PARTS.into_iter().zip(rows).zip(minima) {
        if rows < minimum {
            return Err(DataError::TooFewRows { dataset: name.to_owned(), part, rows, minimum });
        }
    }
    Ok(())
}

/// Single precision holds every standardised value.
fn check_scale(name: &str, columns: &[String], parts: [&Rows; 3]) -> Result<(), DataError> {
    for rows in parts {
        if let Some(at) = rows.values.iter().position(|v| !v.is_finite()) {
            return Err(DataError::Scale { dataset: name.to_owned(), column: columns[at % columns.len()].clone() });
        }
    }
    Ok(())
}

fn check_pixels(dataset: &str, columns: &[String], parts: &[Vec<f64>; 3], levels: u32) -> Result<(), DataError> {
    for (part, values) in PARTS.into_iter().zip(parts) {
        if let Some(at) = no_pixel(values, levels) {
            let (row, column, value) = (at / columns.len(), columns[at % columns.len()].clone(), values[at]);
            return Err(DataError::NoPixel { dataset: dataset.to_owned(), part, row, column, value, levels });
        }
    }
    Ok(())
}

/// Where the first value is that is no whole number below `levels`.
pub fn no_pixel(values: &[f64], levels: u32) -> Option<usize> {
    values.iter().position(|v| !(v.fract() == 0.0 && (0.0..f64::from(levels)).contains(v)))
}

/// What is known of the columns of the training part once all its rows were seen.
#[derive(Debug)]
pub(crate) struct Columns {
    moments: Moments,
    rows: usize,
    first: Vec<f64>,
    varies: Vec<bool>,
}

impl Columns {
    pub fn new(dim: usize) -> Self {
        Self { moments: Moments::new(dim), rows: 0, first: Vec::new(), varies: vec![false; dim] }
    }

    /// Further rows, row-major.
    pub fn add(&mut self, values: &[f64]) {
        let dim = self.varies.len();
        if self.first.is_empty() {
            self.first = values[..dim.min(values.len())].to_vec();
        }
        for row in values.chunks_exact(dim) {
            for ((varies, first), value) in self.varies.iter_mut().zip(&self.first).zip(row) {
                *varies |= value != first;
            }
        }
        self.rows += values.len() / dim;
        self.moments.add(values);
    }

    /// # Errors
    /// A column that is constant, or cannot be standardised.
    fn standardizer(self, dataset: &str, names: &[String]) -> Result<Standardizer, DataError> {
        let dataset = dataset.to_owned();
        if let Some(j) = self.varies.iter().position(|varies| !varies) {
            let (column, value, rows) = (names[j].clone(), self.first[j], self.rows);
            return Err(DataError::Constant { dataset, column, value, rows });
        }
        let standardizer = self.moments.standardizer();
        match standardizer.sd.iter().position(|&sd| !(sd > 0.0 && sd.is_finite())) {
            Some(j) => Err(DataError::Scale { dataset, column: names[j].clone() }),
            None => Ok(standardizer),
        }
    }
}

fn content_hash(dim: usize, parts: &[Vec<f64>; 3], pixels: Option<&Pixels>) -> String {
    let mut hash = ContentHash::new(dim);
    for values in parts {
        hash.begin(values.len() / dim);
        hash.add(values);
    }
    if let Some(pixels) = pixels {
        hash.add_pixels(pixels);
    }
    hash.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assemble(train: Vec<f64>, held_out: Vec<f64>) -> Result<Dataset, DataError> {
        let columns = vec!["a".to_string(), "b".to_string()];
        Dataset::assemble("toy".into(), columns, [train, held_out.clone(), held_out])
    }

    fn ramp(rows: usize) -> Vec<f64> {
        (0..rows).flat_map(|i| [i as f64, 5.0 - 2.0 * i as f64]).collect()
    }

    #[test]
    fn parts_are_standardised_by_the_training_part_alone() {
        let data = assemble(ramp(101), vec![50.0, 5.0, 1e3, 5.0]).unwrap();
        assert_eq!(data.standardizer.mean, [50.0, -95.0]);
        assert_eq!((data.train.len(), data.test.len(), data.dim()), (101, 2, 2));
        assert_eq!(data.test.row(0)[0], 0.0);
        assert_eq!(data.test.row(0)[1], (100.0 / data.standardizer.sd[1]) as f32);
    }

    #[test]
    fn the_hash_sees_values_and_sizes() {
        let data = assemble(ramp(20), ramp(4)).unwrap();
        assert_eq!(data.hash.len(), 64);
        assert_eq!(assemble(ramp(20), ramp(4)).unwrap().hash, data.hash);
        assert_ne!(assemble(ramp(20), ramp(5)).unwrap().hash, data.hash);
        let mut changed = ramp(20);
        changed[7] += 1e-12;
        assert_ne!(assemble(changed, ramp(4)).unwrap().hash, data.hash);
    }

    #[test]
    fn pictures_are_dequantised_logits_and_come_back_as_their_pixels() {
        let whole =
            |rows: usize, from: usize| -> Vec<f64> { (0..rows * 6).map(|i| ((i * 37 + from) % 256) as f64).collect() };
        let columns = crate::columns::numbered(6);
        let pixels = Pixels { shape: Some([2, 3]), ..Pixels::default() };
        let of = |pixels: &Pixels, seed, parts| {
            Dataset::of_pictures("toy".into(), columns.clone(), pixels.clone(), seed, parts)
        };
        let parts = || [whole(40, 0), whole(9, 5), whole(7, 11)];
        let data = of(&pixels, 3, parts()).unwrap();
        assert_eq!(data.pixels.as_ref(), Some(&pixels));
        for (rows, whole) in [&data.train, &data.validation, &data.test].into_iter().zip(parts()) {
            for (back, pixel) in data.restore(&rows.values).into_iter().zip(whole) {
                assert!((back - pixel - 0.5).abs() < 0.5 + 1e-4, "{back} of {pixel}");
            }
        }
        // single precision of a standardised logit leaves the mean of the noise of all as it was
        let test = data.restore(&data.test.values);
        let mut expected = whole(7, 11);
        dequantise(3, 0, 49, 6, &mut expected);
        assert!(test.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-3), "rows are counted from part to part");
        assert_eq!(of(&pixels, 3, parts()).unwrap().train, data.train);
        let other_noise = of(&pixels, 4, parts()).unwrap();
        assert!(other_noise.train != data.train && other_noise.hash == data.hash);
        assert_ne!(of(&Pixels { alpha: 0.05, ..pixels.clone() }, 3, parts()).unwrap().hash, data.hash);

        let message = |pixels: &Pixels, parts| of(pixels, 3, parts).unwrap_err().to_string();
        let mut half = parts();
        half[1][8] = 0.5;
        let text = message(&pixels, half);
        assert!(text.contains("validation part has the value 0.5 in row 1") && text.contains("column x3"), "{text}");
        let few = Pixels { levels: 16, ..pixels.clone() };
        assert!(message(&few, parts()).contains("expected pixels, whole numbers from 0 to 15"));
        assert!(message(&Pixels { shape: Some([4, 4]), ..pixels }, parts()).contains("4 × 4, but have 6 pixels"));
    }

    #[test]
    fn of_rows_that_stay_in_their_file_some_are_in_memory_and_all_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.npy");
        let names = vec!["a".to_string(), "b".to_string()];
        let mut writer = crate::create(&path, &names, 100).unwrap();
        writer.write_rows(&ramp(100)).unwrap();
        writer.finish().unwrap();
        let streamed = |most_kept| {
            let stream = Stream::open(&path).unwrap();
            Dataset::streamed("toy".into(), names.clone(), stream, most_kept, [ramp(4), ramp(4)]).unwrap()
        };
        let (whole, some) = (streamed(200), streamed(50));
        let held = Dataset::assemble("toy".into(), names.clone(), [ramp(100), ramp(4), ramp(4)]).unwrap();
        assert_eq!((&whole.train, &whole.standardizer, &whole.hash), (&held.train, &held.standardizer, &held.hash));
        assert_eq!((some.train.len(), some.training_rows()), (25, 100));
        assert_eq!((&some.standardizer, some.train.row(1)), (&held.standardizer, held.train.row(4)));
        // what is found in some of the rows may differ from what is found in all
        assert_ne!(some.hash, whole.hash);
    }

    #[test]
    fn degenerate_data_is_refused_with_the_column() {
        let constant: Vec<f64> = (0..20).flat_map(|i| [f64::from(i), 0.1]).collect();
        let message = assemble(constant, ramp(4)).unwrap_err().to_string();
        assert_eq!(
            message,
            "toy: column b is constant (0.1 in all 20 training rows), so it has no density; remove the column"
        );
        let huge: Vec<f64> = (0..20).flat_map(|i| [f64::from(i) * 1e300, f64::from(i)]).collect();
        assert!(assemble(huge, ramp(4)).unwrap_err().to_string().contains("column a spans"));
        let far = vec![0.0, 0.0, 0.0, 1e45];
        assert!(assemble(ramp(20), far).unwrap_err().to_string().contains("column b spans"));
        let message = assemble(ramp(9), ramp(4)).unwrap_err().to_string();
        assert!(message.contains("training part has 9 rows, expected at least 10"), "{message}");
    }
}
