//! Processes of this machine.

use std::sync::LazyLock;

/// The machine's name.
pub fn host() -> String {
    static HOST: LazyLock<String> = LazyLock::new(|| gethostname::gethostname().to_string_lossy().into_owned());
    HOST.clone()
}

/// The name of this process in SLURM, if it is a task of a job array.
pub fn slurm_task() -> Option<String> {
    let number = |name| std::env::var(name).ok();
    Some(format!("{}_{}", number("SLURM_ARRAY_JOB_ID")?, number("SLURM_ARRAY_TASK_ID")?))
}

/// When process `pid` began, in a unit of the system's own; nothing if there is none (a zombie is none).
pub fn began(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // the name in parentheses may hold anything
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    (state != "Z" && state != "X").then(|| fields.nth(18)?.parse().ok())?
}

/// Whether this system tells which processes are there.
pub fn known() -> bool {
    began(std::process::id()).is_some()
}

/// Bytes of memory that process `pid` has in use.
pub fn memory(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_there_and_the_last_number_is_not() {
        assert!(began(std::process::id()).is_some());
        assert_eq!(began(u32::MAX), None);
        assert!(memory(std::process::id()).is_some_and(|bytes| bytes > 100_000));
    }
}
