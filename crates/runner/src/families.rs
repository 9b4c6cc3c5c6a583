//! The families of flows: what experiments call them, which keys each reads, and what each costs.

use crate::config::written::{Base, Conditioner, Map};
use flowstill_model::{Family, Role};

/// One family.
#[derive(Debug, PartialEq)]
pub struct About {
    /// what a teacher and a student call it; either may be absent
    names: [Option<&'static str>; 2],
    /// in a few words
    pub title: &'static str,
    /// the keys of a flow that it reads, beside `model`
    pub keys: &'static [&'static str],
    /// settings below its name
    pub settings: Option<&'static str>,
    /// layers unless another number is given
    pub layers: usize,
    /// widths of the hidden layers unless others are given
    pub hidden: &'static [usize],
    /// cost of a row's density as a teacher
    pub density: &'static str,
    /// cost of a sample as a teacher
    pub sample: &'static str,
    /// cost of a sample with its density as a student, if it can be one
    student: Option<&'static str>,
    /// when to take it
    pub when: &'static str,
    pub source: &'static str,
    /// its page in `experiments/families/`
    pub page: &'static str,
    /// an experiment's section
    pub example: &'static str,
}

/// A key that several families share, with what it may be.
#[derive(Debug)]
pub struct Part {
    pub key: &'static str,
    pub choices: &'static [&'static str],
}

const CONDITIONED: &[&str] = &[
    "layers",
    "hidden",
    "activation",
    "order",
    "normalisation",
    "mixing",
    "log_scale_clip",
    "residual",
    "conditioner",
    "map",
    "base",
];
const STACKED: &[&str] = &["layers", "normalisation", "mixing", "base"];
const DENSE: &[&str] = &["layers", "hidden", "normalisation", "mixing", "base"];

const AUTOREGRESSIVE: About = About {
    names: [Some("maf"), Some("iaf")],
    title: "each coordinate given the earlier ones",
    keys: CONDITIONED,
    settings: None,
    layers: 5,
    hidden: &[128, 128],
    density: "1 pass",
    sample: "1 pass in D steps",
    student: Some("1 pass"),
    when: "the first choice for densities, and its student for samples",
    source: "Papamakarios, Pavlakou & Murray 2017; Kingma et al. 2016",
    page: "autoregressive",
    example: "teacher: {model: maf, layers: 5, hidden: [128, 128], map: rational_quadratic}\nstudent: {model: iaf}",
};

const COUPLING: About = About {
    names: [Some("coupling"), Some("coupling")],
    title: "half of the coordinates determines the rest: NICE, RealNVP, neural splines",
    keys: CONDITIONED,
    settings: None,
    layers: 5,
    hidden: &[128, 128],
    density: "1 pass",
    sample: "1 pass",
    student: Some("1 pass"),
    when: "samples and densities both cheap without distillation; take twice the layers of a MAF",
    source: "Dinh, Krueger & Bengio 2014; Dinh, Sohl-Dickstein & Bengio 2017; Durkan et al. 2019",
    page: "coupling",
    example: "teacher: {model: coupling, layers: 8, map: rational_quadratic, order: random}",
};

const PLANAR: About = About {
    names: [Some("planar"), Some("planar")],
    title: "rows move along one vector",
    keys: STACKED,
    settings: Some("function: tanh, arctan or softplus"),
    layers: 16,
    hidden: &[],
    density: "O(D)",
    sample: "O(D), an equation of one number",
    student: Some("O(D)"),
    when: "variational inference in few dimensions; a baseline",
    source: "Rezende & Mohamed 2015, §4.1",
    page: "planar",
    example: "teacher: {model: {planar: {function: arctan}}, layers: 32}",
};

const RADIAL: About = About {
    names: [Some("radial"), Some("radial")],
    title: "rows move towards one point or away",
    keys: STACKED,
    settings: None,
    layers: 16,
    hidden: &[],
    density: "O(D)",
    sample: "O(D)",
    student: Some("O(D)"),
    when: "the fewest parameters of all; a baseline",
    source: "Rezende & Mohamed 2015, §4.1",
    page: "radial",
    example: "teacher: {model: radial, layers: 16}",
};

