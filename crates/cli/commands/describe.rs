//! `describe`: a checkpoint in words.

use crate::arguments::Describe;
use anyhow::Result;
use flowstill_model::{LayerSpec, Orientation, Role};
use flowstill_sampler::Sampler;

pub fn describe(options: &Describe) -> Result<()> {
    let sampler = Sampler::load(&options.checkpoint)?;
    let cost = sampler.cost();
    let role = match sampler.role() {
        Role::Teacher => "teacher",
        Role::Student => "student",
    };
    println!("{}: a {role} over {} columns ({})", options.checkpoint.display(), sampler.dim(), sampler.columns().join(", "));
    println!("\nlayers, base → data:");
    for (index, layer) in sampler.spec().layers.iter().enumerate() {
        println!("  {index}  {}", in_words(layer));
    }
    println!("\nparameters   {} trainable of {} stored", cost.free_parameters, cost.parameters);
    println!("a sample     {}", cost.forward);
    println!("a density    {}", cost.inverse);
    let from = sampler.provenance();
    println!("\nflowstill {}, seed {}, configuration {}, data {}", from.version, from.seed, short(&from.config_hash), short(&from.data_hash));
    Ok(())
}

fn in_words(layer: &LayerSpec) -> String {
    match layer {
        LayerSpec::Autoregressive(a) => {
            let reads = match a.orientation {
                Orientation::Maf => "MAF: density in one pass",
                Orientation::Iaf => "IAF: sampling in one pass",
            };
            format!(
                "autoregressive ({reads}), hidden {:?} {}, order {:?}, |log-scale| < {}",
                a.hidden,
                a.activation.name(),
                a.order,
                a.log_scale_clip
            )
        }
        LayerSpec::ActNorm { .. } => "act_norm: one scale and shift per column".to_owned(),
        LayerSpec::BatchNorm { .. } => "batch_norm".to_owned(),
    }
}

fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
