//! `cache`: the stages that sweeps share.

use crate::arguments::CacheAction;
use crate::output;
use anyhow::Result;
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use flowstill_sweep::cache::{self, Entry, Keep};
use std::time::Duration;

pub fn cache(action: &CacheAction) -> Result<()> {
    match action {
        CacheAction::List(options) => {
            let entries = cache::list(&options.runs)?;
            let mut table = Table::new();
            table.load_preset(NOTHING).set_header(["stage", "folder", "MB", "finished", "sweeps"]);
            for entry in &entries {
                table.add_row([
                    entry.kind.name().to_owned(),
                    entry.path.display().to_string(),
                    megabytes(entry.bytes),
                    if entry.finished { "yes" } else { "no" }.to_owned(),
                    entry.sweeps.join(", "),
                ]);
            }
            output::result(&table)?;
            output::note(total(&entries));
        }
        CacheAction::Prune(options) => {
            let keep = Keep { younger_than: options.older_than.map(|days| Duration::from_secs(86_400 * days)) };
            let pruned = cache::prune(&options.folder.runs, keep, options.dry_run)?;
            for path in pruned.stages.iter().map(|entry| &entry.path).chain(&pruned.unfinished) {
                output::result(path.display())?;
            }
            let verb = if options.dry_run { "would be removed" } else { "removed" };
            let files = match pruned.unfinished.len() {
                0 => String::new(),
                count => format!(", {count} files that killed processes left"),
            };
            output::note(format_args!("{verb}: {}{files}", total(&pruned.stages)));
        }
    }
    Ok(())
}

fn total(entries: &[Entry]) -> String {
    format!("{} stages, {} MB", entries.len(), megabytes(entries.iter().map(|entry| entry.bytes).sum()))
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}
