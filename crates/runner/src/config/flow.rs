//! The keys of a flow, in `teacher`, in `student` and in each link of a chain.

use super::check::Checker;
use super::path::KeyPath;
use super::written::{Base, Conditioner, Link, Map, Model};
use crate::families::{self, About};
use flowstill_kernel::univariate::{Distribution, Kernel, Mixture};
use flowstill_model::spec::{LEAST_CLIP, MOST_CLIP};
use flowstill_model::{Architecture, Direction, Family, Orientation, Role, SpecError, Start, Univariate};

/// What a CDF flow is made of unless its map is given.
const CDF: Mixture = Mixture { components: 8, kernel: Kernel::Gaussian, onto: Distribution::Uniform };

/// Weights between hidden layers that a flow may have at most, 4 GB of them.
const MOST_WEIGHTS: usize = 1_000_000_000;

/// Parts of a chain at most.
const MOST_LINKS: usize = 100;

/// The keys of a whole flow.
pub(super) struct Written<'a> {
    pub link: Link,
    pub base: Option<&'a Base>,
    pub chain: Option<&'a [Link]>,
}

impl Written<'_> {
    /// The architecture of the flow at `at`. What is not written is as in `default`, the teacher's architecture for a
    /// student, where both are of one kind.
    pub fn checked(self, checker: &mut Checker, role: Role, default: Option<&Architecture>) -> Architecture {
        let at = KeyPath::from(role.name());
        let before = checker.findings.len();
        let base = |checker: &mut Checker| self.base.map(|base| checked_base(checker, &at.key("base"), base, role));
        let Some(links) = self.chain else {
            let mut architecture = checked(checker, &at, &self.link, role, default);
            architecture.base = of_role(architecture.base, role);
            let about = about(&self.link, &architecture.family);
            match base(checker) {
                Some(_) if !about.keys.contains(&"base") => {
                    let message = format!("means nothing beside `model: {}`; remove it", about.name(role));
                    checker.wrong_with(at.key("base"), at.key("model"), message);
                }
                Some(base) => architecture.base = base,
                None => {}
            }
            if checker.findings.len() == before {
                let given = self.link.given();
                let of_layers = ["map", "conditioner", "model"].into_iter().find(|key| given.contains(key));
                let of_base = self.base.map(|_| "base");
                // what is inherited whole was judged where it is written
                if let Some((layer, message)) = unbuildable(&architecture)
                    && let Some(key) = if layer == 0 { of_base.or(of_layers) } else { of_layers.or(of_base) }
                {
                    checker.wrong(at.key(key), message);
                }
            }
            return architecture;
        };
        for key in self.link.given() {
            let message = "means nothing beside `chain`, whose parts have such keys of their own; move it there";
            checker.wrong_with(at.key(key), at.key("chain"), message.to_owned());
        }
        if !(1..=MOST_LINKS).contains(&links.len()) {
            let message = format!("expected 1 to {MOST_LINKS} parts, got {}", links.len());
            checker.wrong(at.key("chain"), message);
        }
        let each = links.iter().enumerate();
        let chain = each.map(|(i, link)| checked(checker, &at.key("chain").index(i), link, role, None)).collect();
        let architecture = Architecture { chain, base: base(checker).unwrap_or_default(), ..Architecture::default() };
        if checker.findings.len() == before
            && let Some((_, message)) = unbuildable(&architecture)
        {
            checker.wrong(at.key("chain"), message);
        }
        architecture
    }
}

