//! Messages of TensorBoard's hparams plugin: its table of runs with their settings and results.

use protobuf::well_known_types::Value;
use tensorboard_proto::api::{DataType, Experiment, HParamInfo, MetricInfo, MetricName, Status};
use tensorboard_proto::plugin_hparams::{HParamsPluginData, SessionEndInfo, SessionStartInfo};

pub const EXPERIMENT: &str = "_hparams_/experiment";
pub const START: &str = "_hparams_/session_start_info";
pub const END: &str = "_hparams_/session_end_info";

/// The value of one setting.
#[derive(Debug, Clone, PartialEq)]
pub enum Hparam {
    Number(f64),
    Text(String),
    Flag(bool),
}

impl From<f64> for Hparam {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Hparam {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<bool> for Hparam {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

/// Which columns the table has.
pub fn experiment(settings: &[(&str, Hparam)], metrics: &[&str]) -> HParamsPluginData {
    let mut experiment = Experiment::new();
    for (name, value) in settings {
        let mut info = HParamInfo::new();
        info.set_name((*name).into());
        info.set_field_type(match value {
            Hparam::Number(_) => DataType::DATA_TYPE_FLOAT64,
            Hparam::Text(_) => DataType::DATA_TYPE_STRING,
            Hparam::Flag(_) => DataType::DATA_TYPE_BOOL,
        });
        experiment.mut_hparam_infos().push(info);
    }
    for tag in metrics {
        let mut name = MetricName::new();
        name.set_tag((*tag).into());
        let mut info = MetricInfo::new();
        info.set_name(name);
        experiment.mut_metric_infos().push(info);
    }
    let mut data = HParamsPluginData::new();
    data.set_experiment(experiment);
    data
}

/// The settings of this run.
pub fn start(settings: &[(&str, Hparam)], seconds: f64) -> HParamsPluginData {
    let mut info = SessionStartInfo::new();
    info.set_start_time_secs(seconds);
    for (name, setting) in settings {
        let mut value = Value::new();
        match setting {
            Hparam::Number(number) => value.set_number_value(*number),
            Hparam::Text(text) => value.set_string_value(text.clone()),
            Hparam::Flag(flag) => value.set_bool_value(*flag),
        }
        info.mut_hparams().insert((*name).into(), value);
    }
    let mut data = HParamsPluginData::new();
    data.set_session_start_info(info);
    data
}

/// How this run ended.
pub fn end(succeeded: bool, seconds: f64) -> HParamsPluginData {
    let mut info = SessionEndInfo::new();
    info.set_status(if succeeded { Status::STATUS_SUCCESS } else { Status::STATUS_FAILURE });
    info.set_end_time_secs(seconds);
    let mut data = HParamsPluginData::new();
    data.set_session_end_info(info);
    data
}
