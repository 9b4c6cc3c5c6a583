//! NumPy's array format, versions 1.0 to 3.0, read here because the parsers on offer bring a grammar engine for what
//! is a dictionary of three keys.
//!
//! Layout: `\x93NUMPY`, version (2 bytes), length of the header (2 or 4 bytes), the header as a Python dictionary
//! `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }`, then the values.

mod element;
mod header;

use std::io::{Read, Write};
use std::path::Path;

use crate::error::DataError;
use crate::table::Table;
pub use element::Element;
pub use header::read_header;

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Values decoded at a time.
const CHUNK: usize = 1 << 14;

/// Reads an array of one to three axes, the last two of which are those of pictures; `path` is for messages.
pub fn read(path: &Path, reader: impl Read) -> Result<Table, DataError> {
    let unknown = |found: &str| DataError::ElementType { path: path.to_path_buf(), found: found.to_owned() };
    read_of(path, reader, |descr| Element::parse(descr).ok_or_else(|| unknown(descr)))
}

/// The same for an array of bytes alone.
pub fn read_bytes(path: &Path, reader: impl Read) -> Result<Table, DataError> {
    let other = |found: &str| DataError::NoBytes { path: path.to_path_buf(), found: found.to_owned() };
    read_of(path, reader, |descr| {
        Element::parse(descr).filter(|e| (e.kind, e.width) == (b'u', 1)).ok_or_else(|| other(descr))
    })
}

fn read_of(
    path: &Path,
    mut reader: impl Read,
    element: impl Fn(&str) -> Result<Element, DataError>,
) -> Result<Table, DataError> {
    let header = read_header(path, &mut reader)?;
    let too_large =
        || DataError::malformed(path, format!("an array of shape {:?} does not fit in memory", header.shape));
    let (rows, dim) = match header.shape[..] {
        [rows] => (rows, 1),
        [rows, dim] => (rows, dim),
        [rows, height, width] => (rows, height.checked_mul(width).ok_or_else(too_large)?),
        _ => return Err(DataError::Shape { path: path.to_path_buf(), shape: header.shape }),
    };
    if rows == 0 || dim == 0 {
        return Err(DataError::Empty { path: path.to_path_buf() });
    }
    let element = element(&header.descr)?;
    let count = rows.checked_mul(dim).and_then(|n| usize::try_from(n).ok()).ok_or_else(too_large)?;
    let (rows, dim) = (count / dim as usize, dim as usize);
    let stored = read_values(path, &mut reader, element, count)?;
    check_end(path, &mut reader)?;
    let picture = match header.shape[..] {
        [_, height, width] => Some([height as usize, width as usize]),
        _ => None,
    };
    let values = match (header.fortran, picture) {
        (false, _) => stored,
        (true, None) => from_columns(&stored, rows, dim, |j| j),
        // the first index runs fastest, then that of the line
        (true, Some([height, width])) => from_columns(&stored, rows, dim, |j| j % height * width + j / height),
    };
    Ok(Table { columns: None, dim, picture, values })
}

/// Writes the header of a C-ordered little-endian array, padded so that the values are aligned to 64 bytes.
pub fn write_header(mut out: impl Write, descr: &str, rows: u64, dim: usize) -> std::io::Result<()> {
    let dict = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({rows}, {dim}), }}");
    let before = MAGIC.len() + 4;
    let padded = (before + dict.len() + 1).next_multiple_of(64) - before;
    out.write_all(MAGIC)?;
    out.write_all(&[1, 0])?;
    out.write_all(&(padded as u16).to_le_bytes())?;
    writeln!(out, "{dict:<width$}", width = padded - 1)
}

fn read_values(path: &Path, reader: &mut impl Read, element: Element, count: usize) -> Result<Vec<f64>, DataError> {
    // grows as values arrive: the header of a damaged file may promise any number of them
    let mut values = Vec::with_capacity(count.min(1 << 20));
    let mut buffer = vec![0; CHUNK * element.width];
    while values.len() < count {
        let wanted = (count - values.len()).min(CHUNK) * element.width;
        let mut have = 0;
        while have < wanted {
            match reader.read(&mut buffer[have..wanted]) {
                Ok(0) => {
                    let found = values.len() + have / element.width;
                    let detail = format!(" with {found} of the {count} values that its header promises");
                    return Err(DataError::Truncated { path: path.to_path_buf(), detail });
                }
                Ok(n) => have += n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(DataError::reading(path, e)),
            }
        }
        values.extend(buffer[..wanted].chunks_exact(element.width).map(|bytes| element.decode(bytes)));
    }
    Ok(values)
}

/// Nothing may follow the values. To look is also what makes a gzip or zip reader compare its checksum.
pub fn check_end(path: &Path, reader: &mut impl Read) -> Result<(), DataError> {
    match reader.take(1).read_to_end(&mut Vec::new()) {
        Ok(0) => Ok(()),
        Ok(_) => Err(DataError::malformed(path, "the file goes on after the array that its header announces")),
        Err(e) => Err(DataError::reading(path, e)),
    }
}