/// One flow or link.
fn checked(
    checker: &mut Checker,
    at: &KeyPath,
    link: &Link,
    role: Role,
    default: Option<&Architecture>,
) -> Architecture {
    let family = family(checker, &at.key("model"), link.model.as_ref(), role);
    let about = about(link, &family);
    for key in link.given().into_iter().filter(|key| *key != "model" && !about.keys.contains(key)) {
        let message = format!("means nothing beside `model: {}`; remove it", about.name(role));
        checker.wrong_with(at.key(key), at.key("model"), message);
    }
    if matches!(&link.conditioner, Some(conditioner) if conditioner.name() == Some("transformer")) {
        let given = link.given();
        for key in ["hidden", "activation", "residual"].into_iter().filter(|key| given.contains(key)) {
            let message = "means nothing beside `conditioner: transformer`; remove it";
            checker.wrong_with(at.key(key), at.key("conditioner"), message.to_owned());
        }
    }
    let own = Architecture {
        family: family.clone(),
        layers: about.layers,
        hidden: about.hidden.to_vec(),
        map: (family == Family::Cdf).then_some(Univariate::Mixture(CDF)),
        ..Architecture::default()
    };
    // a student is like its teacher as far as both have the same choices
    let default = default.filter(|teacher| teacher.chain.is_empty() && alike(&teacher.family, &family)).unwrap_or(&own);
    let layers = link.layers.map_or(default.layers, |n| checker.whole(at.key("layers"), n, (1, 1000), ""));
    let hidden = hidden(checker, at, link, layers, &default.hidden);
    let log_scale_clip = link.log_scale_clip.map_or(default.log_scale_clip, |clip| {
        let fits = |clip| (LEAST_CLIP..=MOST_CLIP).contains(&clip);
        checker.number(at.key("log_scale_clip"), clip, fits, "from 0.001 to 80")
    });
    let residual = link.residual.unwrap_or(default.residual);
    if residual && (hidden.len().is_multiple_of(2) || hidden.iter().any(|width| *width != hidden[0])) {
        let key = if link.hidden.is_some() { "hidden" } else { "residual" };
        let message = format!(
            "residual blocks need an odd number of hidden layers of one width (one, and two for each block), got {hidden:?}"
        );
        checker.wrong(at.key(key), message);
    }
    let map = match &link.map {
        Some(map) => checked_map(checker, &at.key("map"), map, &family),
        None => default.map.clone(),
    };
    Architecture {
        family,
        layers,
        hidden,
        activation: link.activation.unwrap_or(default.activation),
        order: link.order.unwrap_or(default.order),
        normalisation: link.normalisation.unwrap_or(default.normalisation),
        mixing: link.mixing.map_or(default.mixing, |mixing| mixing.0),
        log_scale_clip,
        residual,
        conditioner: match &link.conditioner {
            Some(conditioner) => checked_conditioner(checker, &at.key("conditioner"), conditioner),
            None => default.conditioner,
        },
        map,
        base: default.base.clone(),
        chain: Vec::new(),
    }
}

/// The family that is named, if flows of that role can be of it.
fn family(checker: &mut Checker, at: &KeyPath, model: Option<&Model>, role: Role) -> Family {
    let Some(model) = model else { return Family::Autoregressive };
    if let Some(message) = model.ambiguity() {
        checker.wrong(at.clone(), message);
        return Family::Autoregressive;
    }
    if let Some(message) = model.negative().or_else(|| model.settings().and_then(|settings| settings.contradiction())) {
        checker.wrong(at.clone(), message);
    }
    let refused = match (model.name(), role) {
        (Some("iaf"), Role::Teacher) => Some("`iaf` samples in one pass and is for students; a teacher's is `maf`"),
        (Some("maf"), Role::Student) => {
            Some("`maf` gives densities in one pass and is for teachers; a student's is `iaf`")
        }
        (Some("gaussian"), Role::Student) => {
            Some("`gaussian` is fitted to rows and is for teachers; a student's is `linear`")
        }
        (Some("truth"), Role::Student) => Some("`truth` is a density and no flow; write it under `teacher`"),
        (Some("truth"), Role::Teacher) => Some("`truth` is a density and no part of a chain"),
        _ => None,
    };
    if let Some(message) = refused {
        checker.wrong(at.clone(), message.to_owned());
    }
    model.family().unwrap_or(Family::Autoregressive)
}

/// The family by the name that is written.
fn about(link: &Link, family: &Family) -> &'static About {
    let written = link.model.as_ref().and_then(|model| model.name()).and_then(families::named);
    written.unwrap_or_else(|| families::of(family))
}

/// Whether two families have the same choices.
fn alike(one: &Family, other: &Family) -> bool {
    let conditioned = |family: &Family| matches!(family, Family::Autoregressive | Family::Coupling);
    conditioned(one) && conditioned(other) || std::mem::discriminant(one) == std::mem::discriminant(other)
}

fn hidden(checker: &mut Checker, at: &KeyPath, link: &Link, layers: usize, default: &[usize]) -> Vec<usize> {
    let hidden: Vec<usize> = match &link.hidden {
        None => default.to_vec(),
        Some(widths) => {
            if widths.len() > 32 {
                checker.wrong(at.key("hidden"), format!("expected at most 32 hidden layers, got {}", widths.len()));
            }
            let each = widths.iter().enumerate();
            each.map(|(i, width)| checker.whole(at.key("hidden").index(i), *width, (1, 65_536), "")).collect()
        }
    };
    let weights = hidden.windows(2).map(|pair| pair[0].saturating_mul(pair[1])).fold(0, usize::saturating_add);
    let weights = weights.saturating_mul(layers);
    // what is inherited whole was judged where it is written
    let written = if link.hidden.is_some() { Some("hidden") } else { link.layers.map(|_| "layers") };
    if let (Some(key), true) = (written, weights > MOST_WEIGHTS) {
        let message = format!("expected at most {MOST_WEIGHTS} weights between hidden layers in all, got {weights}");
        checker.wrong_with(at.key(key), at.key("layers"), message);
    }
    hidden
}

