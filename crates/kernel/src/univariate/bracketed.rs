//! Solving `f(u) = y` for an increasing `f` between two places that are known to lie on either side of the solution.

/// Bisection alone would need about as many to shrink any interval to its last digits.
const STEPS: usize = 120;

/// A Newton step of this share of the places is the last: it is exact to about the square of that.
const LAST_STEP: f64 = 1e-13;

/// The `u` in `[low, high]` with `f(u) = y`, given `f(u)` and `f'(u)`: Newton steps as long as they stay in the bracket
/// and shrink, bisections otherwise, so that flat places, infinite slopes and rounding cannot lead astray. NaN if `y`
/// or an end is; the nearer end where the solution would be beyond it.
pub fn solve(f: impl Fn(f64) -> (f64, f64), y: f64, [mut low, mut high]: [f64; 2]) -> f64 {
    if y.is_nan() {
        return y;
    }
    // also where rounding has put the ends in the wrong order
    if low >= high {
        return low;
    }
    if (high - low).is_nan() {
        return f64::NAN;
    }
    let scale = low.abs().max(high.abs());
    let (enough, digit) = (LAST_STEP * scale, f64::EPSILON * scale);
    let mut u = 0.5 * low + 0.5 * high;
    let mut longest = high - low;
    for _ in 0..STEPS {
        let (value, slope) = f(u);
        let over = value - y;
        if over == 0.0 {
            return u;
        }
        let newton = u - over / slope;
        let step = (newton - u).abs();
        if slope.is_finite() && step <= enough {
            return newton.max(low).min(high);
        }
        if over < 0.0 {
            low = u;
        } else {
            high = u;
        }
        if high - low <= 2.0 * digit {
            break;
        }
        // solutions often are at an end of the bracket, where rounding puts them beyond it
        let fine = newton > low - enough && newton < high + enough && step <= longest;
        u = if fine { newton.max(low + digit).min(high - digit) } else { 0.5 * low + 0.5 * high };
        // Newton steps must at least halve, but after a bisection start afresh
        longest = if fine { 0.5 * step } else { high - low };
    }
    0.5 * low + 0.5 * high
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn smooth_functions_take_few_steps() {
        for y in [-30.0, -1.0, 0.0, 1e-9, 2.0, 1e3] {
            let steps = Cell::new(0);
            let f = |u: f64| {
                steps.set(steps.get() + 1);
                (u + u * u * u, 1.0 + 3.0 * u * u)
            };
            let u = solve(f, y, [-20.0, 20.0]);
            assert!((u + u * u * u - y).abs() <= 1e-13 * (1.0 + y.abs()), "{y}: {u}");
            assert!(steps.get() < 20, "{y}: {} steps", steps.get());
        }
    }

    #[test]
    fn flat_and_steep_places_do_not_lead_astray() {
        // slope 0 at the solution
        let u = solve(|u| (u * u * u, 3.0 * u * u), 0.0, [-1.0, 3.0]);
        assert!(u.abs() < 1e-5, "{u}");
        // infinite slope at the first place, and flat to the last digit but for a step
        let root = |u: f64| (u.cbrt(), u.cbrt().powi(-2) / 3.0);
        assert!((solve(root, 0.3, [-1.0, 1.0]) - 0.027).abs() < 1e-13);
        let step = |u: f64| (((u - 0.7) * 1e4).tanh(), 1e4 / ((u - 0.7) * 1e4).cosh().powi(2));
        assert!((solve(step, 0.5, [-50.0, 90.0]) - (0.7 + 0.5f64.atanh() * 1e-4)).abs() < 1e-12);
        // a derivative that is wrong costs time, not the solution
        assert!((solve(|u| (u, f64::NAN), 0.25, [-1.0, 1.7]) - 0.25).abs() < 1e-13);
    }

    #[test]
    fn what_has_no_solution_in_the_bracket_ends_at_its_ends() {
        let line = |u: f64| (u, 1.0);
        assert!(solve(line, f64::NAN, [0.0, 1.0]).is_nan());
        assert!(solve(line, 5.0, [0.0, f64::NAN]).is_nan());
        assert_eq!(solve(line, 5.0, [2.0, 2.0]), 2.0);
        assert!((solve(line, 5.0, [0.0, 1.0]) - 1.0).abs() < 1e-13);
    }
}
