//! The text of an experiment: reading the file and parsing its YAML.

use super::error::ConfigError;
use super::locate::{Location, position};
use super::plant::{BAD_KEY, TOO_MANY};
use super::tree::Tree;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes of an experiment at most; a file above that is something else, most likely data.
const MOST_BYTES: u64 = 256 * 1024;

/// Opening brackets in an experiment at most; the parser's time grows with the square of their depth.
const MOST_BRACKETS: usize = 2000;

/// The complaint about nesting that no experiment needs.
const TOO_DEEP: &str = "nested or repeated too deeply for an experiment";

/// What to write into an empty file.
const SMALLEST: &str = "the smallest experiment is `data: {path: my.csv}`";

/// Reads `file` as UTF-8.
pub(super) fn read(file: &Path) -> Result<String, ConfigError> {
    let wrong = |message: String| ConfigError::whole(file, None, message);
    let mut bytes = Vec::new();
    let read = File::open(file).and_then(|open| {
        if open.metadata()?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        open.take(MOST_BYTES + 1).read_to_end(&mut bytes)
    });
    if let Err(error) = read {
        return Err(wrong(match error.kind() {
            io::ErrorKind::NotFound => "no such file; expected an experiment in YAML".to_owned(),
            io::ErrorKind::IsADirectory => "this is a folder; expected an experiment in YAML".to_owned(),
            _ => format!("cannot be read: {error}"),
        }));
    }
    if bytes.len() as u64 > MOST_BYTES {
        return Err(wrong(format!("larger than {} KiB; expected an experiment in YAML", MOST_BYTES / 1024)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let good = String::from_utf8_lossy(good);
        let line_start = good.rfind('\n').map_or(0, |end| end + 1);
        let location =
            Location { line: good.matches('\n').count() + 1, column: good[line_start..].chars().count() + 1 };
        let message = "not UTF-8 text from here on; save the file as UTF-8".to_owned();
        ConfigError::whole(file, Some(location), message)
    })
}

/// Parses `text` into the section at its top.
pub(super) fn parse(text: &str, file: &Path) -> Result<Tree, ConfigError> {
    let wrong = |location, message| Err(ConfigError::whole(file, location, message));
    if text.matches(['[', '{']).count() > MOST_BRACKETS {
        return wrong(None, TOO_DEEP.to_owned());
    }
    if let Some((name, location)) = repeated_anchor(text) {
        return wrong(Some(location), format!("anchor `&{name}` is defined twice; give each anchor its own name"));
    }
    match Tree::parse(text) {
        Ok(tree @ Tree::Section(_)) => Ok(tree),
        Ok(Tree::Nothing) => wrong(None, format!("no keys in the file; {SMALLEST}")),
        Ok(Tree::Text(text)) if text.contains(':') => {
            let message = "expected keys and values, got a text; leave a space after each colon".to_owned();
            wrong(None, message)
        }
        Ok(other) => wrong(None, format!("expected keys and values, got {}; {SMALLEST}", other.describe())),
        Err(error) => wrong(position(&error), explain(&error, text)),
    }
}

/// The first anchor whose name was defined before. YAML allows that, but serde_yaml then takes wrong values for later
/// aliases without a word. Anchors in comments are skipped; in texts they count, which at worst asks for a rename.
fn repeated_anchor(text: &str) -> Option<(String, Location)> {
    let mut names = HashSet::new();
    for (line, content) in text.lines().enumerate() {
        let comment = if content.starts_with('#') { Some(0) } else { content.find(" #") };
        let content = &content[..comment.unwrap_or(content.len())];
        for (start, _) in content.match_indices('&') {
            if !content[..start].ends_with([' ', '[', '{', ',']) && start > 0 {
                continue;
            }
            let name: String =
                content[start + 1..].chars().take_while(|c| c.is_alphanumeric() || "-_".contains(*c)).collect();
            if !name.is_empty() && !names.insert(name.clone()) {
                let column = content[..start].chars().count() + 1;
                return Some((name, Location { line: line + 1, column }));
            }
        }
    }
    None
}

/// The parser's complaint in our words where it is a usual one.
fn explain(error: &serde_yaml::Error, text: &str) -> String {
    let complaint = error.to_string();
    if complaint.starts_with("deserializing from YAML containing more than one document") {
        return "expected one document, got several; remove the lines `---` between them".to_owned();
    }
    if let Some(ours) = [TOO_MANY, BAD_KEY].into_iter().find(|ours| complaint.contains(ours)) {
        return ours.to_owned();
    }
    if complaint.contains("recursion limit") || complaint.contains("repetition limit") {
        return TOO_DEEP.to_owned();
    }
    let line = position(error).and_then(|at| text.lines().nth(at.line - 1)).unwrap_or_default();
    let hint = if complaint.contains("unknown anchor") {
        "; define it before as `&name`"
    } else if line.trim_start_matches(' ').starts_with('\t') {
        "; indent with spaces, YAML forbids tabs"
    } else if complaint.contains("mapping values are not allowed") {
        "; check the indentation, and put text that contains `: ` in quotes"
    } else if complaint.contains("while scanning a quoted scalar") {
        "; a quote is not closed"
    } else if complaint.contains("did not find expected") {
        "; check the indentation, brackets and quotes from here upwards"
    } else {
        ""
    };
    format!("not valid YAML: {}{hint}", without_position(&complaint))
}

/// "… at line 3 column 1, while …" without the places, which stand at the head of the message.
fn without_position(complaint: &str) -> String {
    let mut rest = complaint;
    let mut kept = String::new();
    while let Some(start) = rest.find(" at line ") {
        kept += &rest[..start];
        rest = &rest[start + " at line ".len()..];
        let end = rest.find(|c: char| !(c.is_ascii_digit() || " column".contains(c))).unwrap_or(rest.len());
        rest = &rest[end..];
    }
    kept + rest
}
