//! Densities over the plane: truth, teacher and student as pictures on one colour scale.

use super::Source;
use super::axis::Axis;
use super::canvas::{Canvas, Drawn, page};
use super::colour_map::{Rgb, viridis};
use super::palette::{FRAME, INK};
use super::panel::{Frame, Panel};
use super::raster::{Picture, encode};
use plotters::style::RGBColor;
use plotters::style::text_anchor::{HPos, VPos};

const SIDE: f64 = 250.0;
const GAP: f64 = 18.0;
const LEFT: f64 = 58.0;
const TOP: f64 = 28.0;
const BOTTOM: f64 = 48.0;
const BAR: f64 = 12.0;
/// Room for the colour bar's numbers and its label.
const BAR_LABELS: f64 = 62.0;

/// Log-densities in data space at the middles of `width` × `height` equal cells, the lowest row first, in nats.
#[derive(Debug, Clone, PartialEq)]
pub struct DensityGrid {
    pub x: (f64, f64),
    pub y: (f64, f64),
    pub width: usize,
    pub height: usize,
    pub log_density: Vec<f64>,
}

/// The grids of one run; what is missing was not computed or is not known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Densities {
    pub truth: Option<DensityGrid>,
    pub teacher: Option<DensityGrid>,
    pub student: Option<DensityGrid>,
}

impl Densities {
    fn shown(&self) -> Vec<(&'static str, RGBColor, &DensityGrid)> {
        let named = [
            ("truth", INK, &self.truth),
            ("teacher", Source::Teacher.colour(), &self.teacher),
            ("student", Source::Student.colour(), &self.student),
        ];
        let drawable = |grid: &&DensityGrid| {
            grid.width > 0 && grid.height > 0 && grid.log_density.len() == grid.width * grid.height
        };
        let present = named.into_iter().filter_map(|(name, colour, grid)| Some((name, colour, grid.as_ref()?)));
        present.filter(|(_, _, grid)| drawable(grid)).collect()
    }
}

/// One panel for each grid, side by side, with the colour bar they share.
pub fn densities(densities: &Densities, names: (&str, &str)) -> Option<String> {
    let shown = densities.shown();
    let ceiling = shown.iter().map(|(_, _, grid)| ceiling(grid)).fold(0.0, f64::max);
    if ceiling <= 0.0 {
        return None;
    }
    let width = LEFT + shown.len() as f64 * (SIDE + GAP) + BAR + BAR_LABELS;
    page(width, TOP + SIDE + BOTTOM, "Densities over the plane", |canvas| {
        for (i, (name, colour, grid)) in shown.iter().enumerate() {
            let left = LEFT + i as f64 * (SIDE + GAP);
            let panel = Panel {
                frame: Frame { left, top: TOP, right: left + SIDE, bottom: TOP + SIDE },
                x: Axis::linear(grid.x.0, grid.x.1, names.0),
                y: Axis::linear(grid.y.0, grid.y.1, names.1),
            };
            canvas.image((left, TOP), (SIDE, SIDE), &picture(grid, ceiling).png);
            panel.outline(canvas)?;
            panel.x_axis(canvas, 4)?;
            if i == 0 {
                panel.y_axis(canvas)?;
            }
            canvas.text(name, (left, TOP - 12.0), 13.0, (HPos::Left, VPos::Center), *colour)?;
        }
        colour_bar(canvas, LEFT + shown.len() as f64 * (SIDE + GAP), ceiling)
    })
}

/// The bare picture of one grid, on a colour scale of its own.
pub fn density_picture(grid: &DensityGrid) -> Option<Picture> {
    let drawable = grid.width > 0 && grid.log_density.len() == grid.width * grid.height;
    drawable.then(|| picture(grid, ceiling(grid).max(f64::MIN_POSITIVE)))
}

fn picture(grid: &DensityGrid, ceiling: f64) -> Picture {
    let rows = grid.log_density.chunks(grid.width).rev().flatten();
    let pixels: Vec<Rgb> = rows.map(|log_density| viridis(log_density.exp() / ceiling)).collect();
    let (width, height) = (grid.width as u32, grid.height as u32);
    Picture { width, height, png: encode(width, height, &pixels) }
}

/// The density that only one cell in a thousand exceeds: a lone spike does not darken the rest.
fn ceiling(grid: &DensityGrid) -> f64 {
    let mut densities: Vec<f64> = grid.log_density.iter().map(|value| value.exp()).filter(|d| d.is_finite()).collect();
    densities.sort_by(f64::total_cmp);
    densities.get(densities.len().saturating_sub(1) * 999 / 1000).copied().unwrap_or(0.0)
}

fn colour_bar(canvas: &mut Canvas, left: f64, ceiling: f64) -> Drawn {
    const SHADES: u32 = 128;
    let shades: Vec<Rgb> = (0..SHADES).rev().map(|i| viridis(f64::from(i) / f64::from(SHADES - 1))).collect();
    canvas.image((left, TOP), (BAR, SIDE), &encode(1, SHADES, &shades));
    let frame = Frame { left, top: TOP, right: left + BAR, bottom: TOP + SIDE };
    let panel = Panel { frame, x: Axis::linear(0.0, 1.0, ""), y: Axis::linear(0.0, ceiling, "") };
    panel.outline(canvas)?;
    for (value, label) in panel.y.ticks(4) {
        let (x, y) = panel.at(1.0, value);
        canvas.line(&[(x, y), (x + 4.0, y)], FRAME, 1.0)?;
        canvas.text(&label, (x + 7.0, y), 12.0, (HPos::Left, VPos::Center), INK)?;
    }
    canvas.text("density", (left + BAR + 46.0, TOP - 12.0), 12.0, (HPos::Right, VPos::Center), INK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(log_density: Vec<f64>) -> DensityGrid {
        DensityGrid { x: (0.0, 1.0), y: (0.0, 1.0), width: 2, height: log_density.len() / 2, log_density }
    }

    #[test]
    fn only_complete_grids_are_drawn() {
        let mut both = Densities { truth: Some(grid(vec![0.0; 4])), ..Densities::default() };
        assert_eq!(densities(&both, ("x", "y")).expect("a grid").matches("<image").count(), 2);
        both.student = Some(grid(vec![-1.0; 4]));
        assert_eq!(densities(&both, ("x", "y")).expect("grids").matches("<image").count(), 3);
        both.student = Some(DensityGrid { width: 3, ..grid(vec![-1.0; 4]) });
        assert_eq!(densities(&both, ("x", "y")).expect("a grid").matches("<image").count(), 2);
        assert!(densities(&Densities::default(), ("x", "y")).is_none());
        assert!(density_picture(&grid(vec![f64::NAN; 4])).is_some());
    }
}
