//! What stands beside the axes: stopping, limits, SLURM.

use super::read;
use crate::config::sweep::{Limits, Slurm, Stopping, StoppingRule};
use std::time::Duration;

fn stopping(keys: &str) -> Option<Stopping> {
    read(&format!("data: {{synthetic: two_moons}}\nsweep: {{stop: {{{keys}}}}}\n")).stopping
}

#[test]
fn what_is_better_follows_from_the_metric() {
    let median = StoppingRule::Median { after: 1000, least: 3 };
    for (metric, smaller_is_better) in
        [("kl_forward", true), ("psis_k", true), ("validation", true), ("ess_reverse", false), ("mean_weight", false)]
    {
        let expected = Stopping { rule: median, metric: metric.to_owned(), smaller_is_better };
        assert_eq!(stopping(&format!("rule: median, metric: {metric}")), Some(expected));
    }
    let halving = stopping("rule: halving, metric: ess_forward, first: 500, factor: 4").unwrap();
    assert_eq!(halving.rule, StoppingRule::Halving { first: 500, factor: 4 });
    let late = stopping("rule: median, after: 0, least: 1").unwrap();
    assert_eq!((late.rule, late.metric.as_str()), (StoppingRule::Median { after: 0, least: 1 }, "validation"));
    assert_eq!(read("data: {synthetic: two_moons}\nsweep: {seeds: 2}\n").stopping, None);
}

#[test]
fn limits_have_units() {
    let limits = |keys: &str| read(&format!("data: {{synthetic: two_moons}}\nsweep: {{limits: {{{keys}}}}}\n")).limits;
    assert_eq!(limits(""), Limits::default());
    let expected = Limits { time: Some(Duration::from_secs(7200)), memory: Some(8_000_000_000), retries: 1 };
    assert_eq!(limits("time: 2h, memory: 8GB, retries: 1"), expected);
    assert_eq!(limits("time: 1h 30min").time, Some(Duration::from_secs(5400)));
    assert_eq!(limits("memory: 1.5 GiB").memory, Some(3 << 29));
}

#[test]
fn slurm_is_asked_for_what_is_written() {
    let slurm = read(
        "data: {synthetic: two_moons}
executor:
  slurm: {partition: main, account: a, qos: q, timeout_min: 60, cpus_per_task: 2, mem_gb: 4, array_parallelism: 50,
          signal_delay_s: 120, setup: [\"module load x\"], additional_parameters: {gres: none, nice: 100, exclusive: true}}
",
    )
    .slurm;
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = Slurm {
        partition: Some("main".to_owned()),
        account: Some("a".to_owned()),
        qos: Some("q".to_owned()),
        timeout_min: Some(60),
        cpus_per_task: Some(2),
        mem_gb: Some(4),
        array_parallelism: Some(50),
        signal_delay_s: Some(120),
        setup: vec!["module load x".to_owned()],
        additional_parameters: vec![pair("gres", "none"), pair("nice", "100"), pair("exclusive", "true")],
    };
    assert_eq!(slurm, expected);
    assert_eq!(read("data: {synthetic: two_moons}\nexecutor:\n").slurm, Slurm::default());
}
