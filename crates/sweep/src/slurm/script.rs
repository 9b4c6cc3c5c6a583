//! The batch script of an array whose tasks are workers.

use super::error::SlurmError;
use super::quoting::{directive, pattern, text, word};
use flowstill_runner::config::sweep::Slurm;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Seconds between the signal to save and the end of a job, unless the YAML says otherwise.
const SIGNAL_DELAY_S: u64 = 120;

/// How a worker is started.
#[derive(Debug, Clone)]
pub struct Worker {
    /// our own binary, where all nodes find it
    pub binary: PathBuf,
    /// folder that relative paths of the experiments are meant from
    pub start_in: PathBuf,
}

/// What tasks are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// all stages that can share a machine
    Stages,
    /// measurements of speed, alone on their machine
    Speed,
}

/// Folder of the logs of tasks, one file per task.
pub fn logs(store: &Path) -> PathBuf {
    store.join("slurm/logs")
}

/// Text of the script; `name` is that of the sweep, `store` an absolute path.
///
/// # Errors
/// A path or an option that cannot be written into a script.
pub fn script(
    slurm: &Slurm,
    name: &str,
    worker: &Worker,
    store: &Path,
    purpose: Purpose,
) -> Result<String, SlurmError> {
    let mut script = String::from("#!/bin/bash\n");
    for (option, value) in options(slurm, name, worker, store, purpose)? {
        script += &match value {
            Some(value) => format!("#SBATCH --{option}={}\n", directive(&value)?),
            None => format!("#SBATCH --{option}\n"),
        };
    }
    for line in &slurm.setup {
        writeln!(script, "{line}").expect("a text grows");
    }
    // without a binding to cores, a process sees all of a node
    script += "export RAYON_NUM_THREADS=\"${SLURM_CPUS_PER_TASK:-1}\"\n";
    // in place of the shell, so that signals reach it
    let speed = if purpose == Purpose::Speed { " --speed" } else { "" };
    writeln!(script, "exec {} worker {}{speed}", word(text(&worker.binary)?), word(text(store)?))
        .expect("a text grows");
    Ok(script)
}

/// Options with their values, in the order in which they stand; of two that say the same, sbatch takes the later.
fn options(
    slurm: &Slurm,
    name: &str,
    worker: &Worker,
    store: &Path,
    purpose: Purpose,
) -> Result<Vec<(String, Option<String>)>, SlurmError> {
    let number = |n: Option<u64>, unit: &str| n.map(|n| format!("{n}{unit}"));
    let optional = [
        ("partition", slurm.partition.clone()),
        ("account", slurm.account.clone()),
        ("qos", slurm.qos.clone()),
        ("time", number(slurm.timeout_min, "")),
        ("cpus-per-task", number(slurm.cpus_per_task, "")),
        ("mem", number(slurm.mem_gb, "G")),
    ];
    let log = format!("{}/%A_%a.log", pattern(text(&logs(store))?)?);
    let always = [
        ("job-name", format!("flowstill-{name}")),
        ("ntasks", "1".into()),
        ("chdir", text(&worker.start_in)?.to_owned()),
        ("output", log),
        ("open-mode", "append".into()),
        ("signal", format!("B:TERM@{}", signal_delay(slurm))),
    ];
    let mut options: Vec<(String, Option<String>)> =
        always.map(|(name, value)| (name.to_owned(), Some(value))).into_iter().collect();
    options.extend(optional.into_iter().filter(|(_, v)| v.is_some()).map(|(name, value)| (name.to_owned(), value)));
    options.push(("requeue".into(), None));
    if purpose == Purpose::Speed {
        options.push(("exclusive".into(), None));
    }
    for (name, value) in &slurm.additional_parameters {
        match value.as_str() {
            "false" => {}
            "" | "true" => options.push((name.clone(), None)),
            value => options.push((name.clone(), Some(value.to_owned()))),
        }
    }
    Ok(options)
}