const LINEAR: About = About {
    names: [Some("linear"), Some("linear")],
    title: "a matrix and a shift",
    keys: STACKED,
    settings: Some(
        "factors: plu, householder, rotation, triangular, diagonal, permutation or reverse; or order: [2, 0, 1]",
    ),
    layers: 1,
    hidden: &[],
    density: "O(D²)",
    sample: "O(D²)",
    student: Some("O(D²)"),
    when: "as a part of chains and as `mixing`; alone it is a Gaussian",
    source: "Kingma & Dhariwal 2018, §3.2; Tomczak & Welling 2016",
    page: "linear",
    example: "teacher: {chain: [{model: linear}, {model: coupling, layers: 4, mixing: rotation}]}",
};

const ELEMENTWISE: About = About {
    names: [Some("elementwise"), Some("elementwise")],
    title: "each coordinate by itself",
    keys: &["layers", "normalisation", "mixing", "log_scale_clip", "map", "base"],
    settings: None,
    layers: 1,
    hidden: &[],
    density: "D maps of one number",
    sample: "D maps of one number",
    student: Some("D maps of one number"),
    when: "marginals and tails; with `mixing: rotation` a Gaussianisation flow",
    source: "Jones & Pewsey 2009; Huang et al. 2018; Durkan et al. 2019",
    page: "elementwise",
    example: "teacher: {model: elementwise, map: mixture, layers: 8, mixing: rotation}",
};

const CDF: About = About {
    names: [Some("cdf"), Some("cdf")],
    title: "each coordinate by the distribution function of a mixture, onto a uniform base",
    keys: &["map"],
    settings: None,
    layers: 1,
    hidden: &[],
    density: "D mixtures",
    sample: "D quantiles of mixtures",
    student: Some("D quantiles of mixtures"),
    when: "one dimension, or independent coordinates",
    source: "Papamakarios et al. 2021, §2.2",
    page: "cdf",
    example: "teacher: {model: cdf, map: {mixture: {components: 8, kernel: logistic}}}",
};

const RESIDUAL: About = About {
    names: [Some("residual"), Some("residual")],
    title: "the identity and a contraction",
    keys: DENSE,
    settings: Some("activation, lipschitz, log_det: auto, exact or roulette, terms, probability"),
    layers: 16,
    hidden: &[32],
    density: "D + 1 passes, or some by estimate",
    sample: "a fixed point: tens of passes",
    student: Some("D + 1 passes, or some by estimate"),
    when: "no coordinate before another, no masks; each layer bends little",
    source: "Behrmann et al. 2019; Chen, Behrmann, Duvenaud & Jacobsen 2019",
    page: "residual",
    example: "teacher: {model: {residual: {log_det: roulette}}, layers: 24, normalisation: act_norm}",
};

const CONTINUOUS: About = About {
    names: [Some("continuous"), Some("continuous")],
    title: "the solution of a differential equation",
    keys: DENSE,
    settings: Some("activation, tolerance or steps, trace: auto, exact or hutchinson, probes"),
    layers: 1,
    hidden: &[64, 64],
    density: "tens of passes, each with D or a few tangents",
    sample: "tens of passes",
    student: Some("tens of passes, each with D or a few tangents"),
    when: "smooth densities and a free choice of network; slow with the exact trace",
    source: "Chen, Rubanova, Bettencourt & Duvenaud 2018; Grathwohl et al. 2019",
    page: "continuous",
    example: "teacher: {model: {continuous: {tolerance: 1e-4}}, hidden: [64, 64]}",
};

const GAUSSIAN_MIXTURE: About = About {
    names: [Some("gaussian_mixture"), Some("gaussian_mixture")],
    title: "a mixture of Gaussians, as a teacher by EM",
    keys: &[],
    settings: Some("components, covariance: full or diagonal; under `training`: steps, patience"),
    layers: 1,
    hidden: &[],
    density: "O(K·D²)",
    sample: "O(K·D²), D quantiles",
    student: Some("O(K·D²), D quantiles"),
    when: "the baseline that a flow has to beat; as `base: mixture` where modes lie apart",
    source: "Dempster, Laird & Rubin 1977; Rosenblatt 1952",
    page: "gaussian_mixture",
    example: "teacher: {model: {gaussian_mixture: {components: 20}}}",
};

