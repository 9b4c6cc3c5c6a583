//! The file of an experiment and those that it extends: one tree, which knows where each of its values was written.

use super::error::{ConfigError, Problem};
use super::locate::{Aim, locate};
use super::path::KeyPath;
use super::read::{MOST_FAULTS, read};
use super::tree::Tree;
use super::{Mistake, data, source_text, written};
use std::path::{Path, PathBuf, absolute};

/// Files that one experiment may rest on.
const MOST_FILES: usize = 50;

/// The keys of `data` that name files.
const DATA_FILES: [&str; 5] = ["path", "train", "validation", "test", "mnist"];

pub(super) struct Sources {
    /// the file itself, then what it extends, the stronger before the weaker
    documents: Vec<Document>,
    /// all of them, one laid over the other, without `extends`
    pub tree: Tree,
}

/// One file as it stands.
struct Document {
    file: PathBuf,
    text: String,
    tree: Tree,
}

impl Sources {
    /// Reads `file` and what it extends.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        Self::of(&source_text::read(file)?, file)
    }

    /// Reads `text`, which stands in `file`, and what it extends.
    pub fn of(text: &str, file: &Path) -> Result<Self, ConfigError> {
        let mut documents = Vec::new();
        let tree = gather(text, file, &mut vec![file.to_owned()], &mut documents)?;
        Ok(Self { documents, tree })
    }

    /// The file that was asked for.
    pub fn file(&self) -> &Path {
        &self.documents[0].file
    }

    /// The mistakes, each where it stands: in the strongest file that has the value, or else at the nearest section
    /// above it.
    pub fn error(&self, mistakes: impl IntoIterator<Item = Mistake>) -> ConfigError {
        ConfigError::several(self.file(), mistakes.into_iter().map(|mistake| self.place(mistake)).collect())
    }

    fn place(&self, mistake: Mistake) -> Problem {
        let (mut path, mut aim) = (mistake.path.clone(), mistake.aim);
        loop {
            let there = |tree: &Tree| tree.get(&path.0).is_some();
            match self.documents.iter().find(|document| there(&self.tree) && there(&document.tree)) {
                Some(document) => {
                    let message = mistake.message.clone() + &self.elsewhere(&mistake, document);
                    return document.problem(&Mistake { path, aim, message, ..mistake });
                }
                // the top is everywhere, so this ends
                None => (path, aim) = (path.parent(), Aim::Key(0)),
            }
        }
    }

    /// Where the other places of a mistake in `document` are that its message names, if they are in other files.
    fn elsewhere(&self, mistake: &Mistake, document: &Document) -> String {
        let named = mistake.needs.iter().filter(|need| mistake.message.contains(&format!("`{need}`")));
        let told = named.filter_map(|need| {
            let other = self.documents.iter().find(|other| other.tree.get(&need.0).is_some())?;
            let line = locate(&other.text, need, Aim::Key(0)).map_or_else(String::new, |at| format!(":{}", at.line));
            (other.file != document.file).then(|| format!("; `{need}` is in {}{line}", other.file.display()))
        });
        told.collect()
    }
}

impl Document {
    fn problem(&self, Mistake { path, aim, shown, message, .. }: &Mistake) -> Problem {
        Problem {
            file: self.file.clone(),
            location: locate(&self.text, path, *aim),
            key: shown.to_string(),
            message: message.clone(),
        }
    }

    fn error(&self, mistakes: impl IntoIterator<Item = Mistake>) -> ConfigError {
        ConfigError::several(&self.file, mistakes.into_iter().map(|mistake| self.problem(&mistake)).collect())
    }
}

/// Reads `text` and what it extends; `chain` are the files from the first to this one.
fn gather(
    text: &str,
    file: &Path,
    chain: &mut Vec<PathBuf>,
    documents: &mut Vec<Document>,
) -> Result<Tree, ConfigError> {
    // the byte order mark of some editors, which the parser takes for a document of its own
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let tree = source_text::parse(text, file)?;
    let document = Document { file: file.to_owned(), text: text.to_owned(), tree };
    let document = unambiguous(document)?;
    let mut own = document.tree.clone();
    let Some(extends) = own.take("extends") else {
        documents.push(document);
        return Ok(own);
    };

    let one = !matches!(extends, Tree::List(_));
    let mut only = Tree::Section(vec![("extends".to_owned(), extends)]);
    let (head, faults) = read::<written::Experiment>(&mut only);
    if !faults.is_empty() {
        return Err(document.error(faults.iter().map(Mistake::from)));
    }
    let paths = head.and_then(|head| head.extends).map(|extends| extends.0).unwrap_or_default();
    let at = |index: usize| if one { KeyPath::from("extends") } else { KeyPath::from("extends").index(index) };
    let texts: Result<Vec<_>, _> = paths
        .iter()
        .enumerate()
        .map(|(index, path)| {
            extended(path, file, chain).map_err(|why| document.error([Mistake::new(at(index), Aim::Value, why)]))
        })
        .collect();
    let too_many = document.error([Mistake::new(
        KeyPath::from("extends"),
        Aim::Key(0),
        format!("leads to more than {MOST_FILES} files; put some of them together"),
    )]);
    documents.push(document);
    let mut layers = Vec::new();
    for path in texts?.iter().rev() {
        if documents.len() >= MOST_FILES {
            return Err(too_many);
        }
        chain.push(path.clone());
        let mut layer = gather(&source_text::read(path)?, path, chain, documents)?;
        chain.pop();
        anchor(&mut layer, path.parent().unwrap_or(Path::new("")));
        // a name is of one file: two experiments would write into one folder
        layer.take("name");
        layers.push(layer);
    }
    let mut tree = Tree::Section(Vec::new());
    for layer in layers.iter().rev().chain([&own]) {
        tree.overlay(layer);
    }
    Ok(tree)
}

