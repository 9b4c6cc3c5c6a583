//! One axis of a figure: its range, linear or logarithmic, and where its labels stand.

/// Range and label of an axis.
#[derive(Debug, Clone)]
pub struct Axis {
    pub lower: f64,
    pub upper: f64,
    logarithmic: bool,
    pub label: String,
    write: fn(f64) -> String,
}

impl Axis {
    /// A linear axis; a range without extent is widened a little.
    pub fn linear(lower: f64, upper: f64, label: &str) -> Self {
        let (lower, upper) = if upper > lower { (lower, upper) } else { (lower - 0.5, lower + 0.5) };
        Self { lower, upper, logarithmic: false, label: label.into(), write: |_| String::new() }
    }

    /// A logarithmic axis over positive numbers whose labels `write` formats.
    pub fn logarithmic(lower: f64, upper: f64, label: &str, write: fn(f64) -> String) -> Self {
        let (lower, upper) = if upper > lower * 1.01 { (lower, upper) } else { (lower / 2.0, lower * 2.0) };
        Self { lower, upper, logarithmic: true, label: label.into(), write }
    }

    /// Where a value lies: 0 at the lower end, 1 at the upper end.
    pub fn place(&self, value: f64) -> f64 {
        if self.logarithmic {
            (value / self.lower).ln() / (self.upper / self.lower).ln()
        } else {
            (value - self.lower) / (self.upper - self.lower)
        }
    }

    /// The value, or the lower end where a logarithmic axis has no place for it.
    pub fn drawable(&self, value: f64) -> f64 {
        if self.logarithmic { value.max(self.lower) } else { value }
    }

    /// Labelled values, about `count` of them.
    pub fn ticks(&self, count: usize) -> Vec<(f64, String)> {
        if self.logarithmic { self.decades(count) } else { self.steps(count) }
    }

    fn steps(&self, count: usize) -> Vec<(f64, String)> {
        let rough = (self.upper - self.lower) / count.max(1) as f64;
        let magnitude = 10f64.powf(rough.log10().floor());
        let step = match rough / magnitude {
            r if r < 2f64.sqrt() => magnitude,
            r if r < 10f64.sqrt() => 2.0 * magnitude,
            r if r < 50f64.sqrt() => 5.0 * magnitude,
            _ => 10.0 * magnitude,
        };
        let (first, last) = ((self.lower / step - 1e-9).ceil() as i64, (self.upper / step + 1e-9).floor() as i64);
        (first..=last).map(|i| (i as f64 * step, decimal(i as f64 * step, step))).collect()
    }

    fn decades(&self, count: usize) -> Vec<(f64, String)> {
        let (first, last) = (self.lower.log10().floor() as i32, self.upper.log10().ceil() as i32);
        let inside = |value: &f64| (-1e-9..=1.0 + 1e-9).contains(&self.place(*value));
        let powers: Vec<f64> = (first..=last).map(|e| 10f64.powi(e)).filter(inside).collect();
        let values = if powers.len() >= 3 {
            let stride = powers.len().div_ceil(count.max(2));
            powers.into_iter().step_by(stride).collect()
        } else {
            let fine = (first..=last).flat_map(|e| [1.0, 2.0, 5.0].map(|factor| factor * 10f64.powi(e)));
            fine.filter(inside).collect::<Vec<_>>()
        };
        values.into_iter().map(|value| (value, (self.write)(value))).collect()
    }
}

/// A tick's number with as many decimals as its step needs.
fn decimal(value: f64, step: f64) -> String {
    if !(1e-4..1e5).contains(&step) {
        return if value == 0.0 { "0".into() } else { format!("{value:.0e}").replace('-', "−") };
    }
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    let value = if value.abs() < step / 2.0 { 0.0 } else { value };
    format!("{value:.decimals$}").replace('-', "−")
}

/// A count in powers of a thousand: `500`, `20k`, `3M`.
pub fn count(value: f64) -> String {
    let (factor, suffix) = match value {
        v if v >= 1e9 => (1e9, "G"),
        v if v >= 1e6 => (1e6, "M"),
        v if v >= 1e3 => (1e3, "k"),
        _ => (1.0, ""),
    };
    format!("{}{suffix}", (value / factor * 100.0).round() / 100.0)
}

/// The number itself: `0.01`, `20`, `1e6`.
pub fn plain(value: f64) -> String {
    if (1e-4..1e5).contains(&value) { format!("{}", (value * 1e6).round() / 1e6) } else { decimal(value, value) }
}

/// A time given in microseconds: `5 µs`, `20 ms`, `3 s`.
pub fn duration(microseconds: f64) -> String {
    let (factor, unit) = match microseconds {
        t if t >= 1e6 => (1e6, "s"),
        t if t >= 1e3 => (1e3, "ms"),
        t if t >= 1.0 => (1.0, "µs"),
        _ => (1e-3, "ns"),
    };
    format!("{} {unit}", (microseconds / factor * 100.0).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<String> {
        axis.ticks(5).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn linear_ticks_are_round_numbers_inside_the_range() {
        assert_eq!(labels(&Axis::linear(-0.13, 0.42, "")), ["−0.1", "0.0", "0.1", "0.2", "0.3", "0.4"]);
        assert_eq!(labels(&Axis::linear(0.0, 20_000.0, "")), ["0", "5000", "10000", "15000", "20000"]);
        assert_eq!(labels(&Axis::linear(3.0, 3.0, "")).len(), 5);
    }

    #[test]
    fn logarithmic_ticks_are_decades_or_finer_where_few() {
        assert_eq!(labels(&Axis::logarithmic(1.0, 1e4, "", count)), ["1", "10", "100", "1k", "10k"]);
        assert_eq!(labels(&Axis::logarithmic(300.0, 6e3, "", duration)), ["500 µs", "1 ms", "2 ms", "5 ms"]);
        assert_eq!(labels(&Axis::logarithmic(0.005, 12.0, "", plain)), ["0.01", "0.1", "1", "10"]);
        assert_eq!(labels(&Axis::logarithmic(1e-6, 1e-4, "", plain)), ["1e−6", "1e−5", "0.0001"]);
    }
}
