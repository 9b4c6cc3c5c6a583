//! Tasks of a job array, as the three programs that know of them tell it.

/// One task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    pub job: u64,
    pub index: u32,
    pub state: State,
    /// SLURM's own words: the state, and the reason if there is one
    pub words: String,
}

/// What a state of SLURM means for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// it will begin, be it after a requeue
    Pending,
    Running,
    /// it will not begin by itself
    Stuck,
    /// its processes are ending, for a reason that is told later
    Ending,
    /// somebody wanted it to end
    Cancelled,
    Ended,
}

impl Task {
    fn new(job: u64, index: u32, state: &str, reason: &str) -> Self {
        // sacct adds who cancelled a task
        let name = state.split_whitespace().next().unwrap_or_default().trim_end_matches('+');
        let silent = matches!(reason, "" | "None" | "(null)" | "NonZeroExitCode");
        let words = if silent { name.to_owned() } else { format!("{name} ({reason})") };
        let state = match name {
            "REQUEUE_HOLD" | "SPECIAL_EXIT" => State::Stuck,
            // after a launch that failed; a hold by a person has reasons of its own
            "PENDING" if reason.contains("requeued held") || reason == "DependencyNeverSatisfied" => State::Stuck,
            "PENDING" | "CONFIGURING" | "REQUEUED" | "REQUEUE_FED" => State::Pending,
            "RUNNING" | "SUSPENDED" | "STOPPED" | "RESIZING" | "SIGNALING" => State::Running,
            "COMPLETING" => State::Ending,
            "CANCELLED" => State::Cancelled,
            _ => State::Ended,
        };
        Self { job, index, state, words }
    }

    /// It works, or will.
    pub fn alive(&self) -> bool {
        matches!(self.state, State::Pending | State::Running)
    }

    /// It is no more, one way or the other.
    pub fn over(&self) -> bool {
        matches!(self.state, State::Cancelled | State::Ended)
    }

    /// Its name in SLURM.
    pub fn name(&self) -> String {
        format!("{}_{}", self.job, self.index)
    }
}

/// What squeue is asked to print of each task.
pub const SQUEUE_FORMAT: &str = "%F|%K|%T|%r";

/// Lines in [`SQUEUE_FORMAT`]; what is no such line is passed over.
pub fn from_squeue(text: &str) -> Vec<Task> {
    let tasks = text.lines().filter_map(|line| {
        let fields: Vec<&str> = line.trim().splitn(4, '|').collect();
        let [job, index, state, reason] = fields[..] else { return None };
        Some(several(job.parse().ok()?, index, state, reason))
    });
    tasks.flatten().collect()
}

/// What `scontrol -o show job` prints: a line of `key=value` for each task, or for several that are pending.
pub fn from_scontrol(text: &str) -> Vec<Task> {
    let tasks = text.lines().filter_map(|line| {
        // values may hold spaces, so these four are looked for by their names
        let value = |key: &str| {
            let start = line.find(&format!(" {key}="))? + key.len() + 2;
            line[start..].split(' ').next()
        };
        let job = value("ArrayJobId")?.parse().ok()?;
        Some(several(job, value("ArrayTaskId")?, value("JobState")?, value("Reason").unwrap_or_default()))
    });
    tasks.flatten().collect()
}

/// What `sacct -X -n -P -o JobID,State` prints: `12_3|RUNNING`, and `12_[4-9%2]|PENDING` for several.
pub fn from_sacct(text: &str) -> Vec<Task> {
    let tasks = text.lines().filter_map(|line| {
        let (name, state) = line.trim().split_once('|')?;
        let (job, index) = name.split_once('_')?;
        Some(several(job.parse().ok()?, index.trim_matches(['[', ']']), state, ""))
    });
    tasks.flatten().collect()
}

fn several(job: u64, indices: &str, state: &str, reason: &str) -> Vec<Task> {
    self::indices(indices).into_iter().map(|index| Task::new(job, index, state, reason)).collect()
}

/// `3`, or `0-2,7%4` as SLURM writes the tasks that are pending together.
fn indices(text: &str) -> Vec<u32> {
    let ranges = text.split('%').next().unwrap_or_default().split(',').filter_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(first.parse().ok()?..=last.parse().ok()?)
    });
    ranges.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brief(tasks: &[Task]) -> Vec<(String, State, &str)> {
        tasks.iter().map(|task| (task.name(), task.state, task.words.as_str())).collect()
    }

    #[test]
    fn squeue_is_understood_and_noise_passed_over() {
        let text = "7|0|RUNNING|None\n7|1|PENDING|BeginTime\nslurm is busy\n7|2|FAILED|NonZeroExitCode\n\
                    8|N/A|RUNNING|None\n9|0|PENDING|launch failed requeued held\n7|3|NODE_FAIL|NodeDown\n";
        let expected = [
            ("7_0".into(), State::Running, "RUNNING"),
            ("7_1".into(), State::Pending, "PENDING (BeginTime)"),
            ("7_2".into(), State::Ended, "FAILED"),
            ("9_0".into(), State::Stuck, "PENDING (launch failed requeued held)"),
            ("7_3".into(), State::Ended, "NODE_FAIL (NodeDown)"),
        ];
        assert_eq!(brief(&from_squeue(text)), expected);
    }

    #[test]
    fn scontrol_tells_pending_tasks_together() {
        let text = "JobId=4 ArrayJobId=4 ArrayTaskId=2-3%2 JobName=a b JobState=PENDING Reason=Resources Dependency=(null)\n\
                    JobId=6 ArrayJobId=4 ArrayTaskId=1 JobName=x JobState=TIMEOUT Reason=TimeLimit Dependency=(null)\n\
                    JobId=9 JobName=no array JobState=RUNNING Reason=None\n";
        let expected = [
            ("4_2".into(), State::Pending, "PENDING (Resources)"),
            ("4_3".into(), State::Pending, "PENDING (Resources)"),
            ("4_1".into(), State::Ended, "TIMEOUT (TimeLimit)"),
        ];
        assert_eq!(brief(&from_scontrol(text)), expected);
    }

    #[test]
    fn sacct_names_who_cancelled() {
        let text = "12_0|CANCELLED by 1000\n12_[1,4-5%2]|PENDING\n13|COMPLETED\n";
        let expected = [
            ("12_0".into(), State::Cancelled, "CANCELLED"),
            ("12_1".into(), State::Pending, "PENDING"),
            ("12_4".into(), State::Pending, "PENDING"),
            ("12_5".into(), State::Pending, "PENDING"),
        ];
        assert_eq!(brief(&from_sacct(text)), expected);
    }
}
