//! From the tree to what a user may write, with every mistake of spelling and type.
//!
//! A serde reader of our own, because only it knows what was expected as well as what was found: it lets whole numbers
//! be written as `1e3` and says of a number in quotes that the quotes are too much.

use super::path::{KeyPath, Step};
use super::suggest;
use super::tree::{Tree, number, shortened};
use super::written::OrNone;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, Expected, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use std::fmt::{self, Display};

/// Mistakes of a kind reported at most; a file with more of them is not an experiment.
pub(super) const MOST_FAULTS: usize = 50;

/// Largest whole number up to which every whole number has a float.
const EXACT: f64 = (1u64 << 53) as f64;

/// One mistake of spelling or type.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    pub path: KeyPath,
    pub message: String,
    /// where the key at the end of the path is itself the mistake: the keys that its section knows
    pub known: Option<&'static [&'static str]>,
}

/// Reads all of `T` that is well written, whose keys must all be optional, and lists the rest. What is wrong is taken
/// out of the tree; with too many mistakes the search ends and there is no `T`.
pub(super) fn read<T: for<'de> Deserialize<'de>>(tree: &mut Tree) -> (Option<T>, Vec<Fault>) {
    let mut faults = Vec::new();
    loop {
        match T::deserialize(Node { tree, or_none: false }) {
            Ok(value) => return (Some(value), faults),
            Err(fault) => {
                let fault = fault.finish();
                let cut = prune(tree, &fault.path.0);
                faults.push(fault);
                if !cut || faults.len() == MOST_FAULTS {
                    return (None, faults);
                }
            }
        }
    }
}

/// Takes the key on which `path` ends out of the tree, or the whole list if it ends in one.
fn prune(tree: &mut Tree, path: &[Step]) -> bool {
    let (Tree::Section(entries), [Step::Key(key), rest @ ..]) = (tree, path) else {
        return false;
    };
    let Some(place) = entries.iter().position(|(name, _)| name == key) else {
        return false;
    };
    if matches!(rest, [Step::Key(_), ..]) {
        return prune(&mut entries[place].1, rest);
    }
    entries.remove(place);
    true
}

/// A value on its way into a Rust type.
#[derive(Clone, Copy)]
struct Node<'a> {
    tree: &'a Tree,
    /// the word `none` would have been right as well
    or_none: bool,
}

impl Node<'_> {
    /// The error "expected …, got …".
    fn expected(self, what: impl Display) -> Fault {
        let (or_none, got) = (if self.or_none { " or `none`" } else { "" }, self.tree.describe());
        Fault::custom(format!("expected {what}{or_none}, got {got}"))
    }

    /// [`Node::expected`] for numbers, with the way out of the usual slips.
    fn expected_number(self, what: impl Display) -> Fault {
        let mut fault = self.expected(what);
        if let Tree::Text(text) = self.tree {
            let unquoted = |text: &str| matches!(Tree::parse(text), Ok(Tree::Whole(_) | Tree::Real(_)));
            let grouped = text.replace('_', "");
            let pointed = text.replacen(',', ".", 1);
            fault.message += &if unquoted(text) {
                "; remove the quotes".to_owned()
            } else if text.contains('_') && unquoted(&grouped) {
                format!("; write it without `_`: {grouped}")
            } else if text.contains(',') && unquoted(&pointed) {
                format!("; write the decimal sign as a point: {pointed}")
            } else if text.parse().is_ok_and(f64::is_infinite) {
                "; it is too large".to_owned()
            } else {
                String::new()
            };
        }
        fault
    }

    /// The whole number, also if it is written as `1e3` or `1000.0`.
    fn whole(self) -> Result<i128, Fault> {
        match self.tree {
            Tree::Whole(value) => Ok(*value),
            Tree::Real(value) if value.fract() == 0.0 && value.abs() <= EXACT => Ok(*value as i128),
            Tree::Real(value) if value.fract() == 0.0 => Err(self.expected("a whole number up to 2^53 or in digits")),
            _ => Err(self.expected_number("a whole number")),
        }
    }
}