/// The file that `file` calls `path`, or why it cannot be extended.
fn extended(path: &Path, file: &Path, chain: &[PathBuf]) -> Result<PathBuf, String> {
    if path.as_os_str().is_empty() {
        return Err("expected the name of a file, got an empty text".to_owned());
    }
    let full = file.parent().unwrap_or(Path::new("")).join(path);
    if full.is_dir() {
        return Err(format!("{} is a folder; name a file in it", full.display()));
    }
    if !full.is_file() {
        let near = data::similar(&full).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(format!("no such file (looked for {}){near}", full.display()));
    }
    let same = |a: &Path, b: &Path| real(a) == real(b);
    if let Some(first) = chain.iter().position(|earlier| same(earlier, &full)) {
        let names: Vec<String> =
            chain[first..].iter().chain([&chain[first]]).map(|f| f.display().to_string()).collect();
        let words = names[1..].join(", which extends ");
        return Err(format!("goes in a circle: {} extends {words}; remove one of them", names[0]));
    }
    Ok(full)
}

/// The file behind all links, as far as there is one.
fn real(file: &Path) -> PathBuf {
    file.canonicalize().or_else(|_| absolute(file)).unwrap_or_else(|_| file.to_owned())
}

/// Lets the data files of an extended file start from the folder of that file, wherever a section names them, also as
/// `data.path` in a sweep.
fn anchor(tree: &mut Tree, folder: &Path) {
    match tree {
        Tree::List(items) => items.iter_mut().for_each(|item| anchor(item, folder)),
        Tree::Section(entries) => {
            for (key, value) in entries {
                match key.strip_prefix("data") {
                    Some("") => anchor_files(value, folder),
                    Some(rest) if rest.strip_prefix('.').is_some_and(|rest| DATA_FILES.contains(&rest)) => {
                        anchor_texts(value, folder);
                    }
                    _ => anchor(value, folder),
                }
            }
        }
        _ => {}
    }
}

fn anchor_files(data: &mut Tree, folder: &Path) {
    match data {
        Tree::List(items) => items.iter_mut().for_each(|item| anchor_files(item, folder)),
        Tree::Section(entries) => {
            let files = entries.iter_mut().filter(|(key, _)| DATA_FILES.contains(&key.as_str()));
            files.for_each(|(_, value)| anchor_texts(value, folder));
        }
        _ => {}
    }
}

fn anchor_texts(value: &mut Tree, folder: &Path) {
    match value {
        // an empty text stays the mistake that it is
        Tree::Text(text) if !text.is_empty() => {
            let full = absolute(folder.join(&*text)).unwrap_or_else(|_| folder.join(&*text));
            *text = full.to_string_lossy().into_owned();
        }
        Tree::List(items) => items.iter_mut().for_each(|item| anchor_texts(item, folder)),
        Tree::Section(entries) => entries.iter_mut().for_each(|(_, item)| anchor_texts(item, folder)),
        _ => {}
    }
}

/// The document with its merges done, if no key stands twice.
fn unambiguous(mut document: Document) -> Result<Document, ConfigError> {
    let repeated = document.tree.repeated_keys();
    if !repeated.is_empty() {
        let each = repeated.iter().take(MOST_FAULTS).map(|(path, nth)| {
            let first = locate(&document.text, path, Aim::Key(0));
            let first = first.map_or_else(String::new, |first| format!(" (first at line {})", first.line));
            let message = format!("duplicate key {}{first}", path.last());
            Mistake { shown: path.parent(), ..Mistake::new(path.clone(), Aim::Key(*nth), message) }
        });
        return Err(document.error(each.collect::<Vec<_>>()));
    }
    match document.tree.merge(&KeyPath::default()) {
        Ok(()) => Ok(document),
        Err((path, got)) => {
            let message = format!("expected a section to merge, as `<<: *name` or `<<: [*a, *b]`, got {got}");
            Err(document.error([Mistake::new(path, Aim::Value, message)]))
        }
    }
}
