//! How often work is submitted again that does not get on.

/// Counts submissions since something went on.
#[derive(Debug, Default)]
pub struct Patience {
    progress: Option<u64>,
    submissions: u32,
}

impl Patience {
    /// There was a submission at this mark of progress.
    pub fn submitted(&mut self, progress: u64) {
        self.submissions = self.fruitless(progress) + 1;
        self.progress = Some(progress);
    }

    /// Submissions since the mark was last another one.
    pub fn fruitless(&self, progress: u64) -> u32 {
        if self.progress == Some(progress) { self.submissions } else { 0 }
    }
}
