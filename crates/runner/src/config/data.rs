//! The section `data`: exactly one source, whose files can be read.

use super::check::Checker;
use super::suggest::{nearest, unknown_name};
use super::surroundings::Surroundings;
use super::tree::number;
use super::written;
use flowstill_data::mnist::Files;
use flowstill_data::{Source, Target, TargetError};
use flowstill_model::Pixels;
use flowstill_model::pixels::{ALPHAS, MOST_LEVELS};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Fractions of training, validation and test where none are written.
pub(super) const SPLIT: [f64; 3] = [0.8, 0.1, 0.1];

/// Rows drawn from a synthetic density where no number is written.
const ROWS: i64 = 20_000;

/// Numbers that a synthetic data set may hold at most, 8 GB of them.
const MOST_VALUES: usize = 1_000_000_000;

/// Kinds of file with the bytes with which they begin.
const KINDS: [(&str, &[u8]); 5] = [("csv", b""), ("tsv", b""), ("txt", b""), ("npy", b"\x93NUMPY"), ("npz", b"PK")];

/// Longest side of a picture.
const MOST_SIDE: i64 = 65_536;

/// The first bytes of gzip.
const GZIP: &[u8] = b"\x1f\x8b";

/// The source of the rows, if the section names one.
pub(super) fn check(
    checker: &mut Checker,
    written: Option<&written::Data>,
    surroundings: &Surroundings,
    seed: u64,
) -> Option<Source> {
    let Some(written) = written else {
        checker.wrong("data", "missing; say where the rows come from, as in `data: {path: my.csv}`".to_owned());
        return None;
    };
    lonely_keys(checker, written);
    let split = split(checker, written);
    let pixels = pixels(checker, written.pixels.as_ref());
    let mut file = |key: &str, path: &Path| surroundings.readable(path).map_err(|why| checker.wrong(key, why)).ok();
    match (&written.path, &written.train, &written.mnist, &written.synthetic) {
        (Some(path), None, None, None) => Some(Source::File { path: file("data.path", path)?, split, pixels, seed }),
        (None, Some(train), None, None) => {
            let train = file("data.train", train);
            let validation = written.validation.as_ref().map(|path| file("data.validation", path));
            let test = written.test.as_ref().map(|path| file("data.test", path));
            // a file that was named and is not readable ends the check, but only after the others were tried
            let (validation, test) =
                (validation.map_or(Some(None), |v| v.map(Some)), test.map_or(Some(None), |t| t.map(Some)));
            if written.stream == Some(true) {
                let fits = streamed(checker, written);
                let (train, validation, test) = (train?, validation??, test??);
                return fits.then_some(Source::Streamed { train, validation, test });
            }
            Some(Source::Parts { train: train?, validation: validation?, test: test?, split, pixels, seed })
        }
        (None, None, Some(folder), None) => match surroundings.pictures(folder) {
            Ok(folder) => Some(Source::Mnist { folder, pixels: pixels.unwrap_or_default(), seed }),
            Err(why) => {
                checker.wrong("data.mnist", why);
                None
            }
        },
        (None, None, None, Some(name)) => synthetic(checker, written, name, split, seed),
        (path, train, mnist, synthetic) => {
            let named = [
                ("`path`", path.is_some()),
                ("`train`", train.is_some()),
                ("`mnist`", mnist.is_some()),
                ("`synthetic`", synthetic.is_some()),
            ];
            let got: Vec<&str> = named.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
            let got = if got.is_empty() { "none".to_owned() } else { got.join(" and ") };
            checker.wrong_with(
                "data",
                "data",
                format!("expected exactly one of `path`, `train`, `mnist` and `synthetic`, got {got}"),
            );
            None
        }
    }
}

/// Whether training rows can stay in their file, as far as the section tells.
fn streamed(checker: &mut Checker, written: &written::Data) -> bool {
    let found = checker.findings.len();
    if written.pixels.is_some() {
        let message = "goes with rows of numbers, not with `pixels`; remove one of them".to_owned();
        checker.wrong_with("data.stream", "data.pixels", message);
    }
    for (key, given) in [("validation", written.validation.is_some()), ("test", written.test.is_some())] {
        if !given {
            let message = format!("cannot split a file whose rows stay in it; give `{key}` a file of its own");
            checker.wrong("data.stream", message);
        }
    }
    if written.train.as_ref().is_some_and(|train| train.extension().is_none_or(|e| !e.eq_ignore_ascii_case("npy"))) {
        checker.wrong("data.train", "expected an uncompressed .npy, as its rows stay in it (`stream`)".to_owned());
    }
    checker.findings.len() == found
}

