//! What stands in one place of the table.

use crate::result::Number;
use flowstill_eval::Estimate;
use flowstill_runner::report::{estimate, significant, with_thousands};
use serde_json::Value as Json;
use std::cmp::Ordering;

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Missing,
    /// a measured number; its error is what the table's [`Spread`](super::Spread) says
    Measured(Number),
    /// a setting, a name, a count or a list
    Plain(Json),
}

impl Value {
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Measured(number) => Some(number.value),
            Self::Plain(value) => value.as_f64(),
            Self::Missing => None,
        }
    }

    /// As a person reads it: a number with as many digits as its error leaves, a list as compact JSON.
    pub fn text(&self) -> String {
        match self {
            Self::Missing => String::new(),
            // a count, such as steps or parameters, in which all seeds agree
            Self::Measured(Number { value, error })
                if value.fract() == 0.0 && value.abs() < 1e15 && error.is_none_or(|error| error == 0.0) =>
            {
                format!("{}{}", if *value < 0.0 { "−" } else { "" }, with_thousands(value.abs() as usize))
            }
            Self::Measured(Number { value, error: Some(error) }) => {
                // of a large error no more than two digits, as of a small one
                let unit = if *error >= 100.0 { 10f64.powf(error.log10().floor() - 1.0) } else { 0.0 };
                let rounded = |number: f64| if unit > 0.0 { (number / unit).round() * unit } else { number };
                estimate(Estimate { mean: rounded(*value), standard_error: rounded(*error) })
            }
            Self::Measured(Number { value, error: None }) => significant(*value, 4),
            Self::Plain(Json::String(text)) => text.clone(),
            Self::Plain(value) => value.to_string(),
        }
    }

    /// Numbers by size, before texts by letter; what is missing comes last.
    pub fn order(&self, other: &Self) -> Ordering {
        let rank = |value: &Self| match (value, value.number()) {
            (Self::Missing, _) => 2,
            (_, None) => 1,
            (_, Some(_)) => 0,
        };
        match (self.number(), other.number()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => rank(self).cmp(&rank(other)).then_with(|| self.text().cmp(&other.text())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_is_written_to_the_digits_that_its_error_leaves() {
        let text = |value, error| Value::Measured(Number { value, error }).text();
        assert_eq!(text(0.123_456, Some(0.0023)), "0.1235 ± 0.0023");
        assert_eq!(text(1_306_438.0, Some(36_734.0)), "1\u{202f}306\u{202f}000 ± 37\u{202f}000");
        assert_eq!(text(0.123_456, None), "0.1235");
        assert_eq!(text(35_360.0, None), "35\u{202f}360");
        assert_eq!((text(272.0, Some(0.0)), text(272.5, Some(0.0))), ("272".to_owned(), "272.5".to_owned()));
        assert_eq!(text(1e-7, None), "1.000e−7");
        assert_eq!(Value::Plain(json!([128, 64])).text(), "[128,64]");
        assert_eq!(Value::Plain(json!(0.002)).text(), "0.002");
        assert_eq!(Value::Plain(json!("relu")).text(), "relu");
        assert_eq!(Value::Missing.text(), "");
    }

    #[test]
    fn ten_comes_after_nine_texts_after_numbers_and_the_missing_last() {
        let mut values = [json!("a"), json!(10), json!("B"), json!(9), json!(9.5)].map(Value::Plain).to_vec();
        values.push(Value::Missing);
        values.rotate_right(1);
        values.sort_by(Value::order);
        let texts: Vec<_> = values.iter().map(Value::text).collect();
        assert_eq!(texts, ["9", "9.5", "10", "B", "a", ""]);
    }
}
