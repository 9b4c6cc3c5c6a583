//! `families`: what flows an experiment can name, and what they cost.

use crate::arguments::Families;
use crate::output;
use anyhow::{Result, bail};
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use flowstill_runner::config::nearest;
use flowstill_runner::families::{self, About, Part};

pub fn families(options: &Families) -> Result<()> {
    match &options.name {
        None => Ok(output::result(all())?),
        Some(name) => {
            let Some(family) = families::named(name) else { bail!(unknown(name)) };
            Ok(output::result(one(family))?)
        }
    }
}

fn all() -> String {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    table.set_header(["model", "what it is", "a density", "a sample", "a student's sample"]);
    for family in families::ALL {
        table.add_row([&*family.names_in_words(), family.title, family.density, family.sample, family.student()]);
    }
    let list = |part: &Part| format!("{:<15}{}", part.key, part.choices.join(" "));
    let parts: Vec<_> = families::PARTS.iter().map(list).collect();
    format!(
        "{table}\n\nD is the number of columns; a pass is one evaluation of each layer's network. `chain` makes one flow of \
         several.\n\nbeside `model`, as far as a family reads them (`flowstill families NAME`):\n{}",
        parts.join("\n")
    )
}

fn one(family: &About) -> String {
    let mut lines = vec![format!("{}: {}\n", family.names_in_words(), family.title)];
    let mut line = |name: &str, text: &str| lines.push(format!("{name:<19}{text}"));
    if !family.keys.is_empty() {
        line("keys", &family.keys.join(" "));
    }
    if let Some(settings) = family.settings {
        line("settings", settings);
    }
    line("a density", family.density);
    line("a sample", family.sample);
    line("a student's sample", family.student());
    line("when", family.when);
    line("source", family.source);
    line("page", &format!("experiments/families/{}.md", family.page));
    lines.push(format!("\n{}", family.example));
    lines.join("\n")
}

fn unknown(name: &str) -> String {
    let names: Vec<_> = families::ALL.iter().flat_map(|family| family.names()).collect();
    let near = nearest(name, names.iter().copied()).map_or_else(String::new, |near| format!("did you mean `{near}`? "));
    format!("there is no family `{name}`; {near}`flowstill families` lists them all")
}
