//! `status`: how a sweep stands.

use crate::arguments::Status as Options;
use crate::output;
use crate::sweep_view::{at_work, in_a_line};
use anyhow::Result;
use flowstill_sweep::status::Looker;
use flowstill_sweep::{Graph, Sight, Store};
use std::time::Duration;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(2);

pub fn status(options: &Options) -> Result<()> {
    let store = Store::new(&options.folder);
    let plan = store.plan()?;
    let graph = Graph::new(&plan);
    let mut looker = Looker::new(Sight { store: &store, plan: &plan, graph: &graph });
    loop {
        let status = looker.look()?;
        if let Some(fault) = looker.fault() {
            return Err(fault.into());
        }
        let mut text = in_a_line(&status);
        for holder in &status.running {
            text += &format!("\n  {} on {} (process {})", at_work(holder), holder.host, holder.pid);
        }
        for holder in &status.dead {
            text += &format!("\n  {} {}: its process is gone", holder.stage.kind, holder.cell);
        }
        for (reason, cells) in looker.failures() {
            text += &format!("\n  failed: {}: {reason}", cells.join(", "));
        }
        output::result(text)?;
        if !options.watch || status.pending() == 0 {
            return Ok(());
        }
        std::thread::sleep(LOOK);
    }
}
