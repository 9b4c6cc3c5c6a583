//! `student: none`: a teacher alone.

use super::*;

const MEANS_NOTHING: &str = "means nothing beside `student: none`, which leaves nothing to compare; remove it or, where others \
                             need it, write";

#[test]
fn a_teacher_alone_has_nothing_to_compare() {
    let plan = read("data: {path: d.csv}\nteacher: {layers: 3}\nstudent: none\n").unwrap();
    assert_eq!(plan.distillation, None);
    assert_eq!(plan.teacher.flow().unwrap().architecture.layers, 3);
    // what is switched off elsewhere may be so here, and a heading says nothing
    for more in ["evaluation: none\nbench: none\n", "evaluation:\nbench: {}\n"] {
        assert_eq!(
            read(&format!("data: {{path: d.csv}}\nteacher: {{layers: 3}}\nstudent: none\n{more}")).unwrap().teacher,
            plan.teacher
        );
    }
    assert!(plan.to_yaml().unwrap().ends_with("\nstudent: none\nevaluation: none\nbench: none\n"));
    assert_eq!(plan.warnings(2), [""; 0]);
    let error = plan.with_student().unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert!(error.to_string().starts_with("`a` has no student"), "{error}");
}

#[test]
fn what_means_nothing_without_a_student_is_refused() {
    check_all(&[
        (
            "data: {path: d.csv}\nstudent: none\nevaluation: {samples: 500}\nbench: {batches: [1], repetitions: 2}",
            &[
                &format!("a.yaml:3:23: evaluation.samples: {MEANS_NOTHING} `evaluation: none` as well"),
                &format!("a.yaml:4:18: bench.batches: {MEANS_NOTHING} `bench: none` as well"),
                &format!("a.yaml:4:36: bench.repetitions: {MEANS_NOTHING} `bench: none` as well"),
            ],
        ),
        (
            "data: {synthetic: banana}\nteacher: {model: truth}\nstudent: none",
            &[
                "a.yaml:3:10: student: `none` leaves nothing to do beside `teacher: {model: truth}`, a known density of which \
               nothing is trained; write the keys of a student, or train a teacher with `model: maf`",
            ],
        ),
        (
            "data: {path: d.csv}\nevaluation: none",
            &[
                "a.yaml:2:13: evaluation: a student is always compared with its teacher; remove it, or write `student: none` to \
               train the teacher alone",
            ],
        ),
        (
            "data: {path: d.csv}\nstudent: nothing",
            &["a.yaml:2:10: student: expected a section of keys, as `model: …` or `none`, got the text `nothing`"],
        ),
        // a student that cannot be read may be none
        ("data: {path: d.csv}\nstudent: 5\nevaluation: none", &["a.yaml:2:10: student: expected a section of keys, …"]),
    ]);
}

#[test]
fn the_keys_of_a_student_and_none_are_laid_over_each_other() {
    let folder = folder();
    let file = folder.path().join("base.yaml");
    fs::write(&file, "data: {path: d.csv}\nstudent: {layers: 3}\nevaluation: {samples: 50}\nbench: none\n").unwrap();
    let over = |text: &str| Experiment::from_str(&format!("extends: base.yaml\n{text}"), &folder.path().join("a.yaml"));
    assert_eq!(over("student: none\nevaluation: none\n").unwrap().distillation, None);
    let error = over("student: none\n").unwrap_err().to_string();
    assert!(error.contains("base.yaml:3:23: evaluation.samples: means nothing"), "{error}");
    fs::write(&file, "data: {path: d.csv}\nstudent: none\n").unwrap();
    assert_eq!(over("student: {layers: 2}\n").unwrap().with_student().unwrap().student.architecture.layers, 2);
}
