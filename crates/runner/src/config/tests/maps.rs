//! What layers do to each coordinate: names, settings, and what a student takes over from its teacher.

use super::*;
use flowstill_model::Univariate;

fn maps(text: &str) -> (Option<Univariate>, Option<Univariate>) {
    let plan = read(&format!("data: {{path: d.csv}}\n{text}")).unwrap_or_else(|error| panic!("{text}\n{error}"));
    (
        plan.teacher.flow().unwrap().architecture.map.clone(),
        plan.with_student().unwrap().student.architecture.map.clone(),
    )
}

fn json(map: Option<Univariate>) -> String {
    serde_json::to_string(&map).unwrap()
}

#[test]
fn a_name_is_enough_and_students_do_as_their_teachers() {
    assert_eq!(maps("teacher: {map: affine}"), (None, None));
    let (teacher, student) = maps("teacher: {map: rational_quadratic}");
    assert_eq!(teacher, student);
    assert_eq!(json(teacher), r#"{"rational_quadratic":{"bins":8,"bound":4.0}}"#);
    let (teacher, student) = maps("teacher: {map: {mixture: {components: 3}}}\nstudent: {map: affine}");
    assert_eq!(
        (json(teacher), student),
        (r#"{"mixture":{"components":3,"kernel":"gaussian","onto":"normal"}}"#.into(), None)
    );
    for name in ["additive", "b_spline", "positive_sum", "sinh_arcsinh"] {
        assert!(json(maps(&format!("teacher: {{map: {name}}}")).0).contains(name), "{name}");
    }
}

#[test]
fn the_resolved_experiment_has_the_same_maps() {
    for map in ["affine", "additive", "{b_spline: {bins: 5}}", "mixture", "{positive_sum: {terms: 2}}", "sinh_arcsinh"]
    {
        let plan = read(&format!("data: {{synthetic: two_moons}}\nteacher: {{map: {map}}}\n")).unwrap();
        let folder = folder();
        let again = Experiment::from_str(&plan.to_yaml().unwrap(), &folder.path().join("a.yaml")).unwrap();
        assert_eq!(again.teacher.flow().unwrap().architecture, plan.teacher.flow().unwrap().architecture);
        assert_eq!(
            again.with_student().unwrap().student.architecture,
            plan.with_student().unwrap().student.architecture
        );
    }
}

#[test]
fn what_is_no_map_is_told_with_the_names() {
    check_all(&[
        (
            "data: {path: d.csv}\nteacher: {map: mixtur}",
            &[
                "a.yaml:2:16: teacher.map: expected one of `affine`, `additive`, `rational_quadratic`, `b_spline`, `mixture`, \
               `positive_sum`, `sinh_arcsinh`, `leaky_relu`, `sigmoid`, `logit`, `tanh`, `softplus`, `artanh`, `softplus_inverse`, `student_t`, got the text `mixtur`; did you mean `mixture`?",
            ],
        ),
        (
            "data: {path: d.csv}\nteacher: {map: {rational_quadratic: {bins: 1}}}",
            &["a.yaml:2:11: teacher.map: rational_quadratic: bins must be a whole number from 2 to 64, got 1"],
        ),
        (
            "data: {path: d.csv}\nteacher: {map: {mixture: {kernel: gaussian}, b_spline: {bins: 4}}}",
            &[
                "a.yaml:2:11: teacher.map: expected one map, as `affine`, `mixture` or `{rational_quadratic: {bins: 8}}`, got `b_spline` and `mixture`",
            ],
        ),
        (
            "data: {path: d.csv}\nteacher: {map: {mixture: {component: 4}}}",
            &["a.yaml:2:27: teacher.map.mixture: unknown key `component`; did you mean `components`? …"],
        ),
        (
            "data: {path: d.csv}\nstudent: {map: mixture, objective: warm_start}",
            &["a.yaml:2:36: student.objective: `warm_start` rests on Gaussian conditionals, …"],
        ),
        (
            "data: {synthetic: two_moons}\nteacher: {model: truth, map: mixture}",
            &["a.yaml:2:30: teacher.map: means nothing beside `model: truth`…"],
        ),
    ]);
}
