//! The report in a real browser: no message on its console, no request to anywhere, everything there.

use super::desk::Desk;
use super::experiment::{csv, on_file};
use super::finished::finished;
use super::outside;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// What a browser made of a page.
pub struct Seen {
    /// the document after all scripts have run
    pub dom: String,
    /// messages on the console, errors among them
    pub console: Vec<String>,
    /// addresses of the network that it asked for
    pub requests: Vec<String>,
    /// size of the picture of the page, in bytes
    picture: u64,
}

/// Opens a page without a window and takes a picture of it.
pub fn open(chromium: &Path, page: &Path) -> Seen {
    open_at(chromium, page, (1200, 2400))
}

/// The same in a window of so many pixels from left to right, or as few as the browser allows, and from top to bottom.
pub fn open_at(chromium: &Path, page: &Path, (width, height): (u32, u32)) -> Seen {
    let desk = Desk::new();
    let option = |name: &str, path: &str| format!("--{name}={}", desk.path(path).display());
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic"])
        .args(["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--disable-extensions", "--disable-default-apps", "--host-resolver-rules=MAP * ~NOTFOUND"])
        .args([option("user-data-dir", "profile"), option("screenshot", "page.png"), option("log-net-log", "net.json")])
        .args(["--enable-logging=stderr", "--v=0", "--dump-dom"])
        .arg(format!("--window-size={width},{height}"))
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("the browser starts");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the browser failed:\n{log}");
    Seen {
        dom: String::from_utf8_lossy(&output.stdout).into_owned(),
        console: log.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect(),
        requests: addresses(&desk.read("net.json")),
        picture: std::fs::metadata(desk.path("page.png")).map_or(0, |picture| picture.len()),
    }
}

/// Addresses of the network that the page asked for, from the browser's own log. What the browser asks for on its own
/// account has no page as its initiator, and reaches nobody: no name can be resolved.
fn addresses(log: &[u8]) -> Vec<String> {
    let log: Value = serde_json::from_slice(log).expect("the log of the network is JSON");
    let events = log["events"].as_array().expect("the log of the network has events").iter();
    let asked = events
        .map(|event| &event["params"])
        .filter(|params| params["initiator"].as_str().is_some_and(|initiator| initiator != "not an origin"));
    let urls = asked.filter_map(|params| params["url"].as_str());
    urls.filter(|url| url.starts_with("http") || url.starts_with("ws")).map(str::to_owned).collect()
}

#[test]
fn the_report_opens_without_a_word_on_the_console() {
    let Some(chromium) = outside::chromium() else { return };
    let seen = open(&chromium, &finished().path("report.html"));
    assert_eq!(seen.console, [""; 0]);
    assert_eq!(seen.requests, [""; 0]);
    for heading in ["Learning curves", "Samples", "Densities", "Quality", "Speed", "Configuration", "Provenance"] {
        let id = heading.to_lowercase().replace("learning ", "");
        let html = format!("<h2 id=\"{id}\">{heading}</h2>");
        assert!(seen.dom.contains(&html), "`{html}` is missing in the document");
    }
    assert!(!seen.dom.contains("class=\"missing\""), "a part of the report has nothing to show");
    assert!(seen.dom.matches("<svg").count() >= 8, "figures are missing");
    assert!(seen.picture > 20_000, "the picture of the page has {} bytes", seen.picture);
}

#[test]
fn names_of_columns_are_text_and_nothing_else() {
    let Some(chromium) = outside::chromium() else { return };
    let desk = Desk::with("a.yaml", on_file("rows.csv"));
    let columns = ["<script>throw 1</script>", "\"a&b\" <i>", "höhe µm"];
    let quoted = columns.map(|name| format!("\"{}\"", name.replace('"', "\"\"")));
    desk.write("rows.csv", csv(&quoted.each_ref().map(String::as_str), 300));
    desk.flowstill("run a.yaml -q").well();
    let seen = open(&chromium, &desk.path("runs/a/report.html"));
    assert_eq!((seen.console, seen.requests), (Vec::new(), Vec::new()));
    assert!(seen.dom.contains("&lt;script&gt;throw 1&lt;/script&gt;") && seen.dom.contains("höhe µm"));
    assert!(!seen.dom.contains("<script"), "a name became a script");
    for (path, svg) in super::desk::files_below(&desk.path("runs/a/figures")) {
        assert!(!String::from_utf8_lossy(&svg).contains("<script"), "{}: a name became a script", path.display());
    }
}

#[test]
fn a_page_with_faults_is_noticed() {
    let Some(chromium) = outside::chromium() else { return };
    let page = "<!DOCTYPE html><h2>x</h2><img src=\"http://example.org/a.png\"><script>undefined_name()</script>";
    let desk = Desk::with("page.html", page);
    let seen = open(&chromium, &desk.path("page.html"));
    assert!(seen.console.iter().any(|line| line.contains("undefined_name")), "{:?}", seen.console);
    assert!(seen.requests.iter().any(|url| url.starts_with("http://example.org/")), "{:?}", seen.requests);
}
