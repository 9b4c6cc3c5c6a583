//! The page of a sweep as text; `tests/e2e` opens it in a browser.

use super::few::Few;
use super::made_up::{Shape, put};
use flowstill_sweep::report;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn page(dir: &Path) -> String {
    let path = report::write(dir).expect("a report").page;
    assert_eq!(path, dir.join("report.html"));
    fs::read_to_string(path).expect("text")
}

/// What the script draws from.
fn data(html: &str) -> Value {
    let start = "<script type=\"application/json\" id=\"data\">";
    let json = html.split_once(start).expect("data").1.split_once("</script>").expect("its end").0;
    serde_json::from_str(json).expect("JSON")
}

/// Nothing on the page makes a browser fetch anything.
fn assert_self_contained(html: &str) {
    let without_names = html.replace("http://www.w3.org/2000/svg", "");
    assert!(!without_names.contains("http://") && !without_names.contains("https://"), "an address");
    assert!(!html.contains(" src=") && !html.contains("@import") && !html.contains("fetch("));
    assert_eq!(html.matches("<link ").count(), html.matches("<link rel=\"icon\" href=\"data:,\">").count());
}

#[test]
fn the_page_says_what_came_of_the_sweep_without_any_script() {
    let folder = tempfile::tempdir().expect("a folder");
    Shape::small().write(folder.path());
    let html = page(folder.path());
    assert_self_contained(&html);
    for part in [
        "Of 87 cells, 78 are done, 5 stopped early, 3 failed, 1 not done yet.",
        "The best KL(p‖q) is",
        "What matters most for KL(p‖q) is",
        "<a href=\"cells&#x2f;000-grid-seed0&#x2f;report.html\">000-grid-seed0</a>",
        "small &amp; &quot;old&quot;",
        "the loss became NaN at step 1300",
        "# &lt;script&gt;alert(1)&lt;&#x2f;script&gt; &amp; &quot;quotes&quot;",
        "Speed and dimension",
        "grid: {teacher.layers: [2, 5, 10]}",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert_eq!(html.matches("<tbody data-group=").count(), 29);
    assert_eq!(html.matches("<tr class=\"single\"").count(), 87);
    assert!(!html.contains("007-grid-seed1&#x2f;report.html"), "a cell that failed has no report");
    assert!(!html.contains("alert(1)</script>"));
    let csv = fs::read_to_string(folder.path().join("results.csv")).expect("a table");
    assert_eq!(csv.lines().count(), 88);
}

#[test]
fn a_thousand_cells_stay_small() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = Shape::thousand().write(folder.path());
    let html = page(folder.path());
    assert!(plan.cells.len() > 1000 && html.len() < 10_000_000, "{} bytes", html.len());
    let data = data(&html);
    let curves = data["curves"]["student"].as_array().expect("curves");
    assert_eq!(curves.len(), plan.cells.len() - 1);
    // of 80 validations
    let points = curves[0]["measures"]["kl_forward"].as_array().expect("points");
    assert_eq!(points.len(), 60);
    assert!(points.iter().all(|point| point.to_string().trim_start_matches(['0', '.']).len() <= 5), "{points:?}");
    // cells with the same teacher share its curve
    assert_eq!(data["curves"]["teacher"].as_array().expect("curves").len(), 4 * 3 + 3);
}

#[test]
fn what_is_not_there_is_left_out() {
    let mut few = Few::new();
    few.planned("a", 2, 0).planned("b", 4, 0);
    let html = page(few.path());
    assert!(html.contains("Of 2 cells, 0 are done, 2 not done yet."));
    for absent in ["id=\"effects\"", "id=\"curves\"", "id=\"frontier\"", "id=\"best\"", "id=\"broken-off\""] {
        assert!(!html.contains(absent), "{absent}");
    }
    few.done("c", 8, 0, 0.5);
    let html = page(few.path());
    assert!(html.contains("The best KL(p‖q) is 0.50 ± 0.50 nats at teacher.layers = 8, student.hidden = [64,64]."));
    assert!(html.contains("id=\"effects\"") && !html.contains("id=\"frontier\""));
}

#[test]
fn the_verdict_tells_apart_only_what_can_be_told_apart() {
    let mut few = Few::new();
    let error = |value: f64, error: f64| json!({"metrics": {"kl_forward": {"value": value, "error": error}}});
    few.cell("a", 2, 0, error(0.10, 0.01)).cell("b", 4, 0, error(0.12, 0.01)).cell("c", 8, 0, error(0.20, 0.01));
    // 0.02 is less, and 0.1 more, than two standard errors of the difference, 0.028
    assert!(page(few.path()).contains("; one other setting is not told apart from it."));
}

#[test]
fn a_damaged_history_costs_its_curve_alone() {
    let mut few = Few::new();
    few.done("a", 2, 0, 0.5).done("b", 4, 0, 0.25);
    put(&few.path().join("cells/b/student.json"), student(&[(10, 2.0), (20, 1.0)]));
    fs::write(few.path().join("cells/a/student.json"), "{").expect("a file");
    let written = report::write(few.path()).expect("a report");
    assert!(matches!(&written.unread[..], [one] if one.contains("cells/a/student.json: EOF")), "{:?}", written.unread);
    let html = fs::read_to_string(written.page).expect("a report");
    assert!(html.contains("a learning curve is missing in the report: cannot read"));
    assert_eq!(data(&html)["curves"]["student"].as_array().map(Vec::len), Some(1));
}

