//! A page on which figures draw in pixels, over plotters' SVG backend.
//!
//! The backend places everything on whole pixels, which shows on curves, so the page is drawn [`SCALE`] times larger and
//! its view box shrinks it. Pictures and clouds of dots, which plotters would write one element each, are markup of ours
//! that lies under the drawing.

use super::palette::INK;
use base64::{Engine, engine::general_purpose::STANDARD};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::fmt::Write;

const SCALE: f64 = 4.0;
const FAMILY: &str = "Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif";
/// plotters divides font sizes by this before it writes them.
const FONT_FACTOR: f64 = 1.24;

pub type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;
pub type Point = (f64, f64);

pub struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    under: String,
}

/// Draws a page of `width` × `height` pixels on white; `describes` is what a reader who cannot see it is told.
pub fn page(width: f64, height: f64, describes: &str, draw: impl FnOnce(&mut Canvas) -> Drawn) -> Option<String> {
    let mut drawing = String::new();
    let size = (scaled(width) as u32, scaled(height) as u32);
    let area = SVGBackend::with_string(&mut drawing, size).into_drawing_area();
    let mut canvas = Canvas { area, under: String::new() };
    draw(&mut canvas).ok()?;
    canvas.area.present().ok()?;
    let under = std::mem::take(&mut canvas.under);
    drop(canvas);
    let body = drawing.split_once('>')?.1;
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" \
         role=\"img\" aria-label=\"{}\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{under}{}\n",
        size.0,
        size.1,
        escape(describes),
        body.trim()
    ))
}

impl Canvas<'_> {
    /// A line through `points`, `width` pixels wide.
    pub fn line(&mut self, points: &[Point], colour: RGBColor, width: f64) -> Drawn {
        if points.len() < 2 {
            return Ok(());
        }
        let style = colour.stroke_width((width * SCALE).round() as u32);
        self.area.draw(&PathElement::new(points.iter().map(pixel).collect::<Vec<_>>(), style))
    }

    /// A filled polygon.
    pub fn polygon(&mut self, points: &[Point], colour: RGBColor, opacity: f64) -> Drawn {
        self.area.draw(&Polygon::new(points.iter().map(pixel).collect::<Vec<_>>(), colour.mix(opacity).filled()))
    }

    /// A filled disc with a white rim, so that it stands off the lines behind it.
    pub fn disc(&mut self, at: Point, radius: f64, colour: RGBColor) -> Drawn {
        self.area.draw(&Circle::new(pixel(&at), scaled(radius + 1.0), WHITE.filled()))?;
        self.area.draw(&Circle::new(pixel(&at), scaled(radius), colour.filled()))
    }

    /// Text of `size` pixels, anchored at `at` by its `horizontal` and `vertical` position.
    pub fn text(&mut self, text: &str, at: Point, size: f64, anchor: (HPos, VPos), colour: RGBColor) -> Drawn {
        let style = TextStyle::from((FAMILY, size * SCALE * FONT_FACTOR).into_font())
            .color(&colour)
            .pos(Pos::new(anchor.0, anchor.1));
        self.area.draw(&Text::new(text.to_owned(), pixel(&at), style))
    }

    /// Text that reads upwards, centred at `at`.
    pub fn text_upwards(&mut self, text: &str, at: Point, size: f64) -> Drawn {
        let font = (FAMILY, size * SCALE * FONT_FACTOR).into_font().transform(FontTransform::Rotate270);
        let style = TextStyle::from(font).color(&INK).pos(Pos::new(HPos::Center, VPos::Center));
        self.area.draw(&Text::new(text.to_owned(), pixel(&at), style))
    }

    /// A PNG stretched over a rectangle, under the drawing.
    pub fn image(&mut self, (x, y): Point, (width, height): Point, png: &[u8]) {
        self.markup(format_args!(
            "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
             href=\"data:image/png;base64,{}\"/>\n",
            scaled(x),
            scaled(y),
            scaled(width),
            scaled(height),
            STANDARD.encode(png)
        ));
    }

    /// Round dots of one colour, under the drawing.
    pub fn dots(&mut self, points: &[Point], diameter: f64, colour: RGBColor, opacity: f64) {
        let path = points.iter().map(pixel).fold(String::new(), |mut path, (x, y)| {
            let _ = write!(path, "M{x} {y}h0");
            path
        });
        self.path(&path, diameter, colour, opacity);
    }

    /// Separate line segments of one colour, under the drawing.
    pub fn segments(&mut self, segments: &[(Point, Point)], width: f64, colour: RGBColor) {
        let path = segments.iter().fold(String::new(), |mut path, (from, to)| {
            let ((x0, y0), (x1, y1)) = (pixel(from), pixel(to));
            let _ = write!(path, "M{x0} {y0}L{x1} {y1}");
            path
        });
        self.path(&path, width, colour, 1.0);
    }

    fn path(&mut self, path: &str, width: f64, RGBColor(r, g, b): RGBColor, opacity: f64) {
        self.markup(format_args!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"#{r:02x}{g:02x}{b:02x}\" stroke-width=\"{}\" \
             stroke-linecap=\"round\" opacity=\"{opacity}\"/>\n",
            width * SCALE
        ));
    }

    fn markup(&mut self, markup: std::fmt::Arguments) {
        // writing to a String cannot fail
        let _ = self.under.write_fmt(markup);
    }
}

/// How wide `text` is, roughly, in a proportional face of `size` pixels.
pub fn text_width(text: &str, size: f64) -> f64 {
    0.58 * size * text.chars().count() as f64
}

fn scaled(value: f64) -> i32 {
    (value * SCALE).round() as i32
}

fn pixel(&(x, y): &Point) -> (i32, i32) {
    (scaled(x), scaled(y))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
