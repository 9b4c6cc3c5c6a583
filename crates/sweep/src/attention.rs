//! Why the work on a stage must end before it is done.

use crate::lease::{Lease, Progress};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Between two looks at the signal and the clock.
const LOOK: Duration = Duration::from_millis(50);
/// Between two beats of a lease.
const BEAT: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// somebody wants this process to end
    Told,
    /// the time of the stage is over
    Time,
    /// another has taken the lease, as if this process were dead
    Lost,
    /// others did better
    Behind(String),
}

/// What the one who works and the one who watches share.
#[derive(Debug, Default)]
pub struct Attention {
    /// raised when the work is to end; trainings look at it after each step
    pub stop: AtomicBool,
    why: Mutex<Option<Why>>,
    pub progress: Mutex<Progress>,
}

impl Attention {
    /// Asks the work to end; the first reason counts.
    pub fn ask(&self, why: Why) {
        self.why.lock().expect("nobody panics with it").get_or_insert(why);
        self.stop.store(true, Ordering::Relaxed);
    }

    pub fn why(&self) -> Option<Why> {
        self.why.lock().expect("nobody panics with it").clone()
    }

    /// Watches until the other end of `done` is dropped: the signal, the clock, the lease.
    pub fn watch(&self, told: &AtomicBool, limit: Option<Duration>, lease: &mut Lease, done: &Receiver<()>) {
        let started = Instant::now();
        let mut last = started;
        while let Err(RecvTimeoutError::Timeout) = done.recv_timeout(LOOK) {
            if told.load(Ordering::Relaxed) {
                self.ask(Why::Told);
            }
            if limit.is_some_and(|limit| started.elapsed() > limit) {
                self.ask(Why::Time);
            }
            if last.elapsed() >= BEAT {
                last = Instant::now();
                let progress = self.progress.lock().expect("nobody panics with it").clone();
                // a beat that cannot be written, on a disk that is full for a moment, is missed and no more
                if let Ok(false) = lease.beat(progress) {
                    self.ask(Why::Lost);
                }
            }
        }
    }
}