/// What a training left to tell, of which one thing was measured.
fn student(curve: &[(u64, f64)]) -> Value {
    let history = curve.iter().map(|(step, value)| {
        json!({
            "step": step, "terms": [], "validation": 3.0 * value, "measures": [value], "rate": 1e-3, "gradient_norm": 1.0,
            "best": true
        })
    });
    json!({
        "key": "", "steps": 20, "best_step": 20, "best_validation": 1.0, "ended": "", "seconds": 1.0, "resumed_at": 0,
        "terms": [], "measures": ["kl_forward"], "history": history.collect::<Vec<_>>()
    })
}

#[test]
fn students_that_were_ended_early_show_what_they_were_judged_by() {
    for (metric, scale) in [("kl_forward", 1.0), ("validation", 3.0)] {
        let mut few = Few::new();
        few.stopped_by(metric).done("a", 2, 0, 0.5);
        few.cell("b", 4, 0, json!({"state": "stopped", "stage": "student", "reason": "others did better"}));
        put(&few.path().join("cells/a/student.json"), student(&[(10, 2.0), (20, 1.0)]));
        fs::create_dir_all(few.path().join("curves")).expect("a folder");
        fs::write(few.path().join(format!("curves/student-b.{metric}.txt")), "(10 8.5)\n").expect("a file");
        let data = data(&page(few.path()));
        let curves = data["curves"]["student"].as_array().expect("curves");
        let values = |index: usize| curves[index]["measures"][metric].clone();
        assert_eq!(curves.len(), 2, "{curves:?}");
        assert_eq!((values(0), values(1)), (json!([2.0 * scale, scale]), json!([8.5])));
    }
}

#[test]
fn captions_tell_of_baselines_where_there_are_any() {
    let mut few = Few::new();
    few.done("a", 2, 0, 0.5).done("b", 4, 0, 0.25);
    assert!(!page(few.path()).contains("Diamonds are"));
    few.baseline("small");
    assert!(page(few.path()).contains("Diamonds are baselines"));
}

#[test]
fn teachers_alone_are_judged_by_their_likelihood() {
    let mut few = Few::new();
    few.alone("a", 2, 0, -1.5).alone("b", 2, 1, -1.7).alone("c", 4, 0, -0.5).alone("d", 4, 1, -0.4);
    put(&few.path().join("cells/a/teacher.json"), student(&[(10, 2.0), (20, 1.0)]));
    let html = page(few.path());
    for part in [
        "All 4 cells are done.",
        "The best teacher log-likelihood is −0.450 ± 0.071 nats at teacher.layers = 4; no other setting comes as close.",
        "What matters most for teacher log-likelihood is teacher.layers",
        "from −1.6 at 2 to −0.45 at 4",
        "Teachers by the negative log-likelihood",
        "By teacher log-likelihood",
        "data-column=\"teacher_parameters\"",
        "evaluation</th>",
    ] {
        assert!(html.contains(part), "{part}");
    }
    // the script is the same for every page
    let words = html.split("<script type=").next().expect("a page");
    for absent in
        ["the student", "Students", "KL(", "kl_forward", "id=\"frontier\"", "student</th>", "id=\"curves-student"]
    {
        assert!(!words.contains(absent), "{absent}");
    }
    let data = data(&html);
    assert_eq!((&data["metric"], &data["colour_key"]), (&json!("teacher_log_likelihood"), &json!("teacher.layers")));
    assert_eq!((&data["curves"]["student"], data["curves"]["teacher"].as_array().map(Vec::len)), (&json!([]), Some(1)));
    let better = data["columns"].as_array().expect("columns").iter().find(|c| c["name"] == "teacher_log_likelihood");
    assert_eq!(better.expect("a column")["better"], "more");
}

#[test]
fn a_sweep_is_judged_by_what_its_own_cells_have() {
    let judged = |few: &Few| data(&page(few.path()))["metric"].clone();
    let mut mixed = Few::new();
    mixed.alone("a", 2, 0, -1.5).done("b", 4, 0, 0.5);
    assert_eq!(judged(&mixed), "kl_forward");
    assert!(page(mixed.path()).contains("q the student"));
    // a baseline with a student tells no teacher from another
    let mut beside = Few::new();
    beside.alone("a", 2, 0, -1.5).alone("b", 4, 0, -0.5).done_baseline("c", 0.5);
    assert_eq!(judged(&beside), "teacher_log_likelihood");
}

#[test]
fn a_teacher_that_was_ended_early_shows_how_far_it_came() {
    let mut few = Few::new();
    few.stopped_by("validation").alone("a", 2, 0, -1.5).alone("b", 4, 0, -0.5);
    put(&few.path().join("cells/a/teacher.json"), student(&[(10, 2.0), (20, 1.0)]));
    fs::create_dir_all(few.path().join("curves")).expect("a folder");
    fs::write(few.path().join("curves/teacher-b.validation.txt"), "(10 8.5)\n").expect("a file");
    let data = data(&page(few.path()));
    let curves = data["curves"]["teacher"].as_array().expect("curves");
    let values: Vec<_> = curves.iter().map(|curve| curve["measures"]["validation"].clone()).collect();
    assert_eq!(values, [json!([6.0, 3.0]), json!([8.5])]);
}
