//! Renders a full report from made-up numbers, and reports in which parts are missing.

use super::example::{around, full};
use super::*;

/// Checks that tags nest and attributes are quoted, by a small scan of the document.
fn assert_well_formed(html: &str) {
    const VOID: [&str; 2] = ["meta", "link"];
    let mut open: Vec<&str> = Vec::new();
    let body = html.trim_start().strip_prefix("<!DOCTYPE html>").expect("a document type");
    let (before, rest) = body.split_once("<style>").expect("a style sheet");
    let after = rest.split_once("</style>").expect("its end").1;
    for part in [before, after] {
        for piece in part.split('<').skip(1) {
            let (tag, text) = piece.split_once('>').unwrap_or_else(|| panic!("tag without end: {piece:.80}"));
            assert!(!text.contains('>'), "a bare > after <{tag:.80}>");
            assert!(tag.matches('"').count() % 2 == 0, "quotes of <{tag:.80}>");
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name), "closing tag");
                continue;
            }
            let name = tag.split([' ', '\n', '/']).next().expect("split gives one piece");
            if !tag.ends_with('/') && !VOID.contains(&name) {
                open.push(name);
            }
        }
        for entity in part.split('&').skip(1) {
            let name = entity.split(';').next().expect("split gives one piece");
            assert!(["lt", "gt", "amp", "quot", "apos", "#x27", "#x2f"].contains(&name), "entity &{name:.20}");
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
}

/// Nothing on the page makes a browser fetch anything.
fn assert_self_contained(html: &str) {
    let without_names = html.replace("http://www.w3.org/2000/svg", "");
    assert!(!without_names.contains("http"), "an address");
    assert!(!html.contains("<script"), "a script");
    for attribute in ["src=\"", "href=\""] {
        for value in html.split(attribute).skip(1) {
            assert!(value.starts_with("data:"), "{attribute}{value:.40}");
        }
    }
    assert!(!html.contains("url(") && !html.contains("@import"));
}

#[test]
fn a_full_report_is_well_formed_escaped_and_self_contained() {
    for dim in [1, 2, 9] {
        let html = render(&full(dim));
        assert_well_formed(&html);
        assert_self_contained(&html);
        assert!(html.contains("example &lt;made-up &amp; &quot;quoted&quot;&gt;"));
        assert!(html.contains("&lt;script&gt;alert(1)"));
        assert!(html.contains("0.361 ± 0.012") && html.contains("In batches of 10\u{202f}000, on 2 threads"));
        assert!(!html.contains("class=\"missing\""), "nothing is missing at dim {dim}");
        assert!(html.contains("Phases of the distillation") && html.contains("a gradient of &lt;less&gt; noise"));
        assert_eq!(html.matches("Upright lines stand where phases begin.</figcaption>").count(), 3);
    }
}

#[test]
fn a_report_without_a_student_says_so() {
    let mut report = full(2);
    report.quality = None;
    report.log_weights = LogWeights::default();
    report.student_likelihood = None;
    report.samples.student.clear();
    report.densities.student = None;
    report.speed.clear();
    let curves = std::mem::take(&mut report.curves);
    report.curves = Curves { teacher_training: curves.teacher_training, ..Curves::default() };
    report.phases.clear();
    let html = render(&report);
    assert_well_formed(&html);
    for sentence in
        ["There is no student yet", "Student and teacher have not been compared", "Speed has not been measured"]
    {
        assert!(html.contains(sentence), "{sentence}");
    }
    assert!(html.contains("On test rows the teacher reaches 0.361 ± 0.012 nats."));
}

#[test]
fn a_known_density_in_the_place_of_the_teacher_has_no_curves_no_samplers_and_its_own_name() {
    let mut report = full(9);
    report.known_density = true;
    (report.curves.teacher_training, report.curves.teacher_validation) = (Vec::new(), Vec::new());
    report.samples.teacher.clear();
    report.speed.retain(|row| row.op == "student");
    let html = render(&report);
    assert_well_formed(&html);
    for part in [
        "On test rows the known density reaches 0.361 ± 0.012 nats, the student",
        "known density, test log-likelihood",
        "class=\"teacher-ink\">known density",
        "The data are draws from the known density.",
        "50 % and 90 % of the student's samples",
    ] {
        assert!(html.replace("&#x27;", "'").contains(part), "{part}");
    }
    for part in ["student ÷", "divide the student", "teacher, naive", "class=\"missing\"", "<span class=\"teacher\">"]
    {
        assert!(!html.contains(part), "{part}");
    }
    let names: Vec<_> = figures(&report).into_iter().map(|figure| figure.name).collect();
    assert!(!names.contains(&"teacher-nll") && !names.contains(&"quality-speed") && names.contains(&"latency"));
}

#[test]
fn an_empty_report_is_a_page_still() {
    let html = render(&Report { title: "empty".into(), ..Report::default() });
    assert_well_formed(&html);
    assert!(html.contains("No results have been measured yet."));
    assert!(html.contains("No learning curves were logged.") && html.contains("No samples were drawn."));
    assert!(figures(&Report::default()).is_empty());
}

