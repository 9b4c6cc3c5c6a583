//! Every wrong sweep gets exactly one sentence, at the place of the mistake.

use super::{desk, read_in};

/// The message and the YAML of each block.
fn blocks() -> Vec<(&'static str, String)> {
    let blocks = include_str!("wrong.txt").split("\n====").skip(1);
    blocks
        .map(|block| {
            let (message, yaml) = block.split_once('\n').unwrap_or((block, ""));
            (message.trim(), format!("{}\n", yaml.trim_end()))
        })
        .collect()
}

#[test]
fn each_mistake_is_one_sentence_with_file_line_and_key() {
    let desk = desk();
    let mut different = Vec::new();
    for (expected, yaml) in blocks() {
        let got = match read_in(desk.path(), &yaml) {
            Ok(sweep) => format!("{} cells", sweep.cells.len()),
            Err(error) => error.to_string().replace(&format!("{}/", desk.path().display()), ""),
        };
        if got != expected {
            different.push(format!("{yaml}got      {got}\nexpected {expected}\n"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert!(blocks().len() >= 60);
}
