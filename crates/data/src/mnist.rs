//! A folder with the files of MNIST, or of other pictures in the same files.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::error::DataError;
use crate::table::Table;
use crate::{idx, npy};

/// The original files: training pictures, of which the last sixth is for validation, and test pictures.
const IDX: [&str; 2] = ["train-images-idx3-ubyte", "t10k-images-idx3-ubyte"];
/// Arrays of the three parts.
const ARRAYS: [&str; 3] = ["train_images.npy", "val_images.npy", "test_images.npy"];

/// The files of one folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Files {
    Idx([PathBuf; 2]),
    Arrays([PathBuf; 3]),
}

impl Files {
    /// The original files in `folder`, or else the arrays, each also with `.gz`. Looks at names only.
    pub fn find(folder: &Path) -> Result<Self, DataError> {
        if !folder.is_dir() {
            return Err(DataError::NoFolder { path: folder.to_path_buf(), file: folder.exists() });
        }
        let present = |name: &str| {
            let [plain, packed] = [folder.join(name), folder.join(format!("{name}.gz"))];
            if plain.is_file() { Some(plain) } else { Some(packed).filter(|path| path.is_file()) }
        };
        match (IDX.map(present), ARRAYS.map(present)) {
            ([Some(train), Some(test)], _) => Ok(Self::Idx([train, test])),
            (_, [Some(train), Some(validation), Some(test)]) => Ok(Self::Arrays([train, validation, test])),
            (originals, arrays) => {
                let begun = |found: usize, names: &[&'static str]| (found > 0).then(|| names.to_vec());
                // what is there tells which of the two sets is meant
                let wanted = begun(originals.iter().flatten().count(), &IDX)
                    .or_else(|| begun(arrays.iter().flatten().count(), &ARRAYS));
                let missing =
                    wanted.map(|names| names.into_iter().filter(|name| present(name).is_none()).collect::<Vec<_>>());
                Err(DataError::NoPictures { path: folder.to_path_buf(), missing })
            }
        }
    }

    /// Training, validation and test pictures, all of one shape.
    pub fn read(&self) -> Result<[Table; 3], DataError> {
        match self {
            Self::Idx([train, test]) => {
                let mut first = opened(train, |reader| idx::read(train, reader))?;
                let last = alike(train, &first, test, opened(test, |reader| idx::read(test, reader))?)?;
                // 10,000 of 60,000
                let kept = first.rows() - first.rows() / 6;
                let rest = first.values.split_off(kept * first.dim);
                let validation = Table { values: rest, ..first.clone_shape() };
                Ok([first, validation, last])
            }
            Self::Arrays([train, validation, test]) => {
                let read = |path: &Path| opened(path, |reader| npy::read_bytes(path, reader));
                let first = read(train)?;
                let [middle, last] =
                    [alike(train, &first, validation, read(validation)?)?, alike(train, &first, test, read(test)?)?];
                Ok([first, middle, last])
            }
        }
    }
}

fn opened(path: &Path, read: impl FnOnce(Box<dyn Read>) -> Result<Table, DataError>) -> Result<Table, DataError> {
    let file = File::open(path).map_err(|e| DataError::reading(path, e))?;
    let packed = path.extension().is_some_and(|extension| extension == "gz");
    read(if packed { Box::new(BufReader::new(MultiGzDecoder::new(file))) } else { Box::new(BufReader::new(file)) })
}

/// The table `found`, whose pictures must have the shape of those of the first one.
fn alike(first: &Path, expected: &Table, path: &Path, found: Table) -> Result<Table, DataError> {
    if (found.dim, found.picture) == (expected.dim, expected.picture) {
        return Ok(found);
    }
    let [found, expected] = [&found, expected].map(|table| match table.picture {
        Some([height, width]) => format!("{height} × {width}"),
        None => format!("{} pixels in a row", table.dim),
    });
    Err(DataError::PictureShape { path: path.to_path_buf(), found, reference: first.to_path_buf(), expected })
}