/// Notes keys that mean nothing without another one.
fn lonely_keys(checker: &mut Checker, written: &written::Data) {
    let beside_train = [
        ("validation", written.validation.is_some()),
        ("test", written.test.is_some()),
        ("stream", written.stream.is_some()),
    ];
    let beside_synthetic = [
        ("rows", written.rows.is_some()),
        ("dim", written.dim.is_some()),
        ("components", written.components.is_some()),
    ];
    let mut note = |keys: &[(&str, bool)], partner: &str, present: bool| {
        for (key, _) in keys.iter().filter(|(_, given)| *given && !present) {
            let message = format!("means something only beside `{partner}`; remove it or give `{partner}`");
            checker.wrong_with(format!("data.{key}").as_str(), "data", message);
        }
    };
    note(&beside_train, "train", written.train.is_some());
    note(&beside_synthetic, "synthetic", written.synthetic.is_some());
    if written.split.is_some() && written.train.is_some() && written.validation.is_some() && written.test.is_some() {
        let message = "means nothing where `train`, `validation` and `test` are all given; remove it".to_owned();
        checker.wrong_with("data.split", "data", message);
    }
    if written.split.is_some() && written.mnist.is_some() {
        let message = "means nothing beside `mnist`, whose files are the parts; remove it".to_owned();
        checker.wrong_with("data.split", "data.mnist", message);
    }
    if written.pixels.is_some() && written.synthetic.is_some() {
        let message = "means nothing beside `synthetic`, whose rows are no pictures; remove it".to_owned();
        checker.wrong_with("data.pixels", "data.synthetic", message);
    }
}

fn pixels(checker: &mut Checker, written: Option<&written::Pixels>) -> Option<Pixels> {
    let (written, default) = (written?, Pixels::default());
    let levels = written.levels.unwrap_or(default.levels.into());
    let levels = checker.whole("data.pixels.levels", levels, (2, MOST_LEVELS.into()), "") as u32;
    let [least, most] = ALPHAS;
    let fits = |alpha| (least..=most).contains(&alpha);
    let range = format!("from {} to {}", number(least), number(most));
    let alpha = checker.number("data.pixels.alpha", written.alpha.unwrap_or(default.alpha), fits, &range);
    let shape = written.shape.as_ref().and_then(|shape| match shape[..] {
        [rows, columns] if rows.min(columns) > 0 && rows.max(columns) <= MOST_SIDE => {
            Some([rows as usize, columns as usize])
        }
        _ => {
            let got = super::tree::shortened(&format!("{shape:?}"));
            let message = format!("expected the rows and columns of a picture, as in [28, 28], got {got}");
            checker.wrong("data.pixels.shape", message);
            None
        }
    });
    Some(Pixels { levels, alpha, shape })
}

fn split(checker: &mut Checker, written: &written::Data) -> [f64; 3] {
    let Some(fractions) = &written.split else {
        return SPLIT;
    };
    if let Ok(split) = <[f64; 3]>::try_from(fractions.as_slice())
        && flowstill_data::split::check(split).is_ok()
    {
        return split;
    }
    let listed: Vec<String> = fractions.iter().take(5).map(|fraction| number(*fraction)).collect();
    let more = if fractions.len() > 5 { ", …" } else { "" };
    checker.wrong(
        "data.split",
        format!(
            "expected three fractions for training, validation and test, each above 0 and together 1, as in \
             [0.8, 0.1, 0.1], got [{}{more}]",
            listed.join(", ")
        ),
    );
    SPLIT
}

/// The absolute path of a data file that `experiment` calls `path`, or why it cannot be read. Looks at the name and
/// the first bytes only.
pub(super) fn readable(path: &Path, experiment: &Path) -> Result<PathBuf, String> {
    if path.as_os_str().is_empty() {
        return Err("expected the name of a file, got an empty text".to_owned());
    }
    let folder = experiment.parent().unwrap_or(Path::new(""));
    let full = std::path::absolute(folder.join(path)).map_err(|error| format!("cannot be found: {error}"))?;
    let Some(text) = full.to_str() else {
        return Err(format!("expected a path in UTF-8, got {}", full.display()));
    };
    // file.npz:array selects one array of several
    let bare = match text.rsplit_once(':') {
        Some((bare, _)) if !full.exists() && (bare.ends_with(".npz") || bare.ends_with(".npz.gz")) => Path::new(bare),
        _ => full.as_path(),
    };
    let magic = magic(bare)?;
    match first_bytes(bare) {
        Ok(bytes) if bytes.is_empty() => Err(format!("{} is empty", bare.display())),
        Ok(bytes) if !bytes.starts_with(magic) => {
            Err(format!("{} does not begin as a file of its kind; write or fetch it again", bare.display()))
        }
        Ok(_) => Ok(full),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let near = similar(bare).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            Err(format!("no such file (looked for {}){near}", bare.display()))
        }
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
            Err(format!("{} is a folder; name a file in it", bare.display()))
        }
        Err(error) => Err(format!("{} cannot be read: {error}", bare.display())),
    }
}

