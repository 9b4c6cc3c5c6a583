//! One value of an array.

/// Kind, width in bytes and byte order of one value.
#[derive(Debug, Clone, Copy)]
pub struct Element {
    pub kind: u8,
    pub width: usize,
    big_endian: bool,
}

impl Element {
    pub fn parse(descr: &str) -> Option<Self> {
        let &[order, kind, width] = descr.as_bytes() else { return None };
        let width = usize::from(width.checked_sub(b'0')?);
        let known = match kind {
            b'f' => matches!(width, 2 | 4 | 8),
            b'i' | b'u' => matches!(width, 1 | 2 | 4 | 8),
            b'b' => width == 1,
            _ => false,
        };
        let big_endian = match order {
            b'>' => true,
            b'<' | b'|' | b'=' => false,
            _ => return None,
        };
        known.then_some(Self { kind, width, big_endian })
    }

    /// One value; 64-bit integers beyond 2⁵³ are rounded.
    pub fn decode(self, bytes: &[u8]) -> f64 {
        let mut word = [0; 8];
        for (i, &byte) in bytes.iter().enumerate() {
            word[if self.big_endian { bytes.len() - 1 - i } else { i }] = byte;
        }
        let bits = u64::from_le_bytes(word);
        match (self.kind, self.width) {
            (b'f', 2) => half(bits as u16),
            (b'f', 4) => f64::from(f32::from_bits(bits as u32)),
            (b'f', _) => f64::from_bits(bits),
            (b'i', width) => {
                let unused = 64 - 8 * width as u32;
                ((bits << unused) as i64 >> unused) as f64
            }
            (b'b', _) => f64::from(u8::from(bits != 0)),
            _ => bits as f64,
        }
    }
}

/// IEEE 754 binary16: one sign, five exponent and ten fraction bits.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff);
    match exponent {
        0 => sign * fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        _ => sign * (1024.0 + fraction) * 2f64.powi(exponent - 25),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_at_its_edges() {
        assert_eq!(half(0x0001), 2f64.powi(-24));
        assert_eq!(half(0x7bff), 65504.0);
        assert_eq!(half(0x0400), 2f64.powi(-14));
        assert!(half(0x7c01).is_nan() && half(0xfc00) == f64::NEG_INFINITY);
    }
}
