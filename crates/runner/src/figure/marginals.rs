//! Marginal distributions: one small panel per coordinate, data, teacher and student on common bins.

use super::axis::Axis;
use super::canvas::{Canvas, Drawn, Point, page};
use super::histogram::histogram;
use super::legend::legend;
use super::palette::{INK, Source};
use super::panel::{Frame, Panel};
use super::samples::Samples;
use plotters::style::text_anchor::{HPos, VPos};

const BINS: usize = 48;
const WIDTH: f64 = 230.0;
const HEIGHT: f64 = 160.0;
const LEGEND: f64 = 30.0;

/// The panel of one coordinate.
pub fn marginal(samples: &Samples, column: usize) -> Option<String> {
    let (panel, steps) = prepared(samples, column, (0.0, 0.0))?;
    let describes = format!("Marginal distribution of {}", samples.columns[column]);
    page(WIDTH, HEIGHT, &describes, |canvas| draw(canvas, &panel, &steps, &samples.columns[column]))
}

/// All `columns` on one page, with a legend.
pub fn marginals(samples: &Samples, columns: &[usize]) -> Option<String> {
    let across = match columns.len() {
        0 => return None,
        n @ 1..=3 => n,
        4 => 2,
        5..=9 => 3,
        _ => 4,
    };
    let origin = |i: usize| ((i % across) as f64 * WIDTH, LEGEND + (i / across) as f64 * HEIGHT);
    let panels: Vec<_> = columns
        .iter()
        .enumerate()
        .map(|(i, &column)| prepared(samples, column, origin(i)).map(|ready| (ready, &samples.columns[column])))
        .collect::<Option<_>>()?;
    let height = LEGEND + HEIGHT * columns.len().div_ceil(across) as f64;
    page(WIDTH * across as f64, height, "Marginal distributions of data, teacher and student", |canvas| {
        let present = Source::ALL.iter().filter(|source| !samples.rows(**source).is_empty());
        legend(canvas, 14.0, 16.0, &present.map(|source| (source.name(), source.colour())).collect::<Vec<_>>())?;
        panels.iter().try_for_each(|((panel, steps), name)| draw(canvas, panel, steps, name))
    })
}

type Steps = Vec<(Source, Vec<Point>)>;

/// The panel of a column with its origin on the page, and the outline of each source's histogram.
fn prepared(samples: &Samples, column: usize, (x, y): Point) -> Option<(Panel, Steps)> {
    samples.columns.get(column)?;
    let range = samples.range(column)?;
    let width = (range.1 - range.0) / BINS as f64;
    let mut steps = Steps::new();
    for source in Source::ALL {
        let values = samples.column(source, column);
        if values.is_empty() {
            continue;
        }
        let density = histogram(&values, range, BINS);
        let edge = |i: usize| range.0 + i as f64 * width;
        steps.push((source, (0..BINS).flat_map(|i| [(edge(i), density[i]), (edge(i + 1), density[i])]).collect()));
    }
    let highest = steps.iter().flat_map(|(_, points)| points).fold(0.0f64, |highest, point| highest.max(point.1));
    let frame = Frame { left: x + 14.0, top: y + 28.0, right: x + WIDTH - 14.0, bottom: y + HEIGHT - 26.0 };
    let panel = Panel { frame, x: Axis::linear(range.0, range.1, ""), y: Axis::linear(0.0, highest * 1.04, "") };
    Some((panel, steps))
}

fn draw(canvas: &mut Canvas, panel: &Panel, steps: &Steps, name: &str) -> Drawn {
    for (source, points) in steps {
        if *source == Source::Data {
            let mut area: Vec<Point> = vec![panel.at(panel.x.lower, 0.0)];
            area.extend(points.iter().map(|&(x, y)| panel.at(x, y)));
            area.push(panel.at(panel.x.upper, 0.0));
            canvas.polygon(&area, source.colour(), 0.22)?;
        }
        let width = if *source == Source::Data { 0.75 } else { 1.5 };
        panel.line(canvas, points, source.colour(), width)?;
    }
    panel.x_axis(canvas, 4)?;
    canvas.text(name, (panel.frame.left, panel.frame.top - 12.0), 12.0, (HPos::Left, VPos::Center), INK)
}
