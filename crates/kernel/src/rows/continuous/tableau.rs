//! Explicit Runge–Kutta methods, by their coefficients.

/// `k_i = f(t + c_i·h, u + h·Σ_{j<i} a_ij·k_j)`, then `u + h·Σ b_i·k_i`.
#[derive(Debug)]
pub(super) struct Tableau {
    /// row `i` has `i` entries
    pub a: &'static [&'static [f64]],
    pub b: &'static [f64],
    pub c: &'static [f64],
    /// the error is about `h·Σ e_i·k_i`, where the last `k` is that of the end, with which the next step begins
    pub error: Option<&'static [f64]>,
}

impl Tableau {
    pub fn stages(&self) -> usize {
        self.b.len()
    }
}

/// The classical method of fourth order (Kutta 1901).
pub(super) const CLASSICAL: Tableau = Tableau {
    a: &[&[], &[0.5], &[0.0, 0.5], &[0.0, 0.0, 1.0]],
    b: &[1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0],
    c: &[0.0, 0.5, 0.5, 1.0],
    error: None,
};

/// Fifth order with an error of fourth (Dormand & Prince 1980).
pub(super) const DORMAND_PRINCE: Tableau = Tableau {
    a: &[
        &[],
        &[1.0 / 5.0],
        &[3.0 / 40.0, 9.0 / 40.0],
        &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0],
        &[19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0],
        &[9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0],
    ],
    b: &[35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
    c: &[0.0, 1.0 / 5.0, 3.0 / 10.0, 4.0 / 5.0, 8.0 / 9.0, 1.0],
    error: Some(&[71.0 / 57600.0, 0.0, -71.0 / 16695.0, 71.0 / 1920.0, -17253.0 / 339200.0, 22.0 / 525.0, -1.0 / 40.0]),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_of_order_hold() {
        for (tableau, order) in [(CLASSICAL, 4), (DORMAND_PRINCE, 5)] {
            for (row, c) in tableau.a.iter().zip(tableau.c) {
                assert!((row.iter().sum::<f64>() - c).abs() < 1e-14);
            }
            for power in 0..order {
                let sum: f64 = tableau.b.iter().zip(tableau.c).map(|(b, c)| b * c.powi(power)).sum();
                assert!((sum - 1.0 / f64::from(power + 1)).abs() < 1e-14, "{power}");
            }
            let b_a_c: f64 = (0..tableau.stages())
                .map(|i| tableau.b[i] * tableau.a[i].iter().zip(tableau.c).map(|(a, c)| a * c).sum::<f64>())
                .sum();
            assert!((b_a_c - 1.0 / 6.0).abs() < 1e-14);
        }
    }

    #[test]
    fn the_error_is_that_of_a_method_of_fourth_order() {
        let (e, c) = (DORMAND_PRINCE.error.unwrap(), [DORMAND_PRINCE.c, &[1.0]].concat());
        let moment = |power: i32| e.iter().zip(&c).map(|(e, c)| e * c.powi(power)).sum::<f64>();
        assert!((0..4).all(|power| moment(power).abs() < 1e-14) && moment(4).abs() > 1e-4);
    }
}
