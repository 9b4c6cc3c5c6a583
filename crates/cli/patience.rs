//! Work that is usually done in a moment, and says what it is where it is not.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// As long as nobody wonders.
pub const A_MOMENT: Duration = Duration::from_millis(1500);

/// Does `work`, and meanwhile says what it is if it takes longer than `moment`.
pub fn patiently<T>(moment: Duration, say: impl FnOnce() + Send, work: impl FnOnce() -> T) -> T {
    let (done, over) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if over.recv_timeout(moment) == Err(RecvTimeoutError::Timeout) {
                say();
            }
        });
        let result = work();
        drop(done);
        result
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_takes_long_says_so_and_before_it_is_done() {
        let (tell, told) = channel();
        // for ever, if nothing is said
        let done = patiently(Duration::ZERO, move || tell.send(()).expect("a listener"), || told.recv().is_ok());
        assert!(done);
        let (tell, told) = channel();
        let done = patiently(Duration::MAX, move || tell.send(()).expect("a listener"), || 7);
        assert!(done == 7 && told.try_recv().is_err());
    }
}
