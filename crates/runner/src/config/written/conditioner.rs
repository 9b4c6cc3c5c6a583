//! What a user may write of the network that gives a layer's maps their parameters.

use super::choice::{self, Choice};
use flowstill_model::Conditioner as ConditionerPlan;
use serde::{Deserialize, Serialize};

/// The network of each layer.
pub type Conditioner = Choice<Settings>;

/// The networks that have settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `blocks`, 1 to 64, default 2; `width`, the numbers of a token, a multiple of `heads`, default 32; `heads`, default
    /// 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transformer: Option<Transformer>,
}

/// The keys of a Transformer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transformer {
    pub blocks: Option<i64>,
    pub width: Option<i64>,
    pub heads: Option<i64>,
}

impl choice::Settings for Settings {
    const NAMES: &'static [&'static str] = &["mlp", "transformer"];
    const EXPECTED: &'static str = "one conditioner, as `mlp` or `{transformer: {blocks: 2, width: 32, heads: 4}}`";

    fn given(&self) -> Vec<&'static str> {
        choice::given([("transformer", self.transformer.is_some())])
    }
}

impl Conditioner {
    /// The network with what was not written filled in.
    pub fn plan(&self) -> ConditionerPlan {
        if self.name() != Some("transformer") {
            return ConditionerPlan::Mlp;
        }
        let written = self.settings().and_then(|settings| settings.transformer.clone()).unwrap_or_default();
        // what is no count is refused as 0
        let count = |written: Option<i64>, default| written.map_or(default, |n| usize::try_from(n).unwrap_or(0));
        ConditionerPlan::Transformer {
            blocks: count(written.blocks, 2),
            width: count(written.width, 32),
            heads: count(written.heads, 4),
        }
    }
}

impl From<&ConditionerPlan> for Conditioner {
    fn from(conditioner: &ConditionerPlan) -> Self {
        match *conditioner {
            ConditionerPlan::Mlp => Self::Named("mlp"),
            ConditionerPlan::Transformer { blocks, width, heads } => {
                let [blocks, width, heads] = [blocks, width, heads].map(|n| Some(n as i64));
                Self::Set(Box::new(Settings { transformer: Some(Transformer { blocks, width, heads }) }))
            }
        }
    }
}
