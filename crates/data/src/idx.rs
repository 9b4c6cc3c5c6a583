//! IDX, the format of the original MNIST files: a magic number, the sizes of the axes, and the bytes of all pictures.

use std::io::Read;
use std::path::Path;

use crate::error::DataError;
use crate::npy::check_end;
use crate::table::Table;

/// Two bytes 0, type 8 (unsigned byte), three axes.
const MAGIC: u32 = 0x0803;

/// Reads pictures of bytes, one row each; `path` is for messages.
pub fn read(path: &Path, mut reader: impl Read) -> Result<Table, DataError> {
    let mut header = [0; 16];
    exactly(path, &mut reader, &mut header, "inside its header of 16 bytes")?;
    let word = |i: usize| u32::from_be_bytes([header[i], header[i + 1], header[i + 2], header[i + 3]]);
    if word(0) != MAGIC {
        let found = word(0);
        let labels = if found == 0x0801 { ", which are labels" } else { "" };
        return Err(DataError::malformed(
            path,
            format!(
                "begins with the magic number {found:#010x}{labels}, expected {MAGIC:#010x} for pictures in IDX format; \
                 fetch the file again"
            ),
        ));
    }
    let [count, height, width] = [4, 8, 12].map(|i| word(i) as usize);
    if count == 0 || height == 0 || width == 0 {
        return Err(DataError::Empty { path: path.to_path_buf() });
    }
    let dim = height.checked_mul(width).filter(|dim| dim.checked_mul(count).is_some());
    let dim = dim.ok_or_else(|| {
        DataError::malformed(path, format!("{count} pictures of {height} × {width} do not fit in memory"))
    })?;
    let mut values = Vec::new();
    let mut picture = vec![0; dim.min(1 << 24)];
    if picture.len() < dim {
        return Err(DataError::malformed(
            path,
            format!("pictures of {height} × {width} pixels are too large to learn"),
        ));
    }
    // picture by picture: the header of a damaged file may promise any number of them
    for i in 0..count {
        exactly(
            path,
            &mut reader,
            &mut picture,
            &format!("with {i} of the {count} pictures that its header promises"),
        )?;
        values.extend(picture.iter().map(|&byte| f64::from(byte)));
    }
    check_end(path, &mut reader)?;
    Ok(Table { columns: None, dim, picture: Some([height, width]), values })
}

fn exactly(path: &Path, reader: &mut impl Read, bytes: &mut [u8], place: &str) -> Result<(), DataError> {
    reader.read_exact(bytes).map_err(|e| match e.kind() {
        std::io::ErrorKind::UnexpectedEof => {
            DataError::Truncated { path: path.to_path_buf(), detail: format!(" {place}") }
        }
        _ => DataError::reading(path, e),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(words: [u32; 4], pixels: &[u8]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).chain(pixels.iter().copied()).collect()
    }

    #[test]
    fn pictures_are_rows() {
        let table = read(Path::new("a"), &file([MAGIC, 2, 1, 3], &[0, 1, 2, 253, 254, 255])[..]).unwrap();
        let values = vec![0.0, 1.0, 2.0, 253.0, 254.0, 255.0];
        assert_eq!(table, Table { columns: None, dim: 3, picture: Some([1, 3]), values });
    }

    #[test]
    fn what_is_wrong_is_said() {
        let message = |bytes: &[u8]| read(Path::new("a"), bytes).unwrap_err().to_string();
        assert!(message(&file([MAGIC, 2, 1, 3], &[0; 5])).contains("1 of the 2 pictures"));
        assert!(message(&file([MAGIC, 2, 1, 3], &[0; 7])).contains("goes on after"));
        assert!(
            message(&file([0x0801, 2, 1, 3], &[0; 6])).contains("0x00000801, which are labels, expected 0x00000803")
        );
        assert!(message(b"\x93NUMPY and more of it").contains("magic number 0x934e554d, expected"));
        assert!(message(b"\0\0\x08\x03").contains("inside its header"));
        assert!(message(&file([MAGIC, 0, 1, 3], &[])).contains("no rows"));
        // neither does a promise of many pictures take memory
        assert!(message(&file([MAGIC, u32::MAX, 28, 28], &[0; 784])).contains("1 of the 4294967295"));
        assert!(message(&file([MAGIC, u32::MAX, u32::MAX, u32::MAX], &[])).contains("do not fit"));
        assert!(message(&file([MAGIC, 1, 65_536, 65_536], &[])).contains("too large"));
    }
}
