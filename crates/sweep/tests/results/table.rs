//! Reading, grouping, filtering, sorting and exporting.

use super::few::Few;
use super::made_up::Shape;
use flowstill_sweep::results::{Column, Filter, ResultsError, Sort, Spread, State, Table, Value};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::fs;

fn read(few: &Few) -> Table {
    Table::read(few.path(), &BTreeSet::new()).expect("a table")
}

/// Two settings with three and two seeds, one of each not done.
fn two_settings() -> Few {
    let mut few = Few::new();
    few.done("a0", 2, 0, 1.0).done("a1", 2, 1, 4.0);
    few.cell("a2", 2, 2, json!({"state": "failed", "stage": "student", "reason": "the loss became NaN"}));
    few.done("b0", 10, 0, 2.0).planned("b1", 10, 1);
    few
}

fn texts(table: &Table, column: &str) -> Vec<String> {
    let one = table.select([column]).expect("a column");
    one.rows().iter().map(|row| one.texts(row, one.columns()).remove(0)).collect()
}

fn filtered(table: &Table, filter: &str) -> Result<Table, ResultsError> {
    table.filter(&Filter::read_all(filter)?)
}

#[test]
fn a_cell_is_what_its_result_says_and_pending_without_one() {
    let table = read(&two_settings());
    assert_eq!(texts(&table, "state"), ["done", "done", "failed", "done", "pending"]);
    assert_eq!(texts(&table, "kl_forward"), ["1.00 ± 0.50", "4.00 ± 0.50", "", "2.00 ± 0.50", ""]);
    assert_eq!(texts(&table, "reason"), ["", "", "the loss became NaN", "", ""]);
    let running = BTreeSet::from(["a0".to_owned(), "b1".to_owned()]);
    let table = Table::read(two_settings().path(), &running).expect("a table");
    assert_eq!(texts(&table, "state"), ["done", "done", "failed", "done", "running"]);
}

#[test]
fn a_result_of_another_plan_is_none() {
    let mut few = Few::new();
    few.cell("a0", 2, 0, json!({"key": "of last week", "metrics": {"kl_forward": {"value": 1.0}}}));
    let table = read(&few);
    assert_eq!(texts(&table, "state"), ["pending"]);
    assert!(table.select(["kl_forward"]).is_err(), "numbers of another plan");
}

#[test]
fn over_seeds_the_mean_is_of_the_cells_that_were_done_and_the_spread_over_one_less() {
    let table = read(&two_settings()).over_seeds();
    assert_eq!(table.spread, Spread::Seeds);
    assert_eq!(texts(&table, "state"), ["2 done, 1 failed", "1 done, 1 pending"]);
    assert_eq!(texts(&table, "seeds"), ["2", "1"]);
    assert_eq!(texts(&table, "seed"), ["[0,1,2]", "[0,1]"]);
    let kl = Column::Metric("kl_forward".into());
    let numbers: Vec<Value> = table.rows().iter().map(|row| table.value(row, &kl)).collect();
    let [Value::Measured(first), Value::Measured(second)] = &numbers[..] else { panic!("{numbers:?}") };
    // 1 and 4: the mean is 2.5 and the variance 4.5, over n it would be 2.25
    assert_eq!((first.value, first.error), (2.5, Some(4.5f64.sqrt())));
    // the spread of one seed is not known, and its standard error is another thing
    assert_eq!((second.value, second.error), (2.0, None));
}

#[test]
fn settings_with_one_seed_each_keep_the_error_of_the_measurement() {
    let mut few = Few::new();
    few.done("a", 2, 0, 1.0).done("b", 4, 0, 2.0);
    let table = read(&few).over_seeds();
    assert_eq!(table.spread, Spread::Measurement);
    assert_eq!(texts(&table, "kl_forward"), ["1.00 ± 0.50", "2.00 ± 0.50"]);
}

