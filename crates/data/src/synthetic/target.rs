//! The synthetic targets by name.

use flowstill_kernel::noise::{Purpose, stream};

use super::{
    Banana, Checkerboard, EightGaussians, Funnel, GaussianMixture, KnownDensity, Pinwheel, RingChain, Rings, Swirl,
    TwoMoons,
};

/// Most coordinates of a target.
pub const MAXIMUM_DIM: usize = 1024;
/// Most components of a mixture.
pub const MAXIMUM_COMPONENTS: usize = 1000;
const DEFAULT_COMPONENTS: usize = 5;
const DEFAULT_CHAIN_DIM: usize = 8;

/// A synthetic target, checked: dimensions and components are in range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    TwoMoons,
    EightGaussians,
    Pinwheel,
    Rings,
    Checkerboard,
    Swirl,
    Banana,
    Funnel { dim: usize },
    GaussianMixture { dim: usize, components: usize, seed: u64 },
    RingChain { dim: usize },
}

/// Why there is no such target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    #[error("unknown synthetic target {name:?}{}; known are {}", hint(nearest), Target::NAMES.join(", "))]
    Unknown { name: String, nearest: Option<&'static str> },

    #[error("{name}: dim {found}, expected {expected}")]
    Dim { name: &'static str, found: usize, expected: String },

    #[error("{name}: components {found}, expected {expected}")]
    Components { name: &'static str, found: usize, expected: String },
}

fn hint(nearest: &Option<&'static str>) -> String {
    nearest.map_or_else(String::new, |n| format!(", did you mean {n}?"))
}

impl Target {
    /// Every name that [`from_name`](Self::from_name) knows.
    pub const NAMES: [&'static str; 10] = [
        "two_moons",
        "eight_gaussians",
        "pinwheel",
        "rings",
        "checkerboard",
        "swirl",
        "banana",
        "funnel",
        "gaussian_mixture",
        "ring_chain",
    ];

    /// The target called `name`. `dim` is free for `funnel` (from 2, default 2), `gaussian_mixture` (from 1, default 2)
    /// and `ring_chain` (from 3, default 8), and must be 2 for the others; `components` (default 5) and `seed` matter to `gaussian_mixture` alone, and giving
    /// `components` to another target is an error.
    pub fn from_name(
        name: &str,
        dim: Option<usize>,
        components: Option<usize>,
        seed: u64,
    ) -> Result<Self, TargetError> {
        let target = match name {
            "two_moons" => Self::TwoMoons,
            "eight_gaussians" => Self::EightGaussians,
            "pinwheel" => Self::Pinwheel,
            "rings" => Self::Rings,
            "checkerboard" => Self::Checkerboard,
            "swirl" => Self::Swirl,
            "banana" => Self::Banana,
            "funnel" => Self::Funnel { dim: dim.unwrap_or(2) },
            "gaussian_mixture" => Self::GaussianMixture {
                dim: dim.unwrap_or(2),
                components: components.unwrap_or(DEFAULT_COMPONENTS),
                seed,
            },
            "ring_chain" => Self::RingChain { dim: dim.unwrap_or(DEFAULT_CHAIN_DIM) },
            _ => return Err(TargetError::Unknown { name: name.to_string(), nearest: nearest(name) }),
        };
        let (lowest, highest) = match target {
            Self::Funnel { .. } => (2, MAXIMUM_DIM),
            Self::GaussianMixture { .. } => (1, MAXIMUM_DIM),
            Self::RingChain { .. } => (3, MAXIMUM_DIM),
            _ => (2, 2),
        };
        let found = dim.unwrap_or(target.dim());
        if !(lowest..=highest).contains(&found) {
            let expected = if lowest == highest { lowest.to_string() } else { format!("{lowest} to {highest}") };
            return Err(TargetError::Dim { name: target.name(), found, expected });
        }
        match (target, components) {
            (Self::GaussianMixture { components: found, .. }, _) if !(1..=MAXIMUM_COMPONENTS).contains(&found) => {
                let expected = format!("1 to {MAXIMUM_COMPONENTS}");
                Err(TargetError::Components { name: target.name(), found, expected })
            }
            (Self::GaussianMixture { .. }, _) | (_, None) => Ok(target),
            (_, Some(found)) => {
                let expected = "none: only gaussian_mixture has them".to_string();
                Err(TargetError::Components { name: target.name(), found, expected })
            }
        }
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::TwoMoons => "two_moons",
            Self::EightGaussians => "eight_gaussians",
            Self::Pinwheel => "pinwheel",
            Self::Rings => "rings",
            Self::Checkerboard => "checkerboard",
            Self::Swirl => "swirl",
            Self::Banana => "banana",
            Self::Funnel { .. } => "funnel",
            Self::GaussianMixture { .. } => "gaussian_mixture",
            Self::RingChain { .. } => "ring_chain",
        }
    }

    pub fn dim(&self) -> usize {
        match *self {
            Self::Funnel { dim } | Self::GaussianMixture { dim, .. } | Self::RingChain { dim } => dim,
            _ => 2,
        }
    }

    /// Draws and density.
    pub fn density(&self) -> Box<dyn KnownDensity> {
        match *self {
            Self::TwoMoons => Box::new(TwoMoons::new()),
            Self::EightGaussians => Box::new(EightGaussians),
            Self::Pinwheel => Box::new(Pinwheel),
            Self::Rings => Box::new(Rings),
            Self::Checkerboard => Box::new(Checkerboard),
            Self::Swirl => Box::new(Swirl::new()),
            Self::Banana => Box::new(Banana),
            Self::Funnel { dim } => Box::new(Funnel::new(dim)),
            Self::GaussianMixture { dim, components, seed } => Box::new(GaussianMixture::new(dim, components, seed)),
            Self::RingChain { dim } => Box::new(RingChain::new(dim)),
        }
    }

    /// The first `rows` rows of the data set of `seed`, row-major; row `i` is a pure function of (target, seed, i).
    pub fn draw_rows(&self, rows: usize, seed: u64) -> Vec<f64> {
        let density = self.density();
        let mut values = vec![0.0; rows * self.dim()];
        for (i, row) in values.chunks_exact_mut(self.dim()).enumerate() {
            density.draw(&mut stream(seed, Purpose::Synthetic, i as u64), row);
        }
        values
    }
}

/// The known name most like `name`, if it is like any.
fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase().replace(['-', ' '], "_");
    let scored = Target::NAMES.map(|known| (strsim::jaro_winkler(&name, known), known));
    scored.into_iter().filter(|(score, _)| *score > 0.75).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_to_its_target() {
        for name in Target::NAMES {
            let target = Target::from_name(name, None, None, 0).unwrap();
            assert_eq!((target.name(), target.density().name()), (name, name));
            let dim = if name == "ring_chain" { 8 } else { 2 };
            assert_eq!((target.dim(), target.density().dim()), (dim, dim));
        }
    }

    #[test]
    fn a_wrong_name_is_answered_with_the_nearest() {
        let message = |name: &str| Target::from_name(name, None, None, 0).unwrap_err().to_string();
        for (wrong, right) in
            [("two-moon", "two_moons"), ("8_gaussians", "eight_gaussians"), ("Funel", "funnel"), ("mixture", "")]
        {
            let text = message(wrong);
            assert!(right.is_empty() || text.contains(&format!("did you mean {right}?")), "{text}");
            assert!(text.contains("known are two_moons, eight_gaussians"), "{text}");
        }
        assert!(!message("xyz").contains("did you mean"));
    }

    #[test]
    fn dimensions_and_components_are_checked() {
        let message = |name, dim, k| Target::from_name(name, dim, k, 0).unwrap_err().to_string();
        assert_eq!(message("rings", Some(3), None), "rings: dim 3, expected 2");
        assert_eq!(message("funnel", Some(1), None), "funnel: dim 1, expected 2 to 1024");
        assert_eq!(message("ring_chain", Some(2), None), "ring_chain: dim 2, expected 3 to 1024");
        assert_eq!(message("gaussian_mixture", None, Some(0)), "gaussian_mixture: components 0, expected 1 to 1000");
        assert!(message("banana", None, Some(3)).contains("only gaussian_mixture"));
        let mixture = Target::from_name("gaussian_mixture", Some(1), Some(3), 4).unwrap();
        assert_eq!(mixture, Target::GaussianMixture { dim: 1, components: 3, seed: 4 });
    }

    #[test]
    fn a_row_depends_on_seed_and_position_only() {
        let target = Target::Funnel { dim: 5 };
        assert_eq!(target.draw_rows(10, 3)[..], target.draw_rows(20, 3)[..50]);
        assert_ne!(target.draw_rows(10, 3), target.draw_rows(10, 4));
    }
}
