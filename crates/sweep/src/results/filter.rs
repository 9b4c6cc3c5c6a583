//! Conditions on rows: `kl_forward<0.1`, `teacher.layers=4`, `state=failed`.

use super::cell::State;
use super::column::Column;
use super::error::{ResultsError, did_you_mean};
use super::value::Value;
use serde_json::Value as Json;
use std::cmp::Ordering;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Unequal,
}

/// Longer signs first, so that `<=` is not read as `<` and a value that begins with `=`.
const SIGNS: [(&str, Comparison); 7] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("!=", Comparison::Unequal),
    ("==", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::More),
    ("=", Comparison::Equal),
];

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    pub column: String,
    pub comparison: Comparison,
    /// as it was written
    pub value: String,
}

impl Filter {
    /// One condition from its text.
    ///
    /// # Errors
    /// If there is no sign of comparison, a side of it is empty, or sizes are compared with something that is no number.
    pub fn read(text: &str) -> Result<Self, ResultsError> {
        let wrong = |reason: String| ResultsError::Filter { text: text.trim().to_owned(), reason };
        let place = text.find(['<', '>', '=', '!']);
        let found = place.and_then(|at| {
            let sign = SIGNS.iter().find(|(sign, _)| text[at..].starts_with(sign))?;
            Some((&text[..at], *sign, &text[at + sign.0.len()..]))
        });
        let (column, (sign, comparison), value) = found
            .map(|(column, sign, value)| (column.trim(), sign, value.trim()))
            .filter(|(column, _, value)| !column.is_empty() && !value.is_empty())
            .ok_or_else(|| {
                wrong("expected a column, one of < <= > >= = != and a value, as in `kl_forward<0.1`".to_owned())
            })?;
        let of_size = !matches!(comparison, Comparison::Equal | Comparison::Unequal);
        if of_size && number(value).is_none() {
            return Err(wrong(format!("expected a number after `{sign}`, got `{value}`")));
        }
        if column == "state" && !State::ALL.iter().any(|state| state.name() == value) {
            let names = State::ALL.map(State::name);
            let near = did_you_mean(value, names.into_iter());
            return Err(wrong(format!("expected one of the states {}{near}", names.join(", "))));
        }
        Ok(Self { column: column.to_owned(), comparison, value: value.to_owned() })
    }

    /// Several conditions joined by `and`; none for an empty text.
    ///
    /// # Errors
    /// As [`Filter::read`].
    pub fn read_all(text: &str) -> Result<Vec<Self>, ResultsError> {
        if text.trim().is_empty() { Ok(Vec::new()) } else { text.split(" and ").map(Self::read).collect() }
    }

    /// Whether the condition holds for `value`, which stands in its column. What is missing is unequal to everything,
    /// and neither less nor more than anything.
    pub fn holds(&self, value: &Value) -> bool {
        match self.comparison {
            Comparison::Equal => self.is_same(value),
            Comparison::Unequal => !self.is_same(value),
            Comparison::Less => self.order(value) == Some(Ordering::Less),
            Comparison::More => self.order(value) == Some(Ordering::Greater),
            Comparison::AtMost => matches!(self.order(value), Some(Ordering::Less | Ordering::Equal)),
            Comparison::AtLeast => matches!(self.order(value), Some(Ordering::Greater | Ordering::Equal)),
        }
    }

    fn order(&self, value: &Value) -> Option<Ordering> {
        value.number()?.partial_cmp(&number(&self.value)?)
    }

    /// Numbers are the same however they are written; lists are, whatever their spaces.
    fn is_same(&self, value: &Value) -> bool {
        match value {
            Value::Missing => false,
            Value::Measured(_) => self.order(value) == Some(Ordering::Equal),
            Value::Plain(Json::String(text)) => *text == self.value,
            Value::Plain(_) if value.number().is_some() => self.order(value) == Some(Ordering::Equal),
            Value::Plain(json) => serde_json::from_str(&self.value).is_ok_and(|wanted: Json| wanted == *json),
        }
    }

    /// The column among `columns`.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn column_of<'a>(&self, columns: &'a [Column]) -> Result<&'a Column, ResultsError> {
        super::table::find(columns, &self.column)
    }
}

/// A finite number.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::Number;
    use serde_json::json;

    fn holds(filter: &str, value: &Value) -> bool {
        Filter::read(filter).expect(filter).holds(value)
    }

    #[test]
    fn sizes_are_compared_as_numbers() {
        let nine = Value::Measured(Number { value: 9.0, error: Some(5.0) });
        for (filter, expected) in
            [("a<10", true), ("a < 9", false), ("a<=9", true), ("a>=9.0", true), ("a>1e1", false), ("a=9", true)]
        {
            assert_eq!(holds(filter, &nine), expected, "{filter}");
        }
    }

    #[test]
    fn settings_are_equal_however_they_are_written() {
        let plain = |value: Json| Value::Plain(value);
        assert!(holds("teacher.layers=4", &plain(json!(4))) && holds("rate==2e-3", &plain(json!(0.002))));
        assert!(
            holds("hidden=[128, 64]", &plain(json!([128, 64]))) && !holds("hidden=[128]", &plain(json!([128, 64])))
        );
        assert!(holds("residual=true", &plain(json!(true))) && holds("activation=relu", &plain(json!("relu"))));
        // a text that looks like a number is still a text
        assert!(holds("name=4", &plain(json!("4"))));
    }

    #[test]
    fn what_is_missing_is_unequal_to_everything_and_has_no_size() {
        for (filter, expected) in [("a<1", false), ("a>=1", false), ("a=1", false), ("a!=1", true)] {
            assert_eq!(holds(filter, &Value::Missing), expected, "{filter}");
        }
    }

    #[test]
    fn conditions_are_joined_by_and() {
        let read = Filter::read_all("kl_forward<0.1 and state=done").expect("conditions");
        assert_eq!(read.iter().map(|f| f.column.as_str()).collect::<Vec<_>>(), ["kl_forward", "state"]);
        assert_eq!(Filter::read_all(" ").expect("none"), []);
    }

    #[test]
    fn mistakes_are_said_in_a_sentence() {
        let said = |text| Filter::read(text).expect_err(text).to_string();
        for text in ["kl_forward", "<1", "a=", "a!1"] {
            assert!(said(text).contains("as in `kl_forward<0.1`"), "{}", said(text));
        }
        assert!(said("kl_forward<low").contains("expected a number after `<`, got `low`"));
        assert!(said("kl_forward<nan").contains("expected a number"));
        assert!(said("state=faild").contains("done, stopped, failed, running, pending; did you mean `failed`?"));
    }
}