/// The map of each coordinate, with its settings in range; nothing for the affine one.
fn checked_map(checker: &mut Checker, at: &KeyPath, map: &Map, family: &Family) -> Option<Univariate> {
    if let Some(message) = map.ambiguity().or_else(|| map.negative()) {
        checker.wrong(at.clone(), message);
        return None;
    }
    if *family == Family::Cdf {
        return checked_cdf(checker, at, map);
    }
    let univariate = map.univariate()?;
    if let Err(error) = univariate.check() {
        checker.wrong(at.clone(), error.to_string());
    }
    let whole = [Direction::Forward, Direction::Inverse]
        .iter()
        .all(|direction| univariate.domain(*direction) == [f64::NEG_INFINITY, f64::INFINITY]);
    if *family != Family::Elementwise && !(whole && univariate.parameters() > 0) {
        let name = univariate.name();
        let message = format!(
            "`{name}` is no map of the whole line with parameters for a conditioner to give; it is for `model: elementwise` \
             in a chain"
        );
        checker.wrong(at.clone(), message);
    }
    Some(univariate)
}

/// A mixture onto the uniform base of a CDF flow.
fn checked_cdf(checker: &mut Checker, at: &KeyPath, map: &Map) -> Option<Univariate> {
    let Some(Univariate::Mixture(mixture)) = map.univariate() else {
        let name = map.name().unwrap_or_default();
        checker.wrong(
            at.clone(),
            format!("expected `mixture`, with or without settings, beside `model: cdf`, got `{name}`"),
        );
        return None;
    };
    let onto = map.settings().and_then(|settings| settings.mixture.as_ref()).and_then(|mixture| mixture.onto);
    if onto.is_some_and(|onto| onto != Distribution::Uniform) {
        let message = "a `cdf` flow has a uniform base; remove `onto`, or take `model: elementwise`";
        checker.wrong(at.clone(), message.to_owned());
    }
    let univariate = Univariate::Mixture(Mixture { onto: Distribution::Uniform, ..mixture });
    if let Err(error) = univariate.check() {
        checker.wrong(at.clone(), error.to_string());
    }
    Some(univariate)
}

fn checked_conditioner(checker: &mut Checker, at: &KeyPath, conditioner: &Conditioner) -> flowstill_model::Conditioner {
    if let Some(message) = conditioner.ambiguity().or_else(|| conditioner.negative()) {
        checker.wrong(at.clone(), message);
    }
    conditioner.plan()
}

fn checked_base(checker: &mut Checker, at: &KeyPath, base: &Base, role: Role) -> flowstill_model::Base {
    if let Some(message) = base.ambiguity().or_else(|| base.negative()) {
        checker.wrong(at.clone(), message);
    }
    let written = base.settings().and_then(|settings| settings.mixture.as_ref()?.start);
    if role == Role::Student && written == Some(Start::Em) {
        let message = "expected `random`: there are no rows to fit a student's mixture to before it samples".to_owned();
        checker.wrong(at.key("mixture").key("start"), message);
    }
    of_role(base.plan(), role)
}

/// The base as it can be for that role: a student's mixture starts at random.
fn of_role(base: flowstill_model::Base, role: Role) -> flowstill_model::Base {
    match base {
        flowstill_model::Base::Mixture { components, covariance, .. } if role == Role::Student => {
            flowstill_model::Base::Mixture { components, covariance, start: Start::Random }
        }
        base => base,
    }
}

/// The first layer that cannot be computed with its settings, or is given numbers which it cannot map, and why.
fn unbuildable(architecture: &Architecture) -> Option<(usize, String)> {
    let given = architecture.links().find_map(|link| match &link.family {
        Family::Permutation { order } => Some(order.len()),
        _ => None,
    });
    // unless an order says it, which dimension does not matter, and neither does the orientation
    match architecture.spec(given.unwrap_or(4).max(1), Orientation::Maf, 0).validate() {
        Err(SpecError::BadRowwise { layer, error }) => Some((layer, error.to_string())),
        Err(error @ SpecError::OutOfDomain { layer, .. }) => Some((layer, error.to_string())),
        _ => None,
    }
}
