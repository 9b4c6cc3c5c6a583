//! Numbers as people read them: as many digits as the uncertainty leaves, groups of three, true minus signs.

use flowstill_eval::Estimate;

/// `0.361 ± 0.012`: two digits of the standard error, and the mean to the same place.
pub fn estimate(Estimate { mean, standard_error }: Estimate) -> String {
    if !mean.is_finite() {
        return number(mean);
    }
    if !(standard_error.is_finite() && standard_error > 0.0) {
        return significant(mean, 4);
    }
    let digit = standard_error.log10().floor();
    if !(-7.0..6.0).contains(&digit) {
        return format!("{} ± {}", significant(mean, 4), significant(standard_error, 2));
    }
    let decimals = (1.0 - digit).max(0.0) as usize;
    format!("{} ± {}", fixed(mean, decimals), fixed(standard_error, decimals))
}

/// `digits` significant digits, without an exponent where it can be avoided.
pub fn significant(value: f64, digits: i32) -> String {
    if value == 0.0 || !value.is_finite() {
        return number(value);
    }
    let magnitude = value.abs().log10().floor() as i32;
    if !(-5..=9).contains(&magnitude) {
        return format!("{value:.*e}", digits.max(1) as usize - 1).replace('-', "−");
    }
    let unit = 10f64.powi(magnitude + 1 - digits);
    fixed((value / unit).round() * unit, (digits - 1 - magnitude).max(0) as usize)
}

/// A rate in thousands or millions per second: `149 k/s`.
pub fn rate(value: f64) -> String {
    rate_of(value, "/s")
}

/// The same with what is counted: `149 k samples/s`.
pub fn samples_rate(value: f64) -> String {
    rate_of(value, "samples/s")
}

fn rate_of(value: f64, unit: &str) -> String {
    let (factor, prefix) = match value {
        v if v >= 1e9 => (1e9, "G"),
        v if v >= 1e6 => (1e6, "M"),
        v if v >= 1e3 => (1e3, "k"),
        _ => (1.0, ""),
    };
    let gap = if prefix.is_empty() || unit.starts_with('/') { "" } else { " " };
    format!("{} {prefix}{gap}{unit}", significant(value / factor, 3))
}

/// How many times: `9.2×`.
pub fn times(ratio: f64) -> String {
    format!("{}×", significant(ratio, if ratio >= 100.0 { 3 } else { 2 }))
}

/// A duration given in seconds: `0.42 s`, `1 min 42 s`, `2 h 05 min`.
pub fn duration(seconds: f64) -> String {
    if !(seconds.is_finite() && seconds >= 0.0) {
        return number(seconds);
    }
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{} s", significant(seconds, 2)),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// A count with thin spaces between groups of three digits.
pub fn with_thousands(count: usize) -> String {
    grouped(&count.to_string())
}

fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    // a number that rounds to zero has no sign
    let sign = if value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) { "−" } else { "" };
    format!("{sign}{}{rest}", grouped(whole))
}

fn grouped(digits: &str) -> String {
    if digits.len() < 5 {
        return digits.into();
    }
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group)).collect();
    groups.join("\u{202f}")
}

fn number(value: f64) -> String {
    match value {
        v if v.is_nan() => "not a number".into(),
        v if v.is_infinite() => if v > 0.0 { "∞" } else { "−∞" }.into(),
        v => v.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_shows_the_digits_that_its_error_leaves() {
        let text = |mean, standard_error| estimate(Estimate { mean, standard_error });
        assert_eq!(text(0.361_234, 0.012_3), "0.361 ± 0.012");
        assert_eq!(text(-4.42, 0.5), "−4.42 ± 0.50");
        assert_eq!(text(-0.000_01, 0.02), "0.000 ± 0.020");
        assert_eq!(text(12_345.6, 123.0), "12\u{202f}346 ± 123");
        assert_eq!(text(0.5, 0.0), "0.5000");
        assert_eq!(text(0.5, f64::NAN), "0.5000");
        assert_eq!(text(f64::NAN, 1.0), "not a number");
        assert_eq!(text(f64::NEG_INFINITY, 1.0), "−∞");
        assert_eq!(text(3.0, 1e-12), "3.000 ± 1.0e−12");
    }

    #[test]
    fn rates_ratios_durations_and_counts() {
        assert_eq!(rate(149_312.0), "149 k/s");
        assert_eq!(rate(2.5e6), "2.50 M/s");
        assert_eq!((samples_rate(2.5e6), samples_rate(17.0)), ("2.50 M samples/s".into(), "17.0 samples/s".into()));
        assert_eq!(times(9.234), "9.2×");
        assert_eq!(times(0.613), "0.61×");
        assert_eq!(times(1234.0), "1230×");
        assert_eq!(duration(0.4234), "0.42 s");
        assert_eq!(duration(102.4), "1 min 42 s");
        assert_eq!(duration(7500.0), "2 h 05 min");
        assert_eq!((with_thousands(4177), with_thousands(35_657)), ("4177".into(), "35\u{202f}657".into()));
    }
}