/// Column-major → row-major; the column stored at place `j` is column `place(j)`.
fn from_columns(stored: &[f64], rows: usize, dim: usize, place: impl Fn(usize) -> usize) -> Vec<f64> {
    let mut values = vec![0.0; stored.len()];
    for (j, column) in stored.chunks_exact(rows).enumerate() {
        for (i, &value) in column.iter().enumerate() {
            values[i * dim + place(j)] = value;
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(version: u8, dict: &str, values: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([version, 0]);
        match version {
            1 => bytes.extend((dict.len() as u16).to_le_bytes()),
            _ => bytes.extend((dict.len() as u32).to_le_bytes()),
        }
        bytes.extend(dict.as_bytes());
        bytes.extend(values);
        bytes
    }

    fn dict(descr: &str, fortran: &str, shape: &str) -> String {
        format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}   \n")
    }

    fn message(bytes: &[u8]) -> String {
        read(Path::new("a.npy"), bytes).unwrap_err().to_string()
    }

    #[test]
    fn every_element_type_in_both_byte_orders() {
        let cases: [(&str, Vec<u8>, [f64; 2]); 9] = [
            ("<f4", [1.5f32, -2.0].iter().flat_map(|v| v.to_le_bytes()).collect(), [1.5, -2.0]),
            (">f8", [1.5f64, -2.0].iter().flat_map(|v| v.to_be_bytes()).collect(), [1.5, -2.0]),
            ("<f2", vec![0x00, 0x3e, 0x00, 0xc0], [1.5, -2.0]),
            ("|i1", vec![3, 0xff], [3.0, -1.0]),
            (">i2", vec![0x01, 0x00, 0xff, 0xfe], [256.0, -2.0]),
            ("<i8", [7i64, -9].iter().flat_map(|v| v.to_le_bytes()).collect(), [7.0, -9.0]),
            ("|u1", vec![3, 0xff], [3.0, 255.0]),
            (">u4", [7u32, u32::MAX].iter().flat_map(|v| v.to_be_bytes()).collect(), [7.0, 4_294_967_295.0]),
            ("|b1", vec![1, 0], [1.0, 0.0]),
        ];
        for (descr, values, expected) in cases {
            for version in 1..=3 {
                let table =
                    read(Path::new("a.npy"), &array(version, &dict(descr, "False", "(2,)"), &values)[..]).unwrap();
                assert_eq!((table.dim, &table.values[..]), (1, &expected[..]), "{descr} {version}");
            }
        }
    }

    #[test]
    fn fortran_order_is_turned() {
        let values: Vec<u8> = [1.0f64, 2.0, 3.0, 10.0, 20.0, 30.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let table = read(Path::new("a.npy"), &array(1, &dict("<f8", "True", "(3, 2)"), &values)[..]).unwrap();
        assert_eq!((table.dim, table.values), (2, vec![1.0, 10.0, 2.0, 20.0, 3.0, 30.0]));
    }

    #[test]
    fn pictures_are_rows_line_by_line_in_either_order() {
        // two pictures of 2 × 3: NumPy's np.arange(12).reshape(2, 2, 3), and the same in Fortran order
        let line_by_line: Vec<u8> = (0..12).collect();
        let fortran = [0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11];
        for (order, bytes) in [("False", &line_by_line[..]), ("True", &fortran)] {
            let bytes = array(1, &dict("|u1", order, "(2, 2, 3)"), bytes);
            for table in [read(Path::new("a.npy"), &bytes[..]), read_bytes(Path::new("a.npy"), &bytes[..])] {
                let table = table.unwrap();
                assert_eq!((table.dim, table.picture), (6, Some([2, 3])));
                assert!(table.values.into_iter().eq((0..12).map(f64::from)), "{order}");
            }
        }
    }

    #[test]
    fn bytes_are_no_other_numbers() {
        for descr in ["<f4", "|i1", "<u2", "|b1", "|O"] {
            let bytes = array(1, &dict(descr, "False", "(2, 4)"), &[0; 64]);
            let message = read_bytes(Path::new("a.npy"), &bytes[..]).unwrap_err().to_string();
            assert!(message.contains(descr) && message.contains("expected uint8"), "{message}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let with = |descr, shape| array(1, &dict(descr, "False", shape), &[0; 64]);
        assert!(message(&with("<f8", "(3, 2)")).contains("goes on after the array"));
        assert!(message(&with("<f4", "(2, 2, 2, 2)")).contains("[2, 2, 2, 2]"));
        assert!(message(&with("<f4", "(1, 18446744073709551615, 2)")).contains("does not fit"));
        assert!(message(&with("<f4", "()")).contains("shape []"));
        assert!(message(&with("<f4", "(0, 2)")).contains("no rows"));
        assert!(message(&with("<c8", "(2,)")).contains("type <c8"));
        assert!(message(&with("|O", "(2,)")).contains("type |O"));
        assert!(message(&with("<f8", "(5, 2)")).contains("8 of the 10 values"));
        assert!(message(&with("<f8", "(18446744073709551615, 2)")).contains("does not fit"));
        // neither does a promise of 10¹⁸ values take memory
        assert!(message(&with("<f8", "(1000000000000000000, 1)")).contains("8 of the 1000000000000000000"));
        assert!(message(&with("<f8", "(-1, 2)")).contains("cannot be understood"));
        assert!(message(b"PK\x03\x04nonsense").contains("not a NumPy array"));
        assert!(message(&MAGIC[..4]).contains("inside the header"));
        let records = "{'descr': [('a', '<f4'), ('b', '<f4')], 'fortran_order': False, 'shape': (2,), }";
        assert!(message(&array(1, records, &[0; 16])).contains("('b', '<f4')]"));
    }

    #[test]
    fn a_written_header_is_aligned_and_read_back() {
        for (rows, dim) in [(1, 1), (2, 3), (10, 12)] {
            let mut bytes = Vec::new();
            write_header(&mut bytes, "<f4", rows, dim).unwrap();
            assert_eq!((bytes.len() % 64, bytes.last()), (0, Some(&b'\n')));
            bytes.extend(vec![0; 4 * rows as usize * dim]);
            let table = read(Path::new("a.npy"), &bytes[..]).unwrap();
            assert_eq!((table.rows() as u64, table.dim), (rows, dim));
        }
    }
}
