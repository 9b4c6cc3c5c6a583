//! Standard output as a destination: the test starts itself anew, with an output that fails.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use flowstill_data::create;

const RESULT: &str = "FLOWSTILL_TEST_RESULT";

fn main() {
    if let Ok(result) = std::env::var(RESULT) {
        return write_rows(Path::new(&result));
    }
    // a reader that leaves is no failure of ours
    assert_eq!(outcome_with(Stdio::piped()), "Err(BrokenPipe)");
    if cfg!(target_os = "linux") {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let outcome = outcome_with(full.into());
        assert!(outcome.starts_with("Err(DiskFull { path: \"standard output\""), "{outcome}");
    }
    assert_eq!(outcome_with(Stdio::null()), "Ok(())");
    println!("standard output: closed, full and well, all told apart");
}

/// Writes far more rows than a pipe holds and records how that ended.
fn write_rows(result: &Path) {
    let rows = 100_000;
    let outcome = create("-", &["a".into(), "b".into()], rows).and_then(|mut writer| {
        (0..rows).try_for_each(|i| writer.write_rows(&[i as f64, 0.5]))?;
        writer.finish()
    });
    std::fs::write(result, format!("{outcome:?}")).unwrap();
}

fn outcome_with(stdout: Stdio) -> String {
    let folder = tempfile::tempdir().unwrap();
    let result = folder.path().join("result");
    let mut child = Command::new(std::env::current_exe().unwrap()).env(RESULT, &result).stdout(stdout).spawn().unwrap();
    // the reader goes away at once
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
    std::fs::read_to_string(result).unwrap()
}
