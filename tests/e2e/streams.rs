//! Standard output and error that end early, fill up or are not there: part of a pipeline's life.

use super::desk::{Desk, Ran};
use super::experiment::TWO_MOONS;
use super::finished::finished;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

/// A command that prints, with its checkpoint or experiment.
fn printing() -> Vec<(Desk, Command)> {
    let (teacher, student) = (finished().path("teacher.safetensors"), finished().path("student.safetensors"));
    let on = |arguments: &str, more: &[&std::path::Path]| {
        let desk = Desk::with("a.yaml", TWO_MOONS);
        desk.write("rows.csv", "a,b\n1,2\n3,4\n");
        let mut command = desk.command(arguments);
        command.args(more);
        (desk, command)
    };
    vec![
        on("--help", &[]),
        on("check a.yaml", &[]),
        on("describe", &[&student]),
        on("log-prob", &[&teacher, "rows.csv".as_ref()]),
        on("sample -n 200000 -o -", &[&student]),
        on("bench --batches 1 --repetitions 1 --teacher", &[&teacher, "--student".as_ref(), &student]),
        on("bench --batches 1 --repetitions 1 --json --teacher", &[&teacher, "--student".as_ref(), &student]),
        on("train a.yaml", &[]),
    ]
}

#[test]
fn a_reader_that_leaves_early_ends_a_draw_quietly() {
    let desk = Desk::new();
    let mut command = desk.command("sample -n 10000000 -o -");
    command.arg(finished().path("student.safetensors")).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    assert_eq!(line, "x1,x2\n");
    // the pipe is closed by now, long before ten million rows are through
    let ran = Ran::of(child.wait_with_output().expect("a child that is ours")).well();
    assert_eq!(ran.err, "");
}

#[test]
fn a_reader_that_is_gone_is_no_error() {
    for (_desk, mut command) in printing() {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let what = format!("{command:?}");
        let ran = Ran::of(command.stdout(writer).stderr(Stdio::piped()).output().expect("the binary starts"));
        assert!(ran.code == Some(0) && !ran.err.contains("error"), "{what}: {}", ran.all());
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error() {
    for (_desk, mut command) in printing() {
        let what = format!("{command:?}");
        let full = File::options().write(true).open("/dev/full").expect("a full device");
        let ran = Ran::of(command.stdout(full).stderr(Stdio::piped()).output().expect("the binary starts"));
        // the help is clap's own, which prints as well as it can
        assert!(ran.code == Some(1) || what.contains("--help"), "{what}: {}", ran.all());
        assert!(what.contains("--help") || ran.err.contains("error: "), "{what}: {}", ran.all());
    }
}

#[test]
fn a_run_survives_the_reader_of_its_progress() {
    let desk = Desk::with("a.yaml", TWO_MOONS);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let status = desk.command("run a.yaml").stdout(Stdio::null()).stderr(writer).status().expect("the binary starts");
    assert_eq!(status.code(), Some(0));
    assert!(desk.exists("runs/a/metrics.json"));
}

#[test]
fn progress_is_no_part_of_standard_output() {
    let run = finished();
    assert!(run.ran.err.contains("teacher: 200 steps") && run.ran.err.contains("student: 120 steps"));
    assert!(!run.ran.out.contains("steps"), "{}", run.ran.all());
    // plain lines where nobody looks on: no escape sequences
    assert!(!run.ran.err.contains('\u{1b}') && !run.ran.out.contains('\u{1b}'));
    let mut report = String::new();
    File::open(run.path("report.html")).and_then(|mut f| f.read_to_string(&mut report)).expect("a report");
    assert!(report.trim_end().ends_with("</html>"));
}
