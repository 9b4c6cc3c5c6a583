//! Fills the templates of pages.

use super::distances::{DistanceRow, distances};
use super::figures::{figures, marginal_panels, present};
use super::metrics::{Metric, metrics};
use super::numbers::{duration, estimate};
use super::phases::{self, rows};
use super::speed_table::{SpeedTable, measured, speed_tables};
use super::verdict::{gains, headline, verdict};
use super::{Report, TestLikelihood};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;
use std::collections::BTreeMap;

/// What all pages share: the head, and the look in light, in dark and on paper; no rule holds a `<`.
const LAYOUT: &str = include_str!("layout.html");
const STYLE: &str = include_str!("style.css");

/// Everything the template shows, as text.
#[derive(Serialize)]
struct Page<'a> {
    title: &'a str,
    trained: &'a str,
    verdict: String,
    architecture: &'a [String],
    facts: Vec<(String, String)>,
    warnings: &'a [String],
    has_student: bool,
    known_density: bool,
    pictures: bool,
    dim: usize,
    /// SVG documents by name; each escapes what it writes
    figures: BTreeMap<&'static str, String>,
    phases: Vec<phases::Row>,
    marginals: Vec<String>,
    sources: Vec<&'static str>,
    likelihoods: Vec<Likelihood>,
    metrics: Vec<Metric>,
    quality_samples: Option<String>,
    /// number of rows compared, and the table
    distances: Option<(String, Vec<DistanceRow>)>,
    samplers: Vec<&'static str>,
    speed: Vec<SpeedTable>,
    speed_notes: &'a [String],
    gains: Option<String>,
    timings: Vec<(&'a str, String)>,
    config: &'a str,
    provenance: &'a [(String, String)],
}

#[derive(Serialize)]
struct Likelihood {
    role: &'static str,
    model: &'static str,
    data_space: String,
    standardised: String,
    bits: Option<String>,
}

/// The report as one HTML document: no script, no network, all pictures inside.
pub fn render(report: &Report) -> String {
    let likelihood = |role, model, likelihood: Option<TestLikelihood>| {
        likelihood.map(|likelihood| Likelihood {
            role,
            model,
            data_space: estimate(likelihood.data_space),
            standardised: estimate(likelihood.standardised),
            bits: likelihood.bits_per_dimension.map(estimate),
        })
    };
    let likelihoods = [
        likelihood("teacher", report.teacher_name(), report.teacher_likelihood),
        likelihood("student", "student", report.student_likelihood),
    ];
    let page = Page {
        title: &report.title,
        trained: &report.trained,
        verdict: verdict(report),
        architecture: &report.architecture,
        facts: headline(report).into_iter().chain(report.facts.iter().cloned()).collect(),
        warnings: &report.warnings,
        has_student: report.has_student(),
        known_density: report.known_density,
        pictures: report.pixels.is_some(),
        dim: report.samples.dim(),
        figures: figures(report).into_iter().map(|figure| (figure.name, figure.svg)).collect(),
        phases: rows(&report.phases),
        marginals: marginal_panels(report),
        sources: present(report).into_iter().map(|source| source.name()).collect(),
        likelihoods: likelihoods.into_iter().flatten().collect(),
        metrics: metrics(report),
        quality_samples: report.quality.as_ref().map(|quality| super::with_thousands(quality.samples)),
        distances: distances(report),
        samplers: measured(&report.speed).into_iter().map(|sampler| sampler.name).collect(),
        speed: speed_tables(&report.speed),
        speed_notes: &report.speed_notes,
        gains: gains(report),
        timings: report.timings.iter().map(|(stage, seconds)| (stage.as_str(), duration(*seconds))).collect(),
        config: &report.config,
        provenance: &report.provenance,
    };
    fill(include_str!("template.html"), page)
}

/// A page from a template that is part of the program, with every value escaped as HTML asks. The template fills the
/// blocks of `layout.html`, which has the look of all our pages and wants a `title`.
///
/// # Panics
/// If the template is wrong or asks for what `values` does not have: tests render each of ours full and empty.
pub fn fill(template: &'static str, values: impl Serialize) -> String {
    filled(template, values).expect("templates are part of the program, and tests render them full and empty")
}

fn filled(template: &str, values: impl Serialize) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).keep_trailing_newline(true).build()?);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_global("style", STYLE);
    environment.add_template("layout.html", LAYOUT)?;
    environment.render_str(template, Serde(values))
}
