//! Where the phases of a distillation begin: thin upright lines, and the phases' names above the panel.

use super::canvas::{Canvas, Drawn, text_width};
use super::palette::{FRAME, INK};
use super::panel::Panel;
use plotters::style::text_anchor::{HPos, VPos};

const SIZE: f64 = 10.0;
const GAP: f64 = 6.0;

/// Lines at the first steps of all phases but the first, and names at those of all.
pub fn marks(canvas: &mut Canvas, panel: &Panel, phases: &[(u64, String)]) -> Drawn {
    let at: Vec<f64> = phases.iter().map(|(step, _)| panel.at(*step as f64, panel.y.lower).0).collect();
    let top = panel.frame.top;
    let mut last = panel.frame.left;
    for (x, name) in at.iter().zip(names(phases, &at, panel.frame.right)) {
        if *x > last {
            canvas.line(&[(*x, top - 4.0), (*x, panel.frame.bottom)], FRAME, 0.75)?;
            last = *x;
        }
        canvas.text(&name, (x + 2.0, top - 5.0), SIZE, (HPos::Left, VPos::Bottom), INK)?;
    }
    Ok(())
}

/// The phases' names, each with room up to the next place and the last one up to `end`; their numbers where that is too
/// little, nothing where even those do not fit. A phase that ended where it began has no place of its own.
fn names(phases: &[(u64, String)], at: &[f64], end: f64) -> Vec<String> {
    let rooms: Vec<f64> = at.iter().zip(at.iter().skip(1).chain([&end])).map(|(from, to)| to - from).collect();
    let placed = |name: &dyn Fn(usize) -> String| -> Vec<String> {
        let each = rooms.iter().enumerate();
        each.map(|(i, room)| if *room > 0.0 { name(i) } else { String::new() }).collect()
    };
    let fit = |names: &Vec<String>| {
        let mut each = names.iter().zip(&rooms);
        each.all(|(name, room)| name.is_empty() || text_width(name, SIZE) + GAP <= *room)
    };
    let candidates = [placed(&|i| phases[i].1.clone()), placed(&|i| (i + 1).to_string())];
    candidates.into_iter().find(fit).unwrap_or_else(|| placed(&|_| String::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_way_to_numbers_and_numbers_to_lines_alone() {
        let phases = [(0, "warm start".to_owned()), (4000, "path gradient".to_owned())];
        assert_eq!(names(&phases, &[70.0, 200.0], 434.0), ["warm start", "path gradient"]);
        assert_eq!(names(&phases, &[70.0, 120.0], 434.0), ["1", "2"]);
        assert_eq!(names(&phases, &[70.0, 200.0], 260.0), ["1", "2"], "the last one needs room as well");
        assert_eq!(names(&phases, &[70.0, 72.0], 434.0), ["", ""]);
        let three = [phases[0].clone(), (4000, "mixed KL".to_owned()), phases[1].clone()];
        assert_eq!(names(&three, &[70.0, 200.0, 200.0], 434.0), ["warm start", "", "path gradient"]);
        assert_eq!(names(&three, &[70.0, 200.0, 200.0], 260.0), ["1", "", "3"]);
    }
}
