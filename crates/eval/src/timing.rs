//! Timing several operations side by side.

use std::time::{Duration, Instant};

/// How long to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// timings wanted of each operation
    pub repetitions: usize,
    /// one timing lasts at least this long: short calls are repeated within it
    pub shortest: Duration,
    /// all timings of one operation together last about this long: slow calls get fewer timings, at least one
    pub budget: Duration,
}

impl Effort {
    /// 20 ms at least for one timing, 2 s at most for all timings of one operation.
    pub fn new(repetitions: usize) -> Self {
        Self { repetitions, shortest: Duration::from_millis(20), budget: Duration::from_secs(2) }
    }
}

/// Something to time: a name and what to call.
pub type Operation<'a> = (&'a str, &'a mut dyn FnMut());

/// What one operation took.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    pub name: String,
    /// calls within each timing
    pub calls: u32,
    /// seconds per call of each timing, ascending, never empty
    seconds: Vec<f64>,
}

impl Timing {
    /// From the seconds per call of at least one timing.
    pub(crate) fn new(name: &str, calls: u32, mut seconds: Vec<f64>) -> Self {
        seconds.sort_unstable_by(f64::total_cmp);
        Self { name: name.to_owned(), calls, seconds }
    }

    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The fastest.
    pub fn best(&self) -> f64 {
        self.seconds[0]
    }

    /// First and third quartile.
    pub fn quartiles(&self) -> [f64; 2] {
        [self.quantile(0.25), self.quantile(0.75)]
    }

    /// How many timings there are.
    pub fn repetitions(&self) -> usize {
        self.seconds.len()
    }

    /// Linear between neighbouring timings.
    fn quantile(&self, share: f64) -> f64 {
        let at = share * (self.seconds.len() - 1) as f64;
        let (below, above) = (self.seconds[at.floor() as usize], self.seconds[at.ceil() as usize]);
        below + at.fract() * (above - below)
    }
}

/// Times all operations in turns: every round gives each one timing, and starts one operation further than the round
/// before. A disturbance of the machine thus hits all alike, and no operation always follows the same one.
///
/// Each is warmed up first, for one call and `effort.shortest` more; the warm-up decides how many calls a timing needs
/// and how many timings the budget allows.
pub fn interleaved(operations: &mut [Operation], effort: Effort) -> Vec<Timing> {
    let start = Instant::now();
    interleaved_by(operations, effort, &mut || start.elapsed())
}

/// [`interleaved`] by any clock that tells the time since some start.
fn interleaved_by(operations: &mut [Operation], effort: Effort, now: &mut dyn FnMut() -> Duration) -> Vec<Timing> {
    let mut plans = Vec::new();
    for (_, call) in operations.iter_mut() {
        plans.push(Plan::from_warm_up(call, effort, now));
    }
    let mut seconds = vec![Vec::new(); operations.len()];
    let rounds = plans.iter().map(|p| p.repetitions).max().unwrap_or(0);
    for round in 0..rounds {
        for turn in 0..operations.len() {
            let i = (round + turn) % operations.len();
            if round >= plans[i].repetitions {
                continue;
            }
            let before = now();
            for _ in 0..plans[i].calls {
                (operations[i].1)();
            }
            seconds[i].push((now() - before).as_secs_f64() / f64::from(plans[i].calls));
        }
    }
    let named = operations.iter().zip(plans).zip(seconds);
    named.map(|(((name, _), plan), seconds)| Timing::new(name, plan.calls, seconds)).collect()
}

/// How often to call an operation.
struct Plan {
    calls: u32,
    repetitions: usize,
}

