//! The families of flows: what experiments call them, which keys each reads, and what each costs.

use flowstill_model::{Family, Role};

/// One family.
#[derive(Debug, PartialEq)]
pub struct About {
    /// what a teacher and a student call it; equal, but for autoregressive flows
    names: [&'static str; 2],
    /// in a few words
    pub title: &'static str,
    /// the keys of a flow that it reads, beside `model`
    pub keys: &'static [&'static str],
    /// layers unless another number is given
    pub layers: usize,
    /// cost of a row's density, with the family in the orientation of a teacher
    pub density: &'static str,
    /// cost of a sample, likewise
    pub sample: &'static str,
    /// cost of a sample with its density, in the orientation of a student
    pub student: &'static str,
    /// when to take it
    pub when: &'static str,
    pub source: &'static str,
}

const CONDITIONED: &[&str] =
    &["layers", "hidden", "activation", "order", "normalisation", "mixing", "log_scale_clip", "residual", "map"];
const STACKED: &[&str] = &["layers", "normalisation", "mixing"];

const AUTOREGRESSIVE: About = About {
    names: ["maf", "iaf"],
    title: "each coordinate given the earlier ones",
    keys: CONDITIONED,
    layers: 5,
    density: "1 pass",
    sample: "the arithmetic of 1 pass, in D steps",
    student: "1 pass",
    when: "the first choice for densities; its student is the first choice for samples",
    source: "Papamakarios, Pavlakou & Murray 2017; Kingma et al. 2016",
};

const COUPLING: About = About {
    names: ["coupling", "coupling"],
    title: "one half of the coordinates determines the other: NICE, RealNVP, neural splines",
    keys: CONDITIONED,
    layers: 5,
    density: "1 pass",
    sample: "1 pass",
    student: "1 pass",
    when: "samples and densities both cheap without distillation; take twice the layers of a MAF",
    source: "Dinh, Krueger & Bengio 2014; Dinh, Sohl-Dickstein & Bengio 2017; Durkan et al. 2019",
};

const PLANAR: About = About {
    names: ["planar", "planar"],
    title: "rows move along one vector",
    keys: STACKED,
    layers: 16,
    density: "O(D) per layer",
    sample: "O(D) and an equation of one number per layer",
    student: "O(D) per layer",
    when: "few parameters, low dimensions; a baseline of variational inference",
    source: "Rezende & Mohamed 2015, §4.1",
};

const RADIAL: About = About {
    names: ["radial", "radial"],
    title: "rows move towards or away from one point",
    keys: STACKED,
    layers: 16,
    density: "O(D) per layer",
    sample: "O(D) per layer",
    student: "O(D) per layer",
    when: "the fewest parameters of all; a baseline of variational inference",
    source: "Rezende & Mohamed 2015, §4.1",
};

const LINEAR: About = About {
    names: ["linear", "linear"],
    title: "a matrix and a shift: any Gaussian, by gradient; between other layers it mixes coordinates",
    keys: STACKED,
    layers: 1,
    density: "O(D²) per layer",
    sample: "O(D²) per layer",
    student: "O(D²) per layer",
    when: "as a part of chains and as `mixing`; alone it is a Gaussian",
    source: "Kingma & Dhariwal 2018, §3.2; Tomczak & Welling 2016",
};

const ELEMENTWISE: About = About {
    names: ["elementwise", "elementwise"],
    title: "each coordinate by itself, by any map of one number",
    keys: &["layers", "normalisation", "mixing", "log_scale_clip", "map"],
    layers: 1,
    density: "D maps of one number",
    sample: "D maps of one number",
    student: "D maps of one number",
    when: "marginals; with `mixing`, a Gaussianisation flow; heavy tails or intervals in a chain",
    source: "Jones & Pewsey 2009; Durkan et al. 2019; Huang et al. 2018",
};

const CDF: About = About {
    names: ["cdf", "cdf"],
    title: "each coordinate by the distribution function of a mixture, onto a uniform base",
    keys: &["map"],
    layers: 1,
    density: "D distribution functions",
    sample: "D quantiles, by bracketed Newton steps",
    student: "D quantiles, by bracketed Newton steps",
    when: "one dimension, or independent coordinates",
    source: "Papamakarios et al. 2021, §2.2",
};

/// All of them.
pub const ALL: [&About; 7] = [&AUTOREGRESSIVE, &COUPLING, &PLANAR, &RADIAL, &LINEAR, &ELEMENTWISE, &CDF];

/// The family of an architecture.
pub fn of(family: &Family) -> &'static About {
    match family {
        Family::Autoregressive => &AUTOREGRESSIVE,
        Family::Coupling => &COUPLING,
        Family::Planar { .. } => &PLANAR,
        Family::Radial => &RADIAL,
        Family::Linear { .. } => &LINEAR,
        Family::Elementwise => &ELEMENTWISE,
        Family::Cdf => &CDF,
    }
}

impl About {
    /// What experiments call it.
    pub fn name(&self, role: Role) -> &'static str {
        match role {
            Role::Teacher => self.names[0],
            Role::Student => self.names[1],
        }
    }
}
