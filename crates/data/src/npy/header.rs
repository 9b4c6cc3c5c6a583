//! What stands before the values.

use std::io::Read;
use std::path::Path;

use super::MAGIC;
use crate::error::DataError;

/// Far above what any array of numbers needs.
const LONGEST_HEADER: usize = 1 << 20;

/// Type, order and shape of an array.
pub struct Header {
    pub descr: String,
    pub fortran: bool,
    pub shape: Vec<u64>,
}

/// Reads up to the first value; `path` is for messages.
pub fn read_header(path: &Path, reader: &mut impl Read) -> Result<Header, DataError> {
    let mut exactly = |bytes: &mut [u8]| {
        reader.read_exact(bytes).map_err(|e| match e.kind() {
            std::io::ErrorKind::UnexpectedEof => {
                DataError::Truncated { path: path.to_path_buf(), detail: " inside the header of the array".into() }
            }
            _ => DataError::reading(path, e),
        })
    };
    let mut start = [0; 8];
    exactly(&mut start)?;
    if start[..6] != MAGIC[..] {
        return Err(DataError::malformed(path, "not a NumPy array: it does not begin with \\x93NUMPY"));
    }
    let length = match start[6] {
        1 => {
            let mut bytes = [0; 2];
            exactly(&mut bytes)?;
            usize::from(u16::from_le_bytes(bytes))
        }
        2 | 3 => {
            let mut bytes = [0; 4];
            exactly(&mut bytes)?;
            u32::from_le_bytes(bytes) as usize
        }
        other => {
            return Err(DataError::malformed(path, format!("NumPy format {other}.{}, expected 1.0 to 3.0", start[7])));
        }
    };
    if length > LONGEST_HEADER {
        return Err(DataError::malformed(path, format!("the header of the array claims {length} bytes")));
    }
    let mut text = vec![0; length];
    exactly(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    parse_header(&text).ok_or_else(|| {
        let shown: String = text.trim().chars().take(120).collect();
        DataError::malformed(path, format!("the header of the array cannot be understood: {shown}"))
    })
}

/// The three keys, in whatever order and spacing Python accepts.
fn parse_header(text: &str) -> Option<Header> {
    let after = |key: &str| {
        let at = [format!("'{key}'"), format!("\"{key}\"")].iter().find_map(|k| text.find(k).map(|at| at + k.len()))?;
        text[at..].trim_start().strip_prefix(':').map(str::trim_start)
    };
    let descr = after("descr")?;
    let descr = match descr.chars().next()? {
        quote @ ('\'' | '"') => descr[1..].split(quote).next()?.to_string(),
        // a record or an array of arrays: kept as it stands for the message
        '[' => descr[..descr.rfind(']')? + 1].to_string(),
        _ => return None,
    };
    let fortran = match after("fortran_order")? {
        rest if rest.starts_with("True") => true,
        rest if rest.starts_with("False") => false,
        _ => return None,
    };
    let shape = after("shape")?.strip_prefix('(')?.split(')').next()?;
    let sizes = shape.split(',').map(str::trim).filter(|s| !s.is_empty());
    // Python 2 wrote long integers as 3L
    let shape = sizes.map(|s| s.trim_end_matches('L').parse().ok()).collect::<Option<Vec<u64>>>()?;
    Some(Header { descr, fortran, shape })
}
