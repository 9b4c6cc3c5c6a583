//! `flowstill results`, of a sweep that nobody ran.

use super::desk::Desk;
use super::sweep_page::made_up::Shape;

fn desk() -> Desk {
    let desk = Desk::new();
    Shape::small().write(&desk.path("runs/made_up"));
    desk
}

#[test]
fn tables_are_written_as_samples_are() {
    let desk = desk();
    // with folders that are not there yet, as `sample -o` does
    desk.flowstill("results runs/made_up --csv new/folder/a.csv --jsonl other/a.jsonl").well();
    let lines = |name: &str| String::from_utf8(desk.read(name)).expect("text").lines().count();
    assert_eq!((lines("new/folder/a.csv"), lines("other/a.jsonl")), (1 + 29, 29));
    for nowhere in ["runs", "runs/made_up/plan.json/a.csv"] {
        desk.flowstill(&format!("results runs/made_up --csv {nowhere}")).fails(1).says(&["cannot write runs"]);
    }
}

#[test]
fn baselines_meet_conditions_on_what_others_vary() {
    let desk = desk();
    let ran = desk.flowstill("results runs/made_up --filter teacher.layers=5 --columns baseline,teacher.layers").well();
    let rows: Vec<&str> = ran.out.lines().skip(1).map(str::trim).collect();
    assert_eq!(rows.len(), 11, "{}", ran.all());
    assert!(rows.iter().any(|row| row.starts_with("coupling") && row.ends_with('5')), "{}", ran.all());
}
