//! Counts on equal bins, as densities.

/// Density of `values` in `bins` equal bins of `[lower, upper]`; values outside count in the total, not in a bin.
pub fn histogram(values: &[f64], (lower, upper): (f64, f64), bins: usize) -> Vec<f64> {
    let width = (upper - lower) / bins as f64;
    let mut density = vec![0.0; bins];
    for value in values {
        let place = (value - lower) / width;
        if (0.0..bins as f64).contains(&place) {
            density[place as usize] += 1.0 / (values.len() as f64 * width);
        }
    }
    density
}

/// Counts of `points` on `side` × `side` cells of a rectangle, the lowest row first.
pub fn histogram_2d(points: &[(f64, f64)], x: (f64, f64), y: (f64, f64), side: usize) -> Vec<f64> {
    let mut counts = vec![0.0; side * side];
    let place = |value: f64, (lower, upper): (f64, f64)| (value - lower) / (upper - lower) * side as f64;
    for point in points {
        let (column, row) = (place(point.0, x), place(point.1, y));
        if (0.0..side as f64).contains(&column) && (0.0..side as f64).contains(&row) {
            counts[row as usize * side + column as usize] += 1.0;
        }
    }
    counts
}

/// Blurs a square grid by the kernel (1 2 3 2 1)/9 in both directions; the edge repeats.
pub fn blurred(grid: &[f64], side: usize) -> Vec<f64> {
    let pass = |source: &[f64], stride: usize, across: usize| {
        let mut result = vec![0.0; source.len()];
        for line in 0..side {
            for i in 0..side {
                for (offset, weight) in [(-2, 1.0), (-1, 2.0), (0, 3.0), (1, 2.0), (2, 1.0)] {
                    let j = (i as i64 + offset).clamp(0, side as i64 - 1) as usize;
                    result[line * across + i * stride] += weight / 9.0 * source[line * across + j * stride];
                }
            }
        }
        result
    };
    pass(&pass(grid, 1, side), side, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn densities_sum_to_the_share_inside() {
        let density = histogram(&[0.1, 0.2, 0.9, 7.0], (0.0, 1.0), 4);
        assert_eq!(density, [2.0, 0.0, 0.0, 1.0]);
        let counts = histogram_2d(&[(0.1, 0.9), (0.6, 0.1), (2.0, 0.0)], (0.0, 1.0), (0.0, 1.0), 2);
        assert_eq!(counts, [0.0, 1.0, 1.0, 0.0]);
    }

    #[test]
    fn blurring_keeps_the_total_away_from_the_edge() {
        let mut grid = vec![0.0; 81];
        grid[40] = 9.0;
        let blurred = blurred(&grid, 9);
        assert!((blurred.iter().sum::<f64>() - 9.0).abs() < 1e-12);
        assert!((blurred[40] - 1.0).abs() < 1e-12 && (blurred[41] - blurred[49]).abs() < 1e-12);
    }
}
