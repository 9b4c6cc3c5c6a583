//! `describe`: a checkpoint in words.

use super::listed;
use crate::arguments::Describe;
use crate::output;
use anyhow::Result;
use flowstill_kernel::rows::{Form, LogDet, Solver, Trace};
use flowstill_model::{Direction, LayerSpec, Orientation, Pixels, Provenance, RowSpec};
use flowstill_sampler::Sampler;

pub fn describe(options: &Describe) -> Result<()> {
    let sampler = Sampler::load(&options.checkpoint)?;
    let cost = sampler.cost();
    let role = sampler.role().name();
    let (dim, columns) = (sampler.dim(), listed(sampler.columns()));
    let mut lines = vec![format!("{}: a {role} over {dim} columns ({columns})", options.checkpoint.display())];
    lines.extend(sampler.pixels().map(pictures));
    lines.push("\nlayers, base → data:".to_owned());
    lines.extend(sampler.spec().layers.iter().enumerate().map(|(i, layer)| format!("  {i}  {}", in_words(layer))));
    lines.push(format!("\nparameters   {} trainable of {} stored", cost.free_parameters, cost.parameters));
    lines.push(format!("a sample     {}", cost.forward));
    lines.push(format!("a density    {}", cost.inverse));
    let Provenance { version, config_hash, data_hash, seed } = sampler.provenance();
    let (configuration, data) = (short(config_hash), short(data_hash));
    lines.push(format!("\nflowstill {version}, seed {seed}, configuration {configuration}, data {data}"));
    Ok(output::result(lines.join("\n"))?)
}

fn pictures(pixels: &Pixels) -> String {
    let shape = pixels.shape.map_or_else(String::new, |[rows, columns]| format!(" of {rows} × {columns}"));
    format!(
        "pictures{shape}: pixels 0 to {}, made real by uniform noise, then logits with α = {}",
        pixels.levels - 1,
        pixels.alpha
    )
}

fn in_words(layer: &LayerSpec) -> String {
    match layer {
        LayerSpec::Autoregressive(a) => {
            let kind = match (a.identity, a.orientation) {
                (Some(identity), _) => {
                    format!(
                        "coupling (either direction in one pass), the first {identity} of the order determine the rest"
                    )
                }
                (None, Orientation::Maf) => "autoregressive (MAF: density in one pass)".to_owned(),
                (None, Orientation::Iaf) => "autoregressive (IAF: sampling in one pass)".to_owned(),
            };
            let blocks = if a.residual { " in residual blocks" } else { "" };
            let map = match &a.univariate {
                None => format!("|log-scale| < {}", a.log_scale_clip),
                Some(map) => map.name().to_owned(),
            };
            let order: Vec<String> = a.order.iter().map(usize::to_string).collect();
            format!("{kind}, hidden {:?}{blocks} {}, order [{}], {map}", a.hidden, a.activation.name(), listed(&order))
        }
        LayerSpec::ActNorm { .. } => "act_norm: one scale and shift per column".to_owned(),
        LayerSpec::BatchNorm { .. } => "batch_norm".to_owned(),
        LayerSpec::Rowwise { map, orientation } => {
            let outright = match LayerSpec::closed(map, *orientation) {
                Direction::Forward => "sampling",
                Direction::Inverse => "density",
            };
            format!("{} (computed outright: {outright})", of_rows(map))
        }
    }
}

/// A map of rows with its settings.
fn of_rows(map: &RowSpec) -> String {
    let kind = map.kind();
    match map {
        RowSpec::Elementwise { univariate } => format!("{kind} {}", univariate.name()),
        RowSpec::Planar { function } => format!("{kind}, {function:?}").to_lowercase(),
        RowSpec::Linear(Form::Plu { .. }) => format!("{kind}, permutation and triangles"),
        RowSpec::Linear(form) => format!("{kind}, {form:?}").to_lowercase(),
        RowSpec::Householder { reflections, triangle } => {
            format!("{kind}, {reflections} reflections{}", if *triangle { " and a triangle" } else { "" })
        }
        RowSpec::GaussianMixture { components, covariance } => {
            format!("{kind}, components {components}, covariance {covariance:?}").to_lowercase()
        }
        RowSpec::Residual { hidden, activation, lipschitz, log_det } => {
            let how = if *log_det == LogDet::Exact { "exact" } else { "by roulette" };
            format!("{kind}, hidden {hidden:?} {}, slopes < {lipschitz}, log-det {how}", activation.name())
        }
        RowSpec::Continuous { hidden, activation, solver, trace } => {
            let trace = if *trace == Trace::Exact { "exact" } else { "by random vectors" };
            let solver = match solver {
                Solver::Adaptive { tolerance } => format!("tolerance {tolerance}"),
                Solver::Fixed { steps } => format!("{steps} equal steps"),
            };
            format!("{kind}, hidden {hidden:?} {}, {solver}, trace {trace}", activation.name())
        }
        RowSpec::Transformer(t) => {
            let what = if t.identity.is_some() { "coupling" } else { "autoregressive" };
            let (blocks, width, heads) = (t.blocks, t.width, t.heads);
            format!(
                "{kind}, {what}, {blocks} blocks of {width} with {heads} heads, order {:?}, {}",
                t.order,
                t.map.name()
            )
        }
        RowSpec::Radial | RowSpec::Permutation { .. } => kind.to_owned(),
    }
}

fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
