//! Pictures as samples: squares of them from data, teacher and student, side by side.

use super::canvas::page;
use super::colour_map::Rgb;
use super::palette::Source;
use super::raster::{Picture, encode};
use super::samples::Samples;
use flowstill_model::Pixels;
use plotters::style::text_anchor::{HPos, VPos};

/// Most pictures along each side of a square.
const MOST_SIDE: usize = 8;
/// Pixels along each side of a square of large pictures, which holds fewer of them.
const LARGE: usize = 1024;
/// Least pixels across a square of pictures, which are enlarged for it.
const SMALL: usize = 448;
/// Pixels between two pictures, and between two squares.
const GAP: usize = 1;
const APART: usize = 8;
const GROUND: Rgb = [96; 3];
const WHITE: Rgb = [255; 3];

const SHOWN: f64 = 300.0;
const BETWEEN: f64 = 18.0;
const TOP: f64 = 28.0;

/// Rows behind one square of pictures of this shape.
pub fn pictures_shown([height, width]: [usize; 2]) -> usize {
    side(height, width).pow(2)
}

/// One square for each source that has samples, with its name.
pub fn pictures(samples: &Samples, pixels: &Pixels) -> Option<String> {
    let shown: Vec<_> = Source::ALL
        .into_iter()
        .filter_map(|source| Some((source, square(samples.rows(source), pixels)?.enlarged())))
        .collect();
    let (_, first) = shown.first()?;
    let tall = SHOWN * first.rows() as f64 / first.width as f64;
    let width = shown.len() as f64 * (SHOWN + BETWEEN);
    page(width, TOP + tall, "Pictures of data, teacher and student", |canvas| {
        for (i, (source, raster)) in shown.iter().enumerate() {
            let left = i as f64 * (SHOWN + BETWEEN);
            canvas.image((left, TOP), (SHOWN, tall), &raster.encoded().png);
            canvas.text(source.name(), (left, TOP - 12.0), 13.0, (HPos::Left, VPos::Center), source.colour())?;
        }
        Ok(())
    })
}

/// Squares of these rows of pixels in one PNG, from left to right; those without rows are left out.
pub fn picture_squares(parts: &[&[f64]], pixels: &Pixels) -> Option<Picture> {
    let squares: Vec<Raster> = parts.iter().filter_map(|rows| square(rows, pixels)).collect();
    let (rows, apart) = (squares.first()?.rows(), vec![WHITE; APART]);
    let mut joined = Vec::new();
    for line in 0..rows {
        let lines: Vec<&[Rgb]> = squares.iter().map(|s| &s.pixels[line * s.width..][..s.width]).collect();
        joined.extend(lines.join(&apart[..]));
    }
    Some(Raster { width: joined.len() / rows, factor: squares[0].factor, pixels: joined }.enlarged().encoded())
}

/// Pixels row by row from the top, and by how much they are to be enlarged.
struct Raster {
    width: usize,
    factor: usize,
    pixels: Vec<Rgb>,
}

impl Raster {
    fn rows(&self) -> usize {
        self.pixels.len() / self.width
    }

    fn enlarged(self) -> Self {
        let each = |line: &[Rgb]| -> Vec<Rgb> {
            line.iter().flat_map(|pixel| std::iter::repeat_n(*pixel, self.factor)).collect()
        };
        let pixels = self.pixels.chunks(self.width).flat_map(|line| each(line).repeat(self.factor)).collect();
        Self { width: self.width * self.factor, factor: 1, pixels }
    }

    fn encoded(&self) -> Picture {
        let (width, height) = (self.width as u32, self.rows() as u32);
        Picture { width, height, png: encode(width, height, &self.pixels) }
    }
}

fn side(height: usize, width: usize) -> usize {
    (LARGE / height.max(width)).clamp(2, MOST_SIDE)
}

/// The first rows as a square of pictures on grey ground; nothing without rows or where their shape is not known.
fn square(rows: &[f64], pixels: &Pixels) -> Option<Raster> {
    let [height, width] = pixels.shape?;
    if rows.is_empty() {
        return None;
    }
    let side = side(height, width);
    let across = side * (width + GAP) + GAP;
    let mut raster = vec![GROUND; across * (side * (height + GAP) + GAP)];
    for (i, picture) in rows.chunks_exact(height * width).take(side * side).enumerate() {
        let (top, left) = (GAP + i / side * (height + GAP), GAP + i % side * (width + GAP));
        for (y, line) in picture.chunks_exact(width).enumerate() {
            for (x, value) in line.iter().enumerate() {
                raster[(top + y) * across + left + x] = grey(*value, pixels);
            }
        }
    }
    Some(Raster { width: across, factor: SMALL.div_ceil(across), pixels: raster })
}

/// From black to white; what is no number is black.
fn grey(value: f64, pixels: &Pixels) -> Rgb {
    [(255.0 * pixels.whole(value) / f64::from(pixels.levels - 1)).round() as u8; 3]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(picture: &Picture) -> Vec<u8> {
        let mut reader = png::Decoder::new(std::io::Cursor::new(&picture.png)).read_info().expect("header");
        let mut bytes = vec![0; reader.output_buffer_size().expect("size")];
        reader.next_frame(&mut bytes).expect("pixels");
        bytes.into_iter().step_by(3).collect()
    }

    fn pixels(levels: u32, shape: [usize; 2]) -> Pixels {
        Pixels { levels, shape: Some(shape), ..Pixels::default() }
    }

    #[test]
    fn every_pixel_is_where_it_belongs() {
        // two pictures of 2 × 3, values beyond the pixels among them
        let rows = [0.9, 1.2, 2.0, 3.7, 0.0, -1.0, 9.0, f64::NAN, 1.0, 2.0, 3.0, 0.0];
        let picture = picture_squares(&[&rows, &[], &rows[..6]], &pixels(4, [2, 3])).expect("pictures");
        // 8 × (3 + 1) + 1 pixels across, enlarged to at least 448
        let (across, factor) = (33, 14);
        assert_eq!((picture.width, picture.height), (((2 * across + 8) * factor), 25 * factor));
        let bytes = decoded(&picture);
        let at = |line: u32, column: u32| bytes[(factor * (line * picture.width + column) + factor / 2) as usize];
        for left in [1, across + 8 + 1] {
            assert_eq!([0, 1, 2].map(|x| at(1, left + x)), [0, 85, 170]);
            assert_eq!([0, 1, 2].map(|x| at(2, left + x)), [255, 0, 0]);
        }
        assert_eq!([0, 1, 2].map(|x| at(1, 5 + x)), [255, 0, 85]);
        assert_eq!((at(0, 0), at(1, 4), at(5, 5), at(3, across + 2)), (96, 96, 96, 255));
    }

    #[test]
    fn large_pictures_are_fewer_and_others_none() {
        assert_eq!((pictures_shown([28, 28]), pictures_shown([256, 64]), pictures_shown([9000, 2])), (64, 16, 4));
        let flat = Pixels { shape: None, ..Pixels::default() };
        assert!(picture_squares(&[&[0.0; 4]], &flat).is_none() && picture_squares(&[], &pixels(4, [2, 2])).is_none());
        let samples = Samples { data: vec![0.0; 8], student: vec![1.0; 4], ..Samples::default() };
        let svg = super::pictures(&samples, &pixels(256, [2, 2])).expect("pictures");
        assert_eq!(svg.matches("<image").count(), 2);
        assert!(super::pictures(&Samples::default(), &pixels(256, [2, 2])).is_none());
    }
}
