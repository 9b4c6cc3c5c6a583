//! Gauss–Legendre quadrature with four nodes.

/// Nodes and weights on [0, 1]: exact for polynomials up to degree 7.
///
/// The nodes on [−1, 1] are ±√(3/7 ∓ 2/7 √(6/5)), their weights (18 ± √30)/36.
pub fn four_nodes() -> [(f64, f64); 4] {
    let root = 2.0 / 7.0 * 1.2f64.sqrt();
    let (inner, outer) = ((3.0 / 7.0 - root).sqrt(), (3.0 / 7.0 + root).sqrt());
    let (heavy, light) = ((18.0 + 30f64.sqrt()) / 72.0, (18.0 - 30f64.sqrt()) / 72.0);
    let at = |x: f64| 0.5 * (1.0 + x);
    [(at(-outer), light), (at(-inner), heavy), (at(inner), heavy), (at(outer), light)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_up_to_degree_seven() {
        for degree in 0..=7 {
            let integral: f64 = four_nodes().iter().map(|(x, w)| w * x.powi(degree)).sum();
            assert!((integral - 1.0 / f64::from(degree + 1)).abs() < 1e-15, "{degree}");
        }
    }
}
