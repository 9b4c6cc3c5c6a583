//! Line and column of a key or a value.
//!
//! serde_yaml tells positions only in errors, so the search walks down the path and fails on purpose where it ends:
//! the error carries the mark of the very key or value that was being read.

use super::path::{KeyPath, Step};
use super::tree::MERGE;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A place in the file, both counted from 1 and the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    pub line: usize,
    pub column: usize,
}

/// What of an entry is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// the key; of repeated keys the one with this number, counted from 0
    Key(usize),
    Value,
}

/// Where `path` stands in `text`, a document that has been parsed before. For a value that is not written the place
/// of the nearest section above it that is, and nothing where that is the top of the file.
pub(super) fn locate(text: &str, path: &KeyPath, aim: Aim) -> Option<Location> {
    let (mut path, mut aim) = (path.clone(), aim);
    while !path.0.is_empty() {
        for merges in [false, true] {
            let seek = Seek { path: &path.0, aim, merges };
            if let Err(found) = seek.deserialize(serde_yaml::Deserializer::from_str(text)) {
                return position(&found);
            }
        }
        (path, aim) = (path.parent(), Aim::Key(0));
    }
    None
}

/// The position that a parser's error carries.
pub(super) fn position(error: &serde_yaml::Error) -> Option<Location> {
    error.location().map(|at| Location { line: at.line(), column: at.column() })
}

/// Walks down `path`; succeeds where the path ends too early and fails at its goal.
#[derive(Clone, Copy)]
struct Seek<'a> {
    path: &'a [Step],
    aim: Aim,
    /// look into merged sections as well
    merges: bool,
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.path.is_empty() { deserializer.deserialize_any(Goal) } else { deserializer.deserialize_any(self) }
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a section or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut met = 0;
        loop {
            let stop = match self.aim {
                Aim::Key(nth) => self.path.len() == 1 && nth == met,
                Aim::Value => false,
            };
            let Some(meeting) = entries.next_key_seed(MeetKey { wanted: &self.path[0], stop })? else {
                return Ok(());
            };
            match meeting {
                Meeting::Wanted => {
                    met += 1;
                    if self.path.len() == 1 && self.aim != Aim::Value {
                        entries.next_value::<IgnoredAny>()?;
                    } else {
                        entries.next_value_seed(Seek { path: &self.path[1..], ..self })?;
                    }
                }
                Meeting::Merge if self.merges => entries.next_value_seed(self)?,
                _ => {
                    entries.next_value::<IgnoredAny>()?;
                }
            }
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        match &self.path[0] {
            // the list of sections of a merge
            Step::Key(_) => while items.next_element_seed(self)?.is_some() {},
            Step::Index(index) => {
                for _ in 0..*index {
                    items.next_element::<IgnoredAny>()?;
                }
                items.next_element_seed(Seek { path: &self.path[1..], ..self })?;
                while items.next_element::<IgnoredAny>()?.is_some() {}
            }
        }
        Ok(())
    }
}

/// Accepts nothing: every visit is the error that carries the position.
struct Goal;

impl Visitor<'_> for Goal {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the goal of the search")
    }
}

enum Meeting {
    Wanted,
    Merge,
    Other,
}

/// Compares a key with the wanted one and fails there if the search ends at it.
struct MeetKey<'a> {
    wanted: &'a Step,
    stop: bool,
}

impl MeetKey<'_> {
    fn meet<E: Error>(self, key: &str) -> Result<Meeting, E> {
        match self.wanted {
            Step::Key(wanted) if wanted == key && self.stop => Err(E::custom("found")),
            Step::Key(wanted) if wanted == key => Ok(Meeting::Wanted),
            _ if key == MERGE => Ok(Meeting::Merge),
            _ => Ok(Meeting::Other),
        }
    }
}

impl<'de> DeserializeSeed<'de> for MeetKey<'_> {
    type Value = Meeting;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Meeting, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for MeetKey<'_> {
    type Value = Meeting;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Meeting, E> {
        self.meet(key)
    }

    fn visit_u64<E: Error>(self, key: u64) -> Result<Meeting, E> {
        self.meet(&key.to_string())
    }

    fn visit_i64<E: Error>(self, key: i64) -> Result<Meeting, E> {
        self.meet(&key.to_string())
    }

    fn visit_f64<E: Error>(self, key: f64) -> Result<Meeting, E> {
        self.meet(&super::tree::number(key))
    }

    fn visit_bool<E: Error>(self, key: bool) -> Result<Meeting, E> {
        self.meet(&key.to_string())
    }

    fn visit_unit<E: Error>(self) -> Result<Meeting, E> {
        self.meet("nothing")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "seed: 1\nteacher: &t\n  hidden: [8, 16]\n  training: {rate: 1, rate: 2}\nstudent:\n  <<: *t\n";

    fn at(path: KeyPath, aim: Aim) -> Option<(usize, usize)> {
        locate(TEXT, &path, aim).map(|l| (l.line, l.column))
    }

    #[test]
    fn finds_keys_values_elements_repetitions_and_merged_keys() {
        assert_eq!(at("seed".into(), Aim::Key(0)), Some((1, 1)));
        assert_eq!(at("seed".into(), Aim::Value), Some((1, 7)));
        assert_eq!(at(KeyPath::from("teacher.hidden").index(1), Aim::Value), Some((3, 15)));
        assert_eq!(at("teacher.training.rate".into(), Aim::Key(0)), Some((4, 14)));
        assert_eq!(at("teacher.training.rate".into(), Aim::Key(1)), Some((4, 23)));
        assert_eq!(at("student.hidden".into(), Aim::Value), Some((3, 11)));
    }

    #[test]
    fn what_is_not_written_is_placed_at_the_section_above_it() {
        assert_eq!(at("student.training.steps".into(), Aim::Value), Some((4, 3)));
        assert_eq!(at("student.layers".into(), Aim::Value), Some((5, 1)));
        assert_eq!(at("bench.batches".into(), Aim::Value), None);
    }
}
