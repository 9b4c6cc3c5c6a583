//! Colour maps by linear interpolation between a few control colours.

pub type Rgb = [u8; 3];

/// Nine control colours of viridis: perceptually uniform, ordered in lightness, readable with any colour vision.
const VIRIDIS: [Rgb; 9] = [
    [0x44, 0x01, 0x54],
    [0x47, 0x2d, 0x7b],
    [0x3b, 0x52, 0x8b],
    [0x2c, 0x72, 0x8e],
    [0x21, 0x91, 0x8c],
    [0x28, 0xae, 0x80],
    [0x5e, 0xc9, 0x62],
    [0xad, 0xdc, 0x30],
    [0xfd, 0xe7, 0x25],
];

/// Dark violet for 0 over green to yellow for 1.
pub fn viridis(value: f64) -> Rgb {
    interpolate(&VIRIDIS, value)
}

/// White for 0 to a middle grey for 1, on which coloured lines stay readable.
pub fn greys(value: f64) -> Rgb {
    interpolate(&[[0xff; 3], [0x80; 3]], value)
}

/// Values outside 0 to 1 take the colour of the nearer end, NaN that of 0.
fn interpolate(controls: &[Rgb], value: f64) -> Rgb {
    let value = if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) };
    let place = value * (controls.len() - 1) as f64;
    let below = (place as usize).min(controls.len() - 2);
    let share = place - below as f64;
    std::array::from_fn(|channel| {
        let (from, to) = (f64::from(controls[below][channel]), f64::from(controls[below + 1][channel]));
        (from + share * (to - from)).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_meets_its_controls_and_grows_lighter() {
        assert_eq!(viridis(0.0), VIRIDIS[0]);
        assert_eq!(viridis(0.5), VIRIDIS[4]);
        assert_eq!(viridis(7.0), VIRIDIS[8]);
        assert_eq!(viridis(f64::NAN), VIRIDIS[0]);
        let lightness = |[r, g, b]: Rgb| 0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b);
        assert!(
            (0..100).all(|i| lightness(viridis(f64::from(i + 1) / 100.0)) > lightness(viridis(f64::from(i) / 100.0)))
        );
    }
}