/// A job whose limit is near the delay would be told to save as soon as it begins.
fn signal_delay(slurm: &Slurm) -> u64 {
    let most = slurm.timeout_min.map_or(SIGNAL_DELAY_S, |minutes| minutes.saturating_mul(60) / 4);
    slurm.signal_delay_s.unwrap_or(SIGNAL_DELAY_S.min(most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flowstill_runner::config::Sweep;

    fn of(slurm: &Slurm, store: &str, purpose: Purpose) -> Result<String, SlurmError> {
        let worker = Worker { binary: "/opt/flow still".into(), start_in: "/home/a".into() };
        script(slurm, "moons", &worker, Path::new(store), purpose)
    }

    #[test]
    fn every_key_becomes_an_option() {
        let slurm = Slurm {
            partition: Some("main".into()),
            account: Some("phys 1".into()),
            qos: Some("long".into()),
            timeout_min: Some(90),
            cpus_per_task: Some(4),
            mem_gb: Some(8),
            array_parallelism: Some(3),
            signal_delay_s: Some(60),
            setup: vec!["module load gcc".into(), "ulimit -c 0".into()],
            additional_parameters: [("nice", "100"), ("spread-job", "true"), ("contiguous", "false")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        };
        let expected = "#!/bin/bash
#SBATCH --job-name=flowstill-moons
#SBATCH --ntasks=1
#SBATCH --chdir=/home/a
#SBATCH --output=/runs/moons/slurm/logs/%A_%a.log
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@60
#SBATCH --partition=main
#SBATCH --account=\"phys 1\"
#SBATCH --qos=long
#SBATCH --time=90
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --requeue
#SBATCH --nice=100
#SBATCH --spread-job
module load gcc
ulimit -c 0
export RAYON_NUM_THREADS=\"${SLURM_CPUS_PER_TASK:-1}\"
exec '/opt/flow still' worker '/runs/moons'
";
        assert_eq!(of(&slurm, "/runs/moons", Purpose::Stages).unwrap(), expected);
    }

    #[test]
    fn odd_folders_stay_what_they_are() {
        let script = of(&Slurm::default(), "/a b/50%'s #1", Purpose::Stages).unwrap();
        assert!(script.contains("\n#SBATCH --output=\"/a b/50%%'s \\#1/slurm/logs/%A_%a.log\"\n"), "{script}");
        assert!(script.ends_with("worker '/a b/50%'\\''s #1'\n"), "{script}");
        assert!(of(&Slurm::default(), "/a\nb", Purpose::Stages).is_err());
    }

    #[test]
    fn speed_has_its_node_alone() {
        let script = of(&Slurm::default(), "/runs/moons", Purpose::Speed).unwrap();
        assert!(script.contains("\n#SBATCH --exclusive\n") && script.ends_with("worker '/runs/moons' --speed\n"));
        assert!(!of(&Slurm::default(), "/runs/moons", Purpose::Stages).unwrap().contains("exclusive"));
    }

    #[test]
    fn the_signal_leaves_most_of_a_short_job_to_the_work() {
        let delay =
            |timeout_min, signal_delay_s| signal_delay(&Slurm { timeout_min, signal_delay_s, ..Slurm::default() });
        assert_eq!([delay(None, None), delay(Some(600), None), delay(Some(1), None)], [120, 120, 15]);
        assert_eq!(delay(Some(1), Some(40)), 40);
    }

    #[test]
    fn no_parameter_of_the_yaml_says_again_what_the_sweep_says() {
        let refused = |option: &str| {
            let yaml = format!(
                "data: {{synthetic: two_moons}}\nexecutor: {{slurm: {{additional_parameters: {{{option}: x}}}}}}\n"
            );
            let wrong = Sweep::from_str(&yaml, Path::new("a.yaml")).err().map(|error| error.to_string());
            wrong.is_some_and(|wrong| wrong.contains("belongs to"))
        };
        let slurm = Slurm {
            partition: Some("main".into()),
            account: Some("physics".into()),
            qos: Some("long".into()),
            timeout_min: Some(90),
            cpus_per_task: Some(4),
            mem_gb: Some(8),
            ..Slurm::default()
        };
        let script = of(&slurm, "/runs/moons", Purpose::Stages).unwrap();
        let options = script.lines().filter_map(|line| line.strip_prefix("#SBATCH --")?.split('=').next());
        // and those of its command line
        let all: Vec<&str> = options.chain(["array", "parsable", "open_mode", "error", "wait", "wrap"]).collect();
        assert!(all.len() == 19 && all.iter().all(|option| refused(option)), "{all:?}");
        assert!(!refused("gres"));
    }
}
