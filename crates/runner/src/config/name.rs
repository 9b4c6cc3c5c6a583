//! Names of experiments and of the cells of a sweep, which are names of folders on every system.

/// Bytes of a name at most.
pub(super) const MOST_BYTES: usize = 100;

/// What a name is, after "expected".
pub(super) const RULE: &str = "a name for a folder: 1 to 100 letters, digits, `-`, `_`, `.`, `=`, `,` or `+`, beginning with a \
                               letter, a digit or `_` and not ending in `.`";

/// Whether a folder may have this name.
pub(super) fn fits(name: &str) -> bool {
    name.chars().all(fits_in)
        && !name.starts_with(['.', '-', '=', ',', '+'])
        && !name.ends_with('.')
        && (1..=MOST_BYTES).contains(&name.len())
}

/// Whether a name may have this letter.
pub(super) fn fits_in(c: char) -> bool {
    c.is_alphanumeric() || "-_.=,+".contains(c)
}
