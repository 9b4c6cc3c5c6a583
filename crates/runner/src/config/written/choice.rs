//! A key whose value is a name, or a section with one name and its settings below it.

use crate::config::suggest::unknown_name;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;

/// The names of a choice, those with settings among them.
pub trait Settings: Default + Serialize + for<'de> Deserialize<'de> {
    /// All of them.
    const NAMES: &'static [&'static str];

    /// What is expected, as "a map, as `affine` or …".
    const EXPECTED: &'static str;

    /// The names below which settings are given.
    fn given(&self) -> Vec<&'static str>;
}

/// One of the names of `S`.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice<S> {
    /// With its usual settings.
    Named(&'static str),
    /// With settings of its own.
    Set(Box<S>),
}

impl<S: Settings> Choice<S> {
    /// All names.
    pub const NAMES: &'static [&'static str] = S::NAMES;

    /// Which it is; of several the first.
    pub fn name(&self) -> Option<&'static str> {
        match self {
            Self::Named(name) => Some(name),
            Self::Set(settings) => settings.given().first().copied(),
        }
    }

    /// The settings, if some are given.
    pub fn settings(&self) -> Option<&S> {
        match self {
            Self::Named(_) => None,
            Self::Set(settings) => Some(settings),
        }
    }

    /// What is wrong where not just one name is given.
    pub fn ambiguity(&self) -> Option<String> {
        let given = self.settings()?.given();
        let quoted: Vec<_> = given.iter().map(|name| format!("`{name}`")).collect();
        let got = if given.is_empty() { "none".to_owned() } else { quoted.join(" and ") };
        (given.len() != 1).then(|| format!("expected {}, got {got}", S::EXPECTED))
    }

    /// What is wrong where a count is negative.
    pub fn negative(&self) -> Option<String> {
        let settings = serde_json::to_value(self.settings()?).ok()?;
        let found = least(&settings)?;
        (found < 0).then(|| format!("expected whole numbers of at least 0, got {found}"))
    }
}

/// The least whole number in it.
fn least(value: &serde_json::Value) -> Option<i64> {
    match value {
        serde_json::Value::Number(number) => number.as_i64(),
        serde_json::Value::Array(items) => items.iter().filter_map(least).min(),
        serde_json::Value::Object(entries) => entries.values().filter_map(least).min(),
        _ => None,
    }
}

impl<'de, S: Settings> Deserialize<'de> for Choice<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrSettings<S>(PhantomData<S>);

        impl<'de, S: Settings> Visitor<'de> for NameOrSettings<S> {
            type Value = Choice<S>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str(S::EXPECTED)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Choice<S>, E> {
                let found = S::NAMES.iter().find(|name| **name == text);
                found.map(|name| Choice::Named(name)).ok_or_else(|| E::custom(unknown_name(text, S::NAMES)))
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Choice<S>, A::Error> {
                S::deserialize(MapAccessDeserializer::new(entries)).map(|settings| Choice::Set(Box::new(settings)))
            }
        }

        deserializer.deserialize_any(NameOrSettings(PhantomData))
    }
}

impl<S: Settings> Serialize for Choice<S> {
    fn serialize<T: Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        match self {
            Self::Named(name) => name.serialize(serializer),
            Self::Set(settings) => settings.serialize(serializer),
        }
    }
}

/// The names, of `each`, below which something is written.
pub(super) fn given<const N: usize>(each: [(&'static str, bool); N]) -> Vec<&'static str> {
    each.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
}
