//! NumPy's archives: a zip file with one `.npy` per array.

use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::error::DataError;
use crate::npy;
use crate::table::Table;

/// Names that stand for the rows when an archive holds several arrays, in order of preference.
const PREFERRED: [&str; 3] = ["x", "data", "train"];

/// Reads the array called `wanted`, or else the one that must be meant.
pub fn read(path: &Path, reader: impl Read + Seek, wanted: Option<&str>) -> Result<Table, DataError> {
    let mut archive = ZipArchive::new(reader).map_err(|e| broken(path, e))?;
    let members: Vec<String> = archive.file_names().filter_map(Result::ok).map(|name| name.into_owned()).collect();
    let names: Vec<String> = members.iter().filter_map(|n| n.strip_suffix(".npy")).map(str::to_string).collect();
    let name = choose(path, &names, wanted)?;
    let member = archive.by_name(&format!("{name}.npy")).map_err(|e| broken(path, e))?;
    // messages about the array name it as the user would select it
    let place = PathBuf::from(format!("{}:{name}", path.display()));
    npy::read(&place, member)
}

fn choose<'a>(path: &Path, names: &'a [String], wanted: Option<&str>) -> Result<&'a String, DataError> {
    let find = |wanted: &str| names.iter().find(|n| *n == wanted);
    let found = match (wanted, names) {
        (_, []) => return Err(DataError::Empty { path: path.to_path_buf() }),
        (Some(wanted), _) => find(wanted),
        (None, [only]) => Some(only),
        (None, _) => PREFERRED.into_iter().find_map(find),
    };
    found.ok_or_else(|| {
        let mut names = names.to_vec();
        names.sort();
        DataError::ChooseArray { path: path.to_path_buf(), wanted: wanted.map(str::to_string), names }
    })
}

fn broken(path: &Path, error: ZipError) -> DataError {
    match error {
        ZipError::Io(e) => DataError::reading(path, e),
        // the directory of an archive is at its end: without it the rest was lost, or it never was an archive
        other => DataError::malformed(path, format!("not a whole .npz archive: {other}")),
    }
}
