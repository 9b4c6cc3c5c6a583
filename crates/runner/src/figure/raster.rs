//! Pictures of cells as PNG.

use super::colour_map::{Rgb, viridis};
use super::histogram::histogram_2d;

/// An encoded picture and its size in pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    pub png: Vec<u8>,
}

/// A picture of samples: how many fall into each of `side` × `side` cells of a rectangle, `y` upwards.
///
/// The square root of the count sets the colour, so that thin regions show.
pub fn sample_picture(points: &[(f64, f64)], x: (f64, f64), y: (f64, f64), side: u32) -> Picture {
    let counts = histogram_2d(points, x, y, side as usize);
    let highest = counts.iter().copied().fold(1.0, f64::max);
    let rows = counts.chunks(side.max(1) as usize).rev().flatten();
    let pixels: Vec<Rgb> = rows.map(|count| viridis((count / highest).sqrt())).collect();
    Picture { width: side, height: side, png: encode(side, side, &pixels) }
}

/// Encodes `pixels`, row by row from the top.
pub(super) fn encode(width: u32, height: u32, pixels: &[Rgb]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(pixels.as_flattened())?;
        writer.finish()
    });
    written.expect("memory takes every write and each caller gives width × height pixels");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_decodes_to_its_colours_with_y_upwards() {
        let picture = sample_picture(&[(0.9, 0.9)], (0.0, 1.0), (0.0, 1.0), 2);
        let decoder = png::Decoder::new(std::io::Cursor::new(&picture.png));
        let mut reader = decoder.read_info().expect("header");
        let mut pixels = vec![0; reader.output_buffer_size().expect("size")];
        reader.next_frame(&mut pixels).expect("pixels");
        let (none, one) = (viridis(0.0), viridis(1.0));
        assert_eq!(pixels, [none, one, none, none].as_flattened());
    }
}
