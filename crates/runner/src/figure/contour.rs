//! Lines of equal height on a grid (marching squares), and the heights that enclose given shares of the mass.

use super::canvas::Point;

/// The height above which cells hold `share` of the grid's sum.
pub fn level(grid: &[f64], share: f64) -> Option<f64> {
    let mut heights = grid.to_vec();
    heights.sort_by(|a, b| b.total_cmp(a));
    let total: f64 = heights.iter().sum();
    let mut sum = 0.0;
    heights.into_iter().find(|height| {
        sum += height;
        *height > 0.0 && sum >= share * total
    })
}

/// Segments of the line at `level`, in units of cells: `(0, 0)` is the lower left corner of the square grid and
/// `(side, side)` the upper right one; heights stand at the middles of cells.
pub fn lines(grid: &[f64], side: usize, level: f64) -> Vec<(Point, Point)> {
    let mut segments = Vec::new();
    let height = |x: usize, y: usize| grid[y * side + x] - level;
    for y in 0..side.saturating_sub(1) {
        for x in 0..side - 1 {
            // corners against the clock from the lower left one
            let corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)];
            let mut crossings = [None; 4];
            for (edge, crossing) in crossings.iter_mut().enumerate() {
                let (a, b) = (corners[edge], corners[(edge + 1) % 4]);
                let (ha, hb) = (height(a.0, a.1), height(b.0, b.1));
                if (ha > 0.0) != (hb > 0.0) {
                    let t = ha / (ha - hb);
                    let between = |a: usize, b: usize| a as f64 + t * (b as f64 - a as f64) + 0.5;
                    *crossing = Some((between(a.0, b.0), between(a.1, b.1)));
                }
            }
            match crossings {
                // a saddle: the mean of its corners says which two of them are joined
                [Some(bottom), Some(right), Some(top), Some(left)] => {
                    let joined = corners.iter().map(|c| height(c.0, c.1)).sum::<f64>() > 0.0;
                    if joined == (height(x, y) > 0.0) {
                        segments.extend([(bottom, right), (top, left)]);
                    } else {
                        segments.extend([(bottom, left), (top, right)]);
                    }
                }
                _ => {
                    let mut present = crossings.into_iter().flatten();
                    if let (Some(from), Some(to)) = (present.next(), present.next()) {
                        segments.push((from, to));
                    }
                }
            }
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_cone_is_a_closed_circle() {
        let side = 41;
        let distance = |i: usize| ((i % side) as f64 - 20.0).hypot((i / side) as f64 - 20.0);
        let grid: Vec<f64> = (0..side * side).map(|i| 30.0 - distance(i)).collect();
        let segments = lines(&grid, side, 20.0);
        let length: f64 = segments.iter().map(|(a, b)| (a.0 - b.0).hypot(a.1 - b.1)).sum();
        assert!((length - 20.0 * std::f64::consts::PI).abs() < 0.5, "{length}");
        assert!(segments.iter().all(|(a, _)| ((a.0 - 20.5).hypot(a.1 - 20.5) - 10.0).abs() < 0.05));
    }

    #[test]
    fn a_level_encloses_its_share() {
        let grid = [4.0, 3.0, 2.0, 1.0];
        assert_eq!(level(&grid, 0.5), Some(3.0));
        assert_eq!(level(&grid, 0.9), Some(2.0));
        assert_eq!(level(&[0.0], 0.5), None);
    }
}
