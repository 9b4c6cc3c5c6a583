//! The fingerprint of a configuration.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// SHA-256, in hexadecimal, of the value's canonical JSON: keys sorted, no spaces. Equal values have equal hashes on
/// every machine, whatever the order of their fields.
///
/// # Panics
/// If the value has no JSON form, that is, holds a map whose keys are not texts or numbers. No configuration does.
pub fn config_hash(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).expect("configurations are structs, which always have a JSON form");
    let mut canonical = String::new();
    write_canonical(&value, &mut canonical);
    Sha256::digest(canonical.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // writing to a String cannot fail
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// SHA-256 of the value's JSON as it is written, which is quicker; for comparisons within one process.
///
/// # Panics
/// As [`config_hash`].
pub(super) fn fingerprint(value: &impl Serialize) -> [u8; 32] {
    let json = serde_json::to_vec(value).expect("configurations are structs, which always have a JSON form");
    Sha256::digest(json).into()
}

/// Appends compact JSON with sorted keys; serde_json alone sorts only without its feature `preserve_order`, which any
/// other crate of a build may switch on.
fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_canonical(item, out);
            }
            out.push(']');
        }
        Value::Object(entries) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (index, (key, item)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                *out += &Value::from(key.as_str()).to_string();
                out.push(':');
                write_canonical(item, out);
            }
            out.push('}');
        }
        scalar => *out += &scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_hash_is_of_canonical_json() {
        // printf '{"a":[1,0.5,null],"b":"x"}' | sha256sum
        let expected = "35950f6f1807c38b6fcb07a94e3ddaea5b2632bffddea70a1f62c2a0c8adb77b";
        let hash = config_hash(&json!({"b": "x", "a": [1, 0.5, null]}));
        assert_eq!(hash, expected);
        assert_ne!(hash, config_hash(&json!({"b": "x", "a": [1, 0.25, null]})));
    }
}
