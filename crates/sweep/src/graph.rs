//! The stages of a plan: what each needs, who needs it, and which to do first.

use crate::plan::Plan;
use crate::stage::{Kind, StageId};
use std::collections::HashMap;

/// One stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub id: StageId,
    /// the stages that must be done before
    pub needs: Vec<usize>,
    /// the cells that need it, by their place in the plan
    pub cells: Vec<usize>,
    /// estimated cost, in multiply-adds
    pub cost: f64,
    /// of this stage and the longest way from it to the end
    pub path: f64,
}

/// Each stage once, however many cells share it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Graph {
    pub nodes: Vec<Node>,
    /// the longest way first, so that no long cell is left for the end
    pub order: Vec<usize>,
    /// the last stages of each cell
    pub ends: Vec<usize>,
}

impl Graph {
    pub fn new(plan: &Plan) -> Self {
        let mut graph = Self::default();
        let mut places: HashMap<StageId, usize> = HashMap::new();
        for (cell, planned) in plan.cells.iter().enumerate() {
            let mut before: Option<usize> = None;
            for (id, cost) in planned.stages() {
                let place = *places.entry(id.clone()).or_insert_with(|| {
                    let needs = before.into_iter().collect();
                    graph.nodes.push(Node { id, needs, cells: Vec::new(), cost, path: cost });
                    graph.nodes.len() - 1
                });
                graph.nodes[place].cells.push(cell);
                before = Some(place);
            }
            graph.ends.extend(before);
        }
        // a stage stands after those that it needs
        for place in (0..graph.nodes.len()).rev() {
            let path = graph.nodes[place].path;
            for need in graph.nodes[place].needs.clone() {
                let whole = graph.nodes[need].cost + path;
                graph.nodes[need].path = graph.nodes[need].path.max(whole);
            }
        }
        graph.order = (0..graph.nodes.len()).collect();
        graph.order.sort_by(|&a, &b| graph.nodes[b].path.total_cmp(&graph.nodes[a].path));
        graph
    }

    /// How many different stages there are of each kind.
    pub fn count(&self, kind: Kind) -> usize {
        self.nodes.iter().filter(|node| node.id.kind == kind).count()
    }
}