const GAUSSIAN: About = About {
    names: [Some("gaussian"), None],
    title: "one Gaussian with full covariance",
    keys: &[],
    settings: Some("none; under `training`: steps, patience"),
    layers: 1,
    hidden: &[],
    density: "O(D²)",
    sample: "O(D²)",
    student: None,
    when: "the baseline below all others",
    source: "Gauss 1809",
    page: "gaussian_mixture",
    example: "teacher: {model: gaussian}",
};

/// All of them.
pub const ALL: [&About; 11] = [
    &AUTOREGRESSIVE,
    &COUPLING,
    &PLANAR,
    &RADIAL,
    &LINEAR,
    &ELEMENTWISE,
    &CDF,
    &RESIDUAL,
    &CONTINUOUS,
    &GAUSSIAN_MIXTURE,
    &GAUSSIAN,
];

/// What else a flow is made of.
pub const PARTS: [Part; 6] = [
    Part { key: "map", choices: Map::NAMES },
    Part { key: "conditioner", choices: Conditioner::NAMES },
    Part { key: "order", choices: &["reverse", "random", "same", "alternating"] },
    Part { key: "normalisation", choices: &["none", "act_norm", "batch_norm"] },
    Part {
        key: "mixing",
        choices: &["none", "permutation", "plu", "householder", "rotation", "triangular", "diagonal", "reverse"],
    },
    Part { key: "base", choices: Base::NAMES },
];

/// The family of an architecture.
pub fn of(family: &Family) -> &'static About {
    match family {
        Family::Autoregressive => &AUTOREGRESSIVE,
        Family::Coupling => &COUPLING,
        Family::Planar { .. } => &PLANAR,
        Family::Radial => &RADIAL,
        Family::Linear { .. } | Family::Permutation { .. } => &LINEAR,
        Family::Elementwise => &ELEMENTWISE,
        Family::Cdf => &CDF,
        Family::Residual { .. } => &RESIDUAL,
        Family::Continuous { .. } => &CONTINUOUS,
        Family::GaussianMixture { .. } => &GAUSSIAN_MIXTURE,
    }
}

/// The family that experiments call `name`.
pub fn named(name: &str) -> Option<&'static About> {
    ALL.into_iter().find(|family| family.names().any(|known| known == name))
}

impl About {
    /// What experiments call it as that role, or as the other one where it cannot have it.
    pub fn name(&self, role: Role) -> &'static str {
        let [teacher, student] = self.names;
        let name = match role {
            Role::Teacher => teacher.or(student),
            Role::Student => student.or(teacher),
        };
        name.expect("every family has a name")
    }

    /// Its names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.names.into_iter().flatten()
    }

    /// `maf, iaf`, `planar` or `gaussian`.
    pub fn names_in_words(&self) -> String {
        match self.names {
            [Some(teacher), Some(student)] if teacher != student => format!("{teacher}, {student}"),
            _ => self.name(Role::Teacher).to_owned(),
        }
    }

    /// Cost of a student's sample.
    pub fn student(&self) -> &'static str {
        self.student.unwrap_or("—")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Experiment;
    use crate::config::written::Model;
    use std::path::Path;

    #[test]
    fn what_is_listed_is_what_can_be_written() {
        let named: Vec<_> = ALL.iter().flat_map(|family| family.names()).collect();
        for name in Model::NAMES.iter().filter(|name| **name != "truth") {
            assert!(named.contains(name), "{name}");
        }
        for Part { key, choices } in PARTS.iter().skip(1) {
            // a uniform base is for maps from (0, 1)
            for choice in choices.iter().filter(|choice| **choice != "uniform") {
                let text = format!("data: {{synthetic: two_moons}}\nteacher: {{{key}: {choice}}}\n");
                assert!(Experiment::from_str(&text, Path::new("a.yaml")).is_ok(), "{text}");
            }
        }
    }

    #[test]
    fn examples_are_experiments_and_pages_exist() {
        for family in ALL {
            let text = format!("data: {{synthetic: two_moons}}\n{}\n", family.example);
            let experiment = Experiment::from_str(&text, Path::new("a.yaml"));
            assert!(experiment.is_ok(), "{text}\n{}", experiment.unwrap_err());
            let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/families");
            assert!(page.join(format!("{}.md", family.page)).exists(), "{}", family.page);
        }
    }
}
