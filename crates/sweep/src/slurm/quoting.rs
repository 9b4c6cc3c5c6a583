//! Texts that mean themselves, to sbatch and to the shell.

use super::error::SlurmError;
use std::path::Path;

/// The value of an option in an `#SBATCH` line, which sbatch takes apart by rules of its own: within double quotes, a
/// backslash takes away the meaning of a quote, a backslash and the `#` of a comment; a dollar has none.
///
/// # Errors
/// It has more than one line.
pub fn directive(value: &str) -> Result<String, SlurmError> {
    if value.contains(['\n', '\r', '\0']) {
        return Err(SlurmError::Unwritable { what: format!("{value:?}"), reason: "it has more than one line" });
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./=:@,+-%".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        return Ok(value.to_owned());
    }
    let mut quoted = String::from("\"");
    for c in value.chars() {
        if matches!(c, '"' | '\\' | '#') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    Ok(quoted + "\"")
}

/// A path in front of SLURM's `%A` and `%a`, in which a percent sign has to be doubled.
///
/// # Errors
/// It holds a backslash, by which SLURM turns all such signs off.
pub fn pattern(path: &str) -> Result<String, SlurmError> {
    if path.contains('\\') {
        let reason = "SLURM cannot write logs below a folder with a backslash in its name; choose another by --runs";
        return Err(SlurmError::Unwritable { what: path.to_owned(), reason });
    }
    Ok(path.replace('%', "%%"))
}

/// One word of a shell command.
pub fn word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A path as text.
///
/// # Errors
/// It is not UTF-8.
pub fn text(path: &Path) -> Result<&str, SlurmError> {
    path.to_str().ok_or_else(|| SlurmError::Unwritable { what: path.display().to_string(), reason: "it is not UTF-8" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_values_stay_as_they_are() {
        assert_eq!(directive("B:TERM@120").unwrap(), "B:TERM@120");
        assert_eq!(directive("/scratch/a_b-c.d/%A_%a.log").unwrap(), "/scratch/a_b-c.d/%A_%a.log");
    }

    #[test]
    fn odd_values_are_quoted_and_only_what_has_a_meaning_is_escaped() {
        assert_eq!(directive(r#"a b#c'"$\"#).unwrap(), r#""a b\#c'\"$\\""#);
        assert_eq!(directive("").unwrap(), "\"\"");
        assert!(directive("a\n#SBATCH --uid=0").unwrap_err().to_string().contains("more than one line"));
    }

    #[test]
    fn percent_signs_of_folders_are_doubled_and_backslashes_refused() {
        assert_eq!(pattern("/a%j/b").unwrap(), "/a%%j/b");
        assert!(pattern(r"/a\b").unwrap_err().to_string().contains("choose another by --runs"));
    }

    #[test]
    fn the_shell_reads_a_word_as_it_was() {
        for odd in ["a b", "it's", "$(touch x)", "`x`", "\"", "\\", "*", "-n", "a\nb", ""] {
            let script = format!("printf '%s|' {}", word(odd));
            let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{odd}|"));
        }
    }
}