/// The absolute path of a folder of pictures that `experiment` calls `path`, or why it is none. Looks at names only.
pub(super) fn pictures(path: &Path, experiment: &Path) -> Result<PathBuf, String> {
    if path.as_os_str().is_empty() {
        return Err("expected the name of a folder, got an empty text".to_owned());
    }
    let folder = experiment.parent().unwrap_or(Path::new(""));
    let full = std::path::absolute(folder.join(path)).map_err(|error| format!("cannot be found: {error}"))?;
    if full.to_str().is_none() {
        return Err(format!("expected a path in UTF-8, got {}", full.display()));
    }
    Files::find(&full).map(|_| full).map_err(|error| error.to_string())
}

/// The bytes with which a file of this name begins.
fn magic(path: &Path) -> Result<&'static [u8], String> {
    let extension = |path: &Path| path.extension().map(|e| e.to_string_lossy().to_lowercase());
    let gzipped = extension(path).is_some_and(|e| e == "gz");
    let inner = if gzipped { extension(&path.with_extension("")) } else { extension(path) };
    match KINDS.iter().find(|(kind, _)| inner.as_deref() == Some(kind)) {
        Some(_) if gzipped => Ok(GZIP),
        Some((_, magic)) => Ok(magic),
        None if path.is_dir() => Err(format!("{} is a folder; name a file in it", path.display())),
        None => {
            let got = inner.map_or_else(|| "a name without an extension".to_owned(), |e| format!(".{e}"));
            Err(format!("expected a file .csv, .tsv, .txt, .npy or .npz, each also with .gz, got {got}"))
        }
    }
}

fn first_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let mut bytes = Vec::new();
    file.take(8).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The file of the same folder and kind whose name is nearest.
pub(super) fn similar(path: &Path) -> Option<String> {
    let (wrong, kind) = path.file_name()?.to_str()?.split_once('.')?;
    let mut stems: Vec<String> = fs::read_dir(path.parent()?)
        .ok()?
        .flatten()
        .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(kind)?.strip_suffix('.')?.to_owned()))
        .collect();
    stems.sort_unstable();
    nearest(wrong, stems.iter().map(String::as_str)).map(|stem| format!("{stem}.{kind}"))
}

fn synthetic(checker: &mut Checker, written: &written::Data, name: &str, split: [f64; 3], seed: u64) -> Option<Source> {
    let before = checker.findings.len();
    let mut count = |key: &str, value: i64| checker.whole(key, value, (1, MOST_VALUES as i64), "");
    let rows = count("data.rows", written.rows.unwrap_or(ROWS));
    let dim = written.dim.map(|dim| count("data.dim", dim));
    let components = written.components.map(|components| count("data.components", components));
    if checker.findings.len() > before {
        return None;
    }
    match Target::from_name(name, dim, components, seed) {
        Ok(target) if rows.saturating_mul(target.dim()) > MOST_VALUES => {
            let (dim, most) = (target.dim(), MOST_VALUES / target.dim());
            checker.wrong_with(
                "data.rows",
                "data",
                format!("expected at most {most} rows of {dim} dimensions, got {rows}"),
            );
            None
        }
        Ok(target) => Some(Source::Synthetic { target, rows, split, seed }),
        Err(error) => {
            let (key, message) = match error {
                TargetError::Unknown { name, .. } => ("data.synthetic", unknown_name(&name, &Target::NAMES)),
                TargetError::Dim { name, found, expected } => {
                    ("data.dim", format!("got {found} for `{name}`, expected {expected}"))
                }
                TargetError::Components { name, found, expected } => {
                    ("data.components", format!("got {found} for `{name}`, expected {expected}"))
                }
            };
            checker.wrong_with(key, "data.synthetic", message);
            None
        }
    }
}
