//! Which figures a report has.

use super::Report;
use crate::figure::{self, Picture, Source};

/// Coordinates that a pair plot can show legibly.
const MOST_PAIRED: usize = 5;
/// Coordinates whose marginals are shown.
const MOST_MARGINALS: usize = 16;

/// One figure: a file stem such as `teacher-nll`, and the SVG document.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub name: &'static str,
    pub svg: String,
}

/// All figures for which the report has numbers.
pub fn figures(report: &Report) -> Vec<Figure> {
    let samples = &report.samples;
    let per_dim = report.quality.as_ref().map(|quality| quality.kl_forward_per_dim);
    let columns = samples.columns.iter().map(String::as_str).collect::<Vec<_>>();
    let plane = match columns[..] {
        [x, y] => figure::densities(&report.densities, (x, y)),
        _ => None,
    };
    let joint = match samples.dim() {
        0 | 1 => None,
        2 => figure::scatter(samples, (0, 1)),
        _ => figure::pairs(samples, &most_different(report, MOST_PAIRED)),
    };
    let drawn = [
        ("teacher-nll", figure::teacher_nll(&report.curves)),
        ("student-kl", figure::student_kl(&report.curves)),
        ("student-ess", figure::student_ess(&report.curves)),
        ("student-entropies", figure::student_entropies(&report.curves)),
        ("pictures", report.pixels.as_ref().and_then(|pixels| figure::pictures(samples, pixels))),
        ("marginals", figure::marginals(samples, &most_different(report, MOST_MARGINALS))),
        ("pairs", joint),
        ("densities", plane),
        ("mode-shares", report.quality.as_ref().and_then(|q| figure::mode_shares(q.modes.as_ref()?))),
        ("cell-coverage", report.quality.as_ref().and_then(|q| figure::cell_ratios(q.cell_coverage.as_ref()?))),
        ("log-weights", figure::log_weights(&report.log_weights)),
        ("quality-speed", figure::quality_speed(&report.speed, per_dim)),
        ("latency", figure::latency(&report.speed)),
    ];
    drawn.into_iter().filter_map(|(name, svg)| Some(Figure { name, svg: svg? })).collect()
}

/// Pictures of data, teacher and student in one PNG, where rows are pictures.
pub fn picture_squares(report: &Report) -> Option<Picture> {
    let samples = Source::ALL.map(|source| report.samples.rows(source));
    figure::picture_squares(&samples, report.pixels.as_ref()?)
}

/// One small figure for each coordinate that `marginals` shows.
pub fn marginal_panels(report: &Report) -> Vec<String> {
    let columns = most_different(report, MOST_MARGINALS);
    columns.into_iter().filter_map(|column| figure::marginal(&report.samples, column)).collect()
}

/// Which sources the samples have.
pub fn present(report: &Report) -> Vec<Source> {
    Source::ALL.into_iter().filter(|source| !report.samples.rows(*source).is_empty()).collect()
}

/// At most `most` coordinates with finite values, in their order: those whose marginals differ most between teacher and
/// student where that was measured, the first ones otherwise.
fn most_different(report: &Report, most: usize) -> Vec<usize> {
    let samples = &report.samples;
    let mut columns: Vec<usize> = (0..samples.dim()).filter(|&column| samples.range(column).is_some()).collect();
    if let Some(quality) = &report.quality {
        let distance = |column: usize| quality.marginal_ks.get(column).copied().unwrap_or(0.0);
        columns.sort_by(|&a, &b| distance(b).total_cmp(&distance(a)));
    }
    columns.truncate(most);
    columns.sort_unstable();
    columns
}
