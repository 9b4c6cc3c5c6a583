//! A rectangle of the page with two axes: maps numbers to pixels, clips lines, draws frame and labels.

use super::axis::Axis;
use super::canvas::{Canvas, Drawn, Point, text_width};
use super::palette::{FRAME, GRID, INK};
use plotters::style::RGBColor;
use plotters::style::text_anchor::{HPos, VPos};

const TICK: f64 = 4.0;
const LABEL_SIZE: f64 = 12.0;

/// The inside of a panel, in pixels of the page.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

pub struct Panel {
    pub frame: Frame,
    pub x: Axis,
    pub y: Axis,
}

impl Panel {
    /// The pixel of a pair of numbers.
    pub fn at(&self, x: f64, y: f64) -> Point {
        let Frame { left, top, right, bottom } = self.frame;
        (left + self.x.place(x) * (right - left), bottom - self.y.place(y) * (bottom - top))
    }

    /// Horizontal grid lines, to be drawn first.
    pub fn grid(&self, canvas: &mut Canvas) -> Drawn {
        for (value, _) in self.y.ticks(5) {
            let height = self.at(self.x.lower, value).1;
            canvas.line(&[(self.frame.left, height), (self.frame.right, height)], GRID, 1.0)?;
        }
        Ok(())
    }

    /// Both axes with ticks, numbers and labels.
    pub fn axes(&self, canvas: &mut Canvas) -> Drawn {
        self.x_axis(canvas, 5)?;
        self.y_axis(canvas)
    }

    /// The lower edge with ticks, about `count` numbers and the axis' label.
    pub fn x_axis(&self, canvas: &mut Canvas, count: usize) -> Drawn {
        let Frame { left, right, bottom, .. } = self.frame;
        canvas.line(&[(left, bottom), (right, bottom)], FRAME, 1.0)?;
        for (value, label) in self.x_ticks(count, LABEL_SIZE) {
            let (x, _) = self.at(value, self.y.lower);
            canvas.line(&[(x, bottom), (x, bottom + TICK)], FRAME, 1.0)?;
            canvas.text(&label, (x, bottom + TICK + 4.0), LABEL_SIZE, (HPos::Center, VPos::Top), INK)?;
        }
        let middle = (0.5 * (left + right), bottom + TICK + 22.0);
        canvas.text(&self.x.label, middle, LABEL_SIZE, (HPos::Center, VPos::Top), INK)
    }

    /// At most about `count` ticks of the lower edge, fewer where their labels would touch.
    pub fn x_ticks(&self, count: usize, size: f64) -> Vec<(f64, String)> {
        let room = self.frame.right - self.frame.left;
        let fits = |ticks: &Vec<(f64, String)>| {
            ticks.iter().map(|(_, label)| text_width(label, size) + 0.6 * size).sum::<f64>() <= room
        };
        (1..=count).rev().map(|count| self.x.ticks(count)).find(fits).unwrap_or_default()
    }

    /// The left edge with ticks, numbers and the axis' label.
    pub fn y_axis(&self, canvas: &mut Canvas) -> Drawn {
        let Frame { left, top, bottom, .. } = self.frame;
        canvas.line(&[(left, top), (left, bottom)], FRAME, 1.0)?;
        let mut widest: f64 = 0.0;
        for (value, label) in self.y.ticks(5) {
            let (_, y) = self.at(self.x.lower, value);
            canvas.line(&[(left - TICK, y), (left, y)], FRAME, 1.0)?;
            canvas.text(&label, (left - TICK - 3.0, y), LABEL_SIZE, (HPos::Right, VPos::Center), INK)?;
            widest = widest.max(text_width(&label, LABEL_SIZE));
        }
        let beside = ((left - TICK - widest - 14.0).max(8.0), 0.5 * (top + bottom));
        canvas.text_upwards(&self.y.label, beside, LABEL_SIZE)
    }

    /// A thin line around the panel.
    pub fn outline(&self, canvas: &mut Canvas) -> Drawn {
        let Frame { left, top, right, bottom } = self.frame;
        canvas.line(&[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], FRAME, 1.0)
    }

    /// A line through `points`, cut where it leaves the panel at its top or bottom.
    pub fn line(&self, canvas: &mut Canvas, points: &[Point], colour: RGBColor, width: f64) -> Drawn {
        let mut run: Vec<Point> = Vec::new();
        for pair in points.windows(2) {
            let (a, b) = (self.at(pair[0].0, pair[0].1), self.at(pair[1].0, pair[1].1));
            let Some((from, to)) = self.clip(a, b) else { continue };
            if run.last() != Some(&from) {
                canvas.line(&std::mem::take(&mut run), colour, width)?;
                run.push(from);
            }
            run.push(to);
        }
        canvas.line(&run, colour, width)
    }

    /// The part of a segment between the panel's top and bottom.
    fn clip(&self, a: Point, b: Point) -> Option<(Point, Point)> {
        let Frame { top, bottom, .. } = self.frame;
        let (mut from, mut to) = (0.0f64, 1.0f64);
        let rise = b.1 - a.1;
        if rise == 0.0 {
            return (top..=bottom).contains(&a.1).then_some((a, b));
        }
        let (enter, leave) = ((top - a.1) / rise, (bottom - a.1) / rise);
        from = from.max(enter.min(leave));
        to = to.min(enter.max(leave));
        let point = |t: f64| match t {
            0.0 => a,
            1.0 => b,
            _ => (a.0 + t * (b.0 - a.0), a.1 + t * rise),
        };
        (from <= to).then(|| (point(from), point(to)))
    }
}
