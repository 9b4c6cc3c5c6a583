//! The report of a sweep in a real browser: it sorts, filters, names and pins as it says.

#[path = "../../crates/sweep/tests/results/made_up.rs"]
pub mod made_up;

use super::browser::{Seen, open_at};
use super::desk::Desk;
use super::outside;
use flowstill_sweep::report;
use flowstill_sweep::results::{Filter, Table};
use made_up::Shape;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Conditions that the page and `flowstill results` must understand alike.
const FILTERS: [&str; 12] = [
    "kl_forward<0.02",
    "kl_forward >= 2e-2 and ess_reverse>0.9",
    "teacher.layers=10",
    "teacher.layers!=10",
    "teacher.layers<=5.0 and student.objective=auto",
    "student.objective=aut",
    "state=failed",
    "state!=done",
    "seed=2 and state=stopped",
    "baseline=coupling",
    "cell=007-grid-seed1",
    "speed.student.10000>300000",
];

/// Higher than any page: until a page has loaded, the browser tells it nothing of what comes into view.
const HEIGHT: u32 = 14_000;

/// What the reader of `sweep_page.js` found on a page.
fn found(seen: &Seen) -> Value {
    let text =
        seen.dom.split_once("<pre id=\"found\">").unwrap_or_else(|| panic!("stopped on the way: {:?}", seen.console)).1;
    let text = text.split_once("</pre>").expect("its end").0;
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&text).expect("JSON")
}

/// A copy of the report with a reader in it.
fn with_reader(report: &Path) -> PathBuf {
    let html = std::fs::read_to_string(report).expect("a report");
    let reader = format!("<script>const FILTERS = {};\n{}</script>", json!(FILTERS), include_str!("sweep_page.js"));
    let page = report.with_file_name("read.html");
    std::fs::write(&page, html.replace("</body>", &(reader + "</body>"))).expect("a page");
    page
}

/// The numbers in front of ±; what is missing is a dash.
fn numbers(texts: &Value) -> Vec<Option<f64>> {
    let texts = texts.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text"));
    texts.map(|text| text.split(' ').next()?.parse().ok()).collect()
}

#[test]
fn the_page_sorts_filters_names_and_pins() {
    let Some(chromium) = outside::chromium() else { return };
    let desk = Desk::new();
    Shape::small().write(&desk.path(""));
    let report = report::write(&desk.path("")).expect("a report");
    let seen = open_at(&chromium, &with_reader(&report), (1200, HEIGHT));
    assert_eq!((&seen.console, &seen.requests), (&Vec::new(), &Vec::new()));
    let found = found(&seen);

    let first = numbers(&found["first"]);
    assert_eq!(first.len(), 25, "rows of a page");
    assert!(first.is_sorted_by(|a, b| a <= b) && first[0].is_some(), "{first:?}");
    let falling = numbers(&found["falling"]);
    assert!(falling.is_sorted_by(|a, b| a >= b) && falling[0] > first[24], "{falling:?}");
    let layers = numbers(&found["layers"]);
    assert_eq!((layers[0], layers[9], layers[24]), (Some(2.0), Some(5.0), Some(10.0)), "10 is more than 5");
    assert_eq!(found["all"], 29);

    let table = Table::read(&desk.path(""), &BTreeSet::new()).expect("a table").over_seeds();
    let count = |filter: &str| table.filter(&Filter::read_all(filter).expect(filter)).expect(filter).rows().len();
    let counts = FILTERS.map(count);
    assert_eq!(found["counts"], json!(counts), "{FILTERS:?}");
    assert!(counts.iter().filter(|count| (1..29).contains(*count)).count() >= 10, "{counts:?}");
    assert_eq!(found["wrong"], "unknown column “kl_foward”");
    assert_eq!(found["kept"], found["counts"][11], "a mistake leaves the rows as they were");

    assert_eq!(found["opened"], json!(["true", true]));
    assert_eq!(found["pinned"], json!([1, 1]));
    for named in ["hover", "arrow", "curve"] {
        let said = found[named].as_str().expect("a text");
        assert!(said.contains("-seed") && said.contains("teacher.layers = "), "{named}: {said}");
    }
    assert_eq!(found["away"], "");
    // one of three values of the key, of all cells but baselines that are done
    assert!(found["dots"] == 73 && (40..60).contains(&found["fewer"].as_u64().expect("a count")), "{found}");
    // of two baselines with three seeds, of which one is not done; both have the layers of their experiment
    assert_eq!(found["diamonds"], 5);
    let charts = found["charts"].as_object().expect("charts");
    assert!(charts.len() == 7 && charts.values().all(|paths| paths.as_u64() > Some(5)), "{charts:?}");
    assert_eq!(found["numbers"], true, "a place that is no number");
    assert_ne!(found["copy"], "copy the YAML");
}

#[test]
fn no_screen_is_too_narrow_and_no_text_becomes_a_script() {
    let Some(chromium) = outside::chromium() else { return };
    let desk = Desk::new();
    Shape { seeds: 2, baselines: vec!["</script><script>throw 1</script>"], ..Shape::small() }.write(&desk.path(""));
    let report = report::write(&desk.path("")).expect("a report");
    for width in [390, 1200, 1600] {
        let seen = open_at(&chromium, &with_reader(&report), (width, HEIGHT));
        assert_eq!((&seen.console, &seen.requests), (&Vec::new(), &Vec::new()));
        let found = found(&seen);
        let wider = found["wide"].as_i64();
        assert!(wider <= Some(0), "at {width} pixels, {wider:?} more are needed");
        let cut = found["cut"].as_f64().expect("captions");
        assert!(cut <= 0.0, "at {width} pixels, a caption is cut off by {cut}");
    }
}

#[test]
fn a_thousand_cells_open() {
    let Some(chromium) = outside::chromium() else { return };
    let desk = Desk::new();
    Shape::thousand().write(&desk.path(""));
    let report = report::write(&desk.path("")).expect("a report");
    let seen = open_at(&chromium, &with_reader(&report), (1200, HEIGHT));
    assert_eq!((&seen.console, &seen.requests), (&Vec::new(), &Vec::new()));
    let found = found(&seen);
    assert_eq!((&found["first"].as_array().map(Vec::len), &found["all"]), (&Some(25), &json!(338)));
    let charts = found["charts"].as_object().expect("charts");
    assert_eq!(charts.len(), 7);
    assert!(charts.values().all(|paths| paths.as_u64() > Some(5)), "{charts:?}");
    assert!(charts["Learning curves of the students"].as_u64() > Some(1000), "{charts:?}");
}