#[test]
fn numbers_that_are_not_finite_do_not_break_the_page() {
    let mut report = full(2);
    for values in [&mut report.samples.data, &mut report.samples.student] {
        values.fill(f64::NAN);
    }
    report.curves.student_kl_reverse = vec![(0, f64::INFINITY), (1, f64::NAN)];
    report.phases[0].kl_forward = Some(f64::NAN);
    let nothing = around(f64::NAN, f64::NAN);
    report.teacher_likelihood = Some(TestLikelihood {
        data_space: around(f64::NEG_INFINITY, f64::NAN),
        standardised: nothing,
        bits_per_dimension: None,
    });
    if let Some(quality) = &mut report.quality {
        quality.kl_forward = around(f64::INFINITY, f64::NAN);
        quality.kl_forward_per_dim = nothing;
        quality.marginal_ks = vec![f64::NAN; 2];
        quality.psis_k = Some(f64::NAN);
        quality.cell_coverage.iter_mut().for_each(|coverage| coverage.ratios.fill(f64::NAN));
        quality.modes.iter_mut().for_each(|coverage| coverage.modes[0].student_share = f64::NAN);
    }
    report.speed.iter_mut().for_each(|row| row.value = f64::NAN);
    report.log_weights.student.fill(f64::NAN);
    report.densities.student.iter_mut().for_each(|grid| grid.log_density.fill(f64::NAN));
    let html = render(&report);
    assert_well_formed(&html);
    assert!(html.contains("−∞"));
}

#[test]
fn pictures_are_shown_and_counted_in_bits() {
    let mut report = full(9);
    report.pixels = Some(Pixels { levels: 4, shape: Some([3, 3]), ..Pixels::default() });
    for likelihood in [&mut report.teacher_likelihood, &mut report.student_likelihood] {
        likelihood.as_mut().expect("a model").bits_per_dimension = Some(around(1.234, 0.012));
    }
    let html = render(&report);
    assert_well_formed(&html);
    assert_self_contained(&html);
    for part in ["Logit space", "Bits per dimension", "1.234 ± 0.012", "teacher, bits per dimension", "none chosen"] {
        assert!(html.contains(part), "{part}");
    }
    assert!(!html.contains("Data space"));
    assert!(figures(&report).iter().any(|figure| figure.name == "pictures"));
    assert!(picture_squares(&report).is_some() && picture_squares(&full(9)).is_none());
}

#[test]
fn the_verdict_follows_the_numbers() {
    let mut report = full(9);
    let text = verdict::verdict(&report);
    assert!(text.contains("the student 0.230 ± 0.013: 0.13 nats less"), "{text}");
    assert!(text.contains("The student loses 0.01423 ± 0.00038 nats per dimension"), "{text}");
    assert!(text.contains("9.2× the rate of the teacher's naive sampler and 0.62× the rate"), "{text}");
    let gains = verdict::gains(&report).expect("speeds");
    assert!(gains.contains("between 9.0× and 9.2×") && gains.contains("between 0.62× and 1.2×"), "{gains}");
    if let Some(quality) = &mut report.quality {
        quality.kl_forward = around(1e-4, 2e-4);
    }
    let likelihood = report.student_likelihood.as_mut().expect("a student");
    (likelihood.data_space, likelihood.standardised) = (around(0.4, 0.01), around(-3.0, 0.01));
    report.speed.retain(|row| row.op != "teacher_naive");
    let text = verdict::verdict(&report);
    assert!(text.contains("0.039 nats more") && text.contains("do not tell it apart from zero"), "{text}");
    assert!(text.contains("Of the 4 modes, the one that it draws most rarely keeps 0.294 ± 0.030"), "{text}");
    report.quality.as_mut().expect("a comparison").modes = None;
    let text = verdict::verdict(&report);
    assert!(
        text.contains("one of 50 regions") && text.contains("0.55 of the teacher's share, below the 0.75 to"),
        "{text}"
    );
    let coverage = |report: &mut Report| report.quality.as_mut()?.cell_coverage.as_mut().map(|c| c.least_ratio = 0.8);
    coverage(&mut report).expect("cells");
    let text = verdict::verdict(&report);
    assert!(text.contains("at least 0.80 of the teacher's share in each of 50 regions"), "{text}");
    assert!(text.contains("0.62× the rate of the teacher's incremental sampler.") && verdict::gains(&report).is_none());
}

#[test]
fn figures_have_names_for_files() {
    let names = |dim| figures(&full(dim)).into_iter().map(|figure| figure.name).collect::<Vec<_>>();
    let first = ["teacher-nll", "student-kl", "student-ess", "student-entropies", "marginals", "pairs"];
    let last = ["mode-shares", "cell-coverage", "log-weights", "quality-speed", "latency"];
    assert_eq!(names(9), [&first[..], &last].concat());
    assert_eq!(names(2), [&first[..], &["densities"], &last].concat());
}