impl<'de> Deserializer<'de> for Node<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.tree {
            Tree::Nothing => visitor.visit_unit(),
            Tree::Bool(value) => visitor.visit_bool(*value),
            Tree::Whole(value) => match i64::try_from(*value) {
                Ok(value) => visitor.visit_i64(value),
                Err(_) => visitor.visit_f64(*value as f64),
            },
            Tree::Real(value) => visitor.visit_f64(*value),
            Tree::Text(text) => visitor.visit_str(text),
            Tree::Tagged(_) => Err(self.expected("a value without a tag")),
            Tree::List(items) => visitor.visit_seq(Items { items, next: 0 }),
            Tree::Section(entries) => visitor.visit_map(Entries { entries, next: 0 }),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match i64::try_from(self.whole()?) {
            Ok(value) => visitor.visit_i64(value),
            Err(_) => Err(self.expected(format!("a whole number of at most {}", i64::MAX))),
        }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match u64::try_from(self.whole()?) {
            Ok(value) => visitor.visit_u64(value),
            Err(_) => Err(self.expected(format!("a whole number from 0 to {}", u64::MAX))),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.tree {
            Tree::Whole(value) => visitor.visit_f64(*value as f64),
            Tree::Real(value) => visitor.visit_f64(*value),
            _ => Err(self.expected_number("a number")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.tree {
            Tree::Text(text) => visitor.visit_str(text),
            Tree::Bool(_) | Tree::Whole(_) | Tree::Real(_) => {
                let fault = self.expected("text");
                Err(Fault { message: fault.message + "; put it in quotes", ..fault })
            }
            _ => Err(self.expected("text")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    /// A key that is written has a value: a default is had by leaving the key out.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Fault> {
        let or_none = name == OrNone::<()>::NAME;
        match self.tree {
            Tree::Text(text) if or_none && text == "none" => visitor.visit_none(),
            _ => visitor.visit_newtype_struct(Self { or_none, ..self }),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.tree {
            Tree::List(items) => visitor.visit_seq(Items { items, next: 0 }),
            Tree::Whole(value) => {
                let fault = self.expected("a list");
                Err(Fault { message: format!("{}; write [{value}]", fault.message), ..fault })
            }
            Tree::Section(_) => {
                let fault = self.expected("a list");
                Err(Fault { message: format!("{}; begin each entry with `- `", fault.message), ..fault })
            }
            _ => Err(self.expected("a list")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.tree {
            Tree::Section(entries) => visitor.visit_map(Entries { entries, next: 0 }),
            // a heading whose keys are all left out or commented out
            Tree::Nothing => visitor.visit_map(Entries { entries: &[], next: 0 }),
            _ => Err(self.expected(match names.first() {
                Some(key) => format!("a section of keys, as `{key}: …`"),
                None => "a section of keys, as `key: …`".to_owned(),
            })),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.tree {
            Tree::Text(text) if names.contains(&text.as_str()) => visitor.visit_enum(StrDeserializer::new(text)),
            Tree::Text(text) => Err(Fault::custom(suggest::unknown_name(text, names))),
            _ => Err(self.expected(suggest::choice(names))),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i128 u8 u16 u32 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct map identifier
        ignored_any
    }
}

struct Items<'a> {
    items: &'a [Tree],
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Fault> {
        let Some(tree) = self.items.get(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        let step = || Step::Index(self.next - 1);
        seed.deserialize(Node { tree, or_none: false }).map(Some).map_err(|fault| fault.inside(step()))
    }
}

struct Entries<'a> {
    entries: &'a [(String, Tree)],
    next: usize,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Fault> {
        let Some((key, _)) = self.entries.get(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        let step = || Step::Key(key.clone());
        seed.deserialize(StrDeserializer::new(key)).map(Some).map_err(|fault: Fault| fault.inside(step()))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        let (key, tree) = &self.entries[self.next - 1];
        seed.deserialize(Node { tree, or_none: false }).map_err(|fault| fault.inside(Step::Key(key.clone())))
    }
}

impl Fault {
    /// The same mistake seen from one level up; the path grows backwards until [`Fault::finish`] turns it.
    fn inside(mut self, step: Step) -> Self {
        self.path.0.push(step);
        self
    }

    /// The mistake as the user sees it, once the whole path is known.
    fn finish(mut self) -> Self {
        self.path.0.reverse();
        if let (Some(known), Some(Step::Key(key))) = (self.known, self.path.0.last()) {
            self.message += &suggest::for_key(key, &self.path.parent().to_string(), known);
            self.message += if self.message.ends_with('?') { " known keys: " } else { "; known keys: " };
            self.message += &known.join(", ");
        }
        self
    }
}

impl Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self { path: KeyPath::default(), message: message.to_string(), known: None }
    }

    fn invalid_type(found: Unexpected, expected: &dyn Expected) -> Self {
        let got = match found {
            Unexpected::Str(text) => Tree::Text(text.to_owned()).describe(),
            Unexpected::Signed(value) => value.to_string(),
            Unexpected::Float(value) => number(value),
            Unexpected::Bool(value) => Tree::Bool(value).describe(),
            Unexpected::Unit => Tree::Nothing.describe(),
            Unexpected::Seq => Tree::List(Vec::new()).describe(),
            Unexpected::Map => Tree::Section(Vec::new()).describe(),
            other => other.to_string(),
        };
        Self::custom(format_args!("expected {expected}, got {got}"))
    }

    fn invalid_value(found: Unexpected, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self { known: Some(known), ..Self::custom(format_args!("unknown key `{}`", shortened(key))) }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for Fault {}