#[test]
fn baselines_are_no_seeds_of_a_setting_that_looks_the_same() {
    let mut few = Few::new();
    few.done("a", 2, 0, 1.0).done("b", 2, 1, 2.0);
    let path = few.path().join("plan.json");
    let mut plan: Json = serde_json::from_slice(&fs::read(&path).expect("a plan")).expect("JSON");
    plan["cells"][1]["baseline"] = json!("old");
    super::made_up::put(&path, plan);
    let table = read(&few).over_seeds();
    assert_eq!(texts(&table, "baseline"), ["", "old"]);
}

#[test]
fn baselines_have_what_others_vary_and_others_what_baselines_set() {
    let mut few = Few::new();
    few.done("a", 2, 0, 1.0).done("b", 10, 0, 2.0).baseline("plain");
    let table = read(&few);
    assert_eq!(texts(&table, "teacher.layers"), ["2", "10", "5"]);
    assert_eq!(texts(&table, "student.hidden"), ["[64,64]", "[64,64]", "[8]"]);
    let rows = |filter| texts(&filtered(&table, filter).expect(filter), "cell");
    assert_eq!(rows("teacher.layers<=5"), ["a", "plain"]);
    assert_eq!(rows("student.hidden=[8]"), ["plain"]);
    assert_eq!(texts(&table.sort(&Sort::read_all("teacher.layers")).expect("a column"), "cell"), ["a", "plain", "b"]);
    let mut csv = Vec::new();
    let table = table.select(["cell", "baseline", "teacher.layers"]).expect("columns");
    table.to_csv(&mut csv).expect("memory");
    assert!(String::from_utf8(csv).expect("text").ends_with("plain,plain,5\n"));
}

#[test]
fn filters_ask_for_numbers_of_rows_and_for_states_of_any_of_their_cells() {
    let each = read(&two_settings());
    let rows = |table: &Table, filter| texts(&filtered(table, filter).expect(filter), "cell");
    assert_eq!(rows(&each, "kl_forward<=2"), ["a0", "b0"]);
    assert_eq!(rows(&each, "teacher.layers=10 and state=done"), ["b0"]);
    assert_eq!(rows(&each, "student.hidden=[64, 64] and seed!=0"), ["a1", "a2", "b1"]);
    assert_eq!(rows(&each, "kl_forward!=1"), ["a1", "a2", "b0", "b1"], "what is missing is not 1");
    let over_seeds = each.over_seeds();
    assert_eq!(rows(&over_seeds, "state=failed"), ["[\"a0\",\"a1\",\"a2\"]"]);
    assert_eq!(rows(&over_seeds, "kl_forward<2.2"), ["[\"b0\",\"b1\"]"], "one lucky seed of a has 1");
    assert_eq!(rows(&over_seeds, "seed=2 and teacher.layers>2"), [""; 0]);
}

#[test]
fn an_unknown_column_is_named_with_the_nearest_one() {
    let table = read(&two_settings());
    let said = |result: Result<Table, ResultsError>| result.expect_err("no such column").to_string();
    let near = "unknown column `kl_foward`; did you mean `kl_forward`? columns: cell, state, seed, teacher.layers";
    assert!(said(filtered(&table, "kl_foward<1")).starts_with(near), "{}", said(filtered(&table, "kl_foward<1")));
    assert!(said(table.sort(&Sort::read_all("-kl_foward"))).contains("did you mean `kl_forward`?"));
    assert!(said(table.select(["xyz"])).starts_with("unknown column `xyz`; columns: cell"));
}

#[test]
fn what_is_missing_comes_last_in_both_directions() {
    let table = read(&two_settings());
    let order = |sort| texts(&table.sort(&Sort::read_all(sort)).expect(sort), "cell");
    assert_eq!(order("kl_forward"), ["a0", "b0", "a1", "a2", "b1"]);
    assert_eq!(order("-kl_forward"), ["a1", "b0", "a0", "a2", "b1"]);
    assert_eq!(order("-teacher.layers, -seed"), ["b1", "b0", "a2", "a1", "a0"]);
}

