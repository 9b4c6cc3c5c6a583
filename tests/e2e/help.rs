//! Help that teaches by example.

use super::desk::Desk;

const COMMANDS: [&str; 12] = [
    "run",
    "check",
    "train",
    "distill",
    "eval",
    "bench",
    "sample",
    "log-prob",
    "transport",
    "rows",
    "data",
    "describe",
];

#[test]
fn every_command_has_an_example() {
    let desk = Desk::new();
    for command in COMMANDS {
        let help = desk.flowstill(&format!("{command} --help")).well().out;
        let (_, after) = help.split_once("Example").unwrap_or_else(|| panic!("no example in\n{help}"));
        assert!(after.contains(&format!("flowstill {command} ")), "no example of `{command}` in\n{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 120), "a line is too long in\n{help}");
    }
}

#[test]
fn the_whole_program_lists_its_commands() {
    let desk = Desk::new();
    let help = desk.flowstill("--help").well().out;
    assert!(COMMANDS.iter().all(|command| help.contains(command)), "{help}");
    assert!(help.contains("Exit codes: 0") && help.contains("130"), "{help}");
    let version = desk.flowstill("--version").well().out;
    assert_eq!(version.trim(), concat!("flowstill ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn without_a_command_the_help_is_shown_as_an_error() {
    let ran = Desk::new().flowstill("");
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(COMMANDS.iter().all(|command| ran.err.contains(command)), "{}", ran.all());
}