impl Plan {
    fn from_warm_up(call: &mut dyn FnMut(), effort: Effort, now: &mut dyn FnMut() -> Duration) -> Self {
        let start = now();
        call();
        let cold_end = now();
        // a call that exhausts the budget on its own is not hurt by cold caches, and gets one timing
        if cold_end - start >= effort.budget {
            return Self { calls: 1, repetitions: 1 };
        }
        let (mut warm_calls, mut warm) = (0, Duration::ZERO);
        while warm_calls == 0 || warm < effort.shortest {
            call();
            warm_calls += 1;
            warm = now() - cold_end;
        }
        let one = (warm / warm_calls).max(Duration::from_nanos(1));
        let calls = effort.shortest.as_nanos().div_ceil(one.as_nanos()).clamp(1, u128::from(u32::MAX));
        let affordable = effort.budget.as_nanos() / (calls * one.as_nanos());
        let wanted = effort.repetitions.max(1);
        Self {
            calls: u32::try_from(calls).expect("clamped to u32"),
            repetitions: usize::try_from(affordable).unwrap_or(usize::MAX).clamp(1, wanted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};

    /// Runs operations that take the given milliseconds on a clock that only they advance; also the order of calls.
    fn run(milliseconds: &[u64], effort: Effort) -> (Vec<Timing>, Vec<usize>) {
        let time = Cell::new(Duration::ZERO);
        let order = RefCell::new(Vec::new());
        let mut calls: Vec<_> = (0..milliseconds.len())
            .map(|i| {
                let (time, order) = (&time, &order);
                move || {
                    time.set(time.get() + Duration::from_millis(milliseconds[i]));
                    order.borrow_mut().push(i);
                }
            })
            .collect();
        let mut operations: Vec<Operation> =
            ["a", "b", "c"].into_iter().zip(calls.iter_mut().map(|c| c as &mut dyn FnMut())).collect();
        let timings = interleaved_by(&mut operations, effort, &mut || time.get());
        drop(operations);
        drop(calls);
        (timings, order.into_inner())
    }

    #[test]
    fn short_calls_are_repeated_and_slow_ones_timed_less_often() {
        let (timings, _) = run(&[4, 50, 700], Effort::new(9));
        let seen: Vec<_> = timings.iter().map(|t| (t.name.as_str(), t.calls, t.repetitions())).collect();
        assert_eq!(seen, [("a", 5, 9), ("b", 1, 9), ("c", 1, 2)]);
        for (timing, seconds) in timings.iter().zip([0.004, 0.05, 0.7]) {
            assert!((timing.median() - seconds).abs() < 1e-12);
            assert!(timing.quartiles().iter().all(|q| (q - seconds).abs() < 1e-12));
        }
    }

    #[test]
    fn even_the_slowest_is_timed_once() {
        let (timings, order) = run(&[9_000], Effort::new(9));
        assert_eq!((timings[0].repetitions(), order.len()), (1, 2));
    }

    #[test]
    fn operations_take_turns_and_the_first_one_changes() {
        let (_, order) = run(&[30, 30, 30], Effort::new(4));
        assert_eq!(order, [0, 0, 1, 1, 2, 2, /* warm-up ends */ 0, 1, 2, 1, 2, 0, 2, 0, 1, 0, 1, 2]);
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        let t = Timing::new("a", 1, vec![5.0, 1.0, 3.0, 2.0]);
        assert_eq!((t.median(), t.quartiles()), (2.5, [1.75, 3.5]));
        let one = Timing::new("a", 1, vec![4.0]);
        assert_eq!((one.median(), one.quartiles()), (4.0, [4.0, 4.0]));
    }

    #[test]
    fn the_real_clock_gives_as_many_timings_as_asked_for() {
        let effort = Effort { repetitions: 3, shortest: Duration::from_micros(10), budget: Duration::from_secs(60) };
        let mut calls = 0u64;
        let mut call = || calls = std::hint::black_box(calls + 1);
        let timings = interleaved(&mut [("add", &mut call)], effort);
        assert!(timings[0].repetitions() == 3 && timings[0].median() >= 0.0);
        assert!(interleaved(&mut [], effort).is_empty());
    }
}