#[test]
fn damaged_files_are_one_clear_sentence_each() {
    let few = two_settings();
    let path = few.path().join("cells/a1/result.json");
    let said = || Table::read(few.path(), &BTreeSet::new()).expect_err("damage").to_string();
    fs::write(&path, "{\"format_version\": 1, \"ce").expect("a file");
    let sentence = said();
    assert!(sentence.starts_with(&format!("cannot read {}: EOF while parsing", path.display())), "{sentence}");
    assert!(sentence.ends_with("; delete it and run the sweep again, which makes it anew"), "{sentence}");
    fs::remove_file(&path).expect("a file");
    fs::write(few.path().join("plan.json"), "[]").expect("a file");
    assert!(said().contains("plan.json: "));
    let nowhere = few.path().join("nowhere");
    let error = Table::read(&nowhere, &BTreeSet::new()).expect_err("nothing");
    assert!(error.to_string().contains("nowhere holds no sweep: there is no plan.json"), "{error}");
    assert_eq!(error.exit_code(), 2);
}

#[test]
fn csv_has_numbers_as_numbers_and_lists_as_text() {
    let mut csv = Vec::new();
    let table = read(&two_settings()).select(["cell", "student.hidden", "kl_forward", "reason"]).expect("columns");
    table.to_csv(&mut csv).expect("memory");
    let mut lines = std::str::from_utf8(&csv).expect("text").lines();
    assert_eq!(lines.next(), Some("cell,student.hidden,kl_forward,kl_forward_se,reason"));
    assert_eq!(lines.next(), Some("a0,\"[64,64]\",1.0,0.5,"));
    assert_eq!(lines.nth(1), Some("a2,\"[64,64]\",,,the loss became NaN"));
    let mut csv = Vec::new();
    table.over_seeds().select(["teacher.layers", "kl_forward"]).expect("columns").to_csv(&mut csv).expect("memory");
    assert_eq!(
        String::from_utf8(csv).expect("text"),
        "teacher.layers,kl_forward,kl_forward_sd\n2,2.5,2.1213203435596424\n10,2.0,\n"
    );
}

#[test]
fn every_json_line_has_the_same_fields_in_the_order_of_the_columns() {
    let mut lines = Vec::new();
    let table = read(&two_settings()).select(["seed", "kl_forward", "cell"]).expect("columns");
    table.to_json_lines(&mut lines).expect("memory");
    let text = String::from_utf8(lines).expect("text");
    let expected = [
        "{\"seed\":0,\"kl_forward\":1.0,\"kl_forward_se\":0.5,\"cell\":\"a0\"}",
        "{\"seed\":1,\"kl_forward\":4.0,\"kl_forward_se\":0.5,\"cell\":\"a1\"}",
    ];
    assert_eq!(text.lines().take(2).collect::<Vec<_>>(), expected);
    assert_eq!(text.lines().nth(2), Some("{\"seed\":2,\"kl_forward\":null,\"kl_forward_se\":null,\"cell\":\"a2\"}"));
    assert_eq!(text.lines().count(), 5);
}

#[test]
fn a_sweep_of_many_cells_is_read_whole_and_its_overview_is_short() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = Shape::small().write(folder.path());
    let table = Table::read(folder.path(), &BTreeSet::new()).expect("a table");
    assert_eq!(table.rows().len(), plan.cells.len());
    let over_seeds = table.over_seeds();
    assert_eq!(over_seeds.rows().len(), 29);
    let names = |columns: Vec<Column>| columns.iter().map(Column::to_string).collect::<Vec<_>>();
    let settings = ["student.objective", "teacher.layers", "data.dim", "student.model"];
    let numbers = [
        "kl_forward",
        "kl_reverse",
        "ess_reverse",
        "student_log_likelihood",
        "teacher_log_likelihood",
        "speed.student.10000",
    ];
    assert_eq!(names(over_seeds.overview()), [&["state", "seeds", "baseline"][..], &settings, &numbers].concat());
    let failed = filtered(&table, "state=failed").expect("a filter");
    assert!(failed.rows().iter().all(|row| failed.cells(row).all(|cell| cell.state() == State::Failed)));
    assert_eq!(failed.rows().len(), 3);
}
