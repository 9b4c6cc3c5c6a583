//! From YAML to a tree, however large the document says that it is.

use super::tree::Tree;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use std::cell::Cell;
use std::fmt;

/// Most values a document may expand to; an experiment has about a hundred, an alias bomb billions.
const MOST_VALUES: usize = 20_000;

/// The complaint about more than that.
pub(super) const TOO_MANY: &str = "the aliases and values are too many for an experiment";

/// The complaint about a key that is no word.
pub(super) const BAD_KEY: &str = "a key must be a word, not a list, a section or a tag";

impl Tree {
    /// Parses `text`, which must hold one document.
    pub fn parse(text: &str) -> Result<Self, serde_yaml::Error> {
        Self::plant(serde_yaml::Deserializer::from_str(text))
    }

    /// Reads whatever comes.
    pub fn plant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Plant { values: &Cell::new(0) }.deserialize(deserializer)
    }
}

/// Grows a tree and counts its values.
#[derive(Clone, Copy)]
struct Plant<'a> {
    values: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Plant<'_> {
    type Value = Tree;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        self.values.set(self.values.get() + 1);
        if self.values.get() > MOST_VALUES {
            return Err(D::Error::custom(TOO_MANY));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Plant<'_> {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Whole(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Whole(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Tree, E> {
        Ok(Tree::Whole(value))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Tree, E> {
        Ok(i128::try_from(value).map_or(Tree::Real(value as f64), Tree::Whole))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Real(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Nothing)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Nothing)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Tree, A::Error> {
        let (tag, content) = data.variant::<String>()?;
        content.newtype_variant::<IgnoredAny>()?;
        Ok(Tree::Tagged(tag))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut section = Vec::new();
        while let Some(key) = entries.next_key_seed(self)? {
            let Some(key) = key_text(&key) else {
                return Err(A::Error::custom(BAD_KEY));
            };
            section.push((key, entries.next_value_seed(self)?));
        }
        Ok(Tree::Section(section))
    }
}

/// The text of a key, also of a number or `true`, as YAML writes it, so that a message can name it.
fn key_text(key: &Tree) -> Option<String> {
    match key {
        Tree::Text(text) => Some(text.clone()),
        Tree::Bool(value) => Some(value.to_string()),
        Tree::Nothing | Tree::Whole(_) | Tree::Real(_) => Some(key.describe()),
        Tree::Tagged(_) | Tree::List(_) | Tree::Section(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bombs_and_endless_nesting_end_in_an_error() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..30 {
            let before = format!("*a{}", level - 1);
            bomb += &format!("a{level}: &a{level} [{}]\n", vec![before; 9].join(", "));
        }
        let wide = format!("a: &a [{}]\nb: [{}]\n", "x, ".repeat(2000), "*a, ".repeat(2000));
        let deep = format!("a: {}{}", "[".repeat(5000), "]".repeat(5000));
        let own = "a: &a [*a]".to_owned();
        for text in [bomb, wide, deep, own] {
            assert!(Tree::parse(&text).is_err());
        }
    }
}
