//! Families of flows, chains of them, what stands between their layers and below them.

use super::*;
use flowstill_model::{Architecture, Base, Factors, Family, FlowSpec, LayerSpec, Orientation};

fn plan(text: &str) -> Experiment {
    read(&format!("data: {{synthetic: two_moons}}\n{text}")).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn teacher(plan: &Experiment) -> &Architecture {
    &plan.teacher.flow().unwrap().architecture
}

fn kinds(spec: &FlowSpec) -> Vec<&'static str> {
    spec.layers.iter().map(LayerSpec::kind).collect()
}

#[test]
fn every_family_is_read_built_and_comes_back_from_the_yaml_that_is_printed() {
    for text in [
        "teacher: {model: maf, order: alternating, mixing: plu}",
        "teacher: {model: coupling, mixing: rotation, normalisation: act_norm, base: diagonal}",
        "teacher: {model: planar}\nstudent: {model: {planar: {function: arctan}}, layers: 3}",
        "teacher: {model: radial, layers: 4}\nstudent: {model: radial}",
        "teacher: {model: {linear: {factors: householder}}}",
        "teacher: {chain: [{model: {linear: {order: [3, 0, 2, 1]}}}, {model: maf, layers: 1, mixing: reverse}]}",
        "teacher: {model: elementwise, map: {leaky_relu: {slope: 0.5}}, layers: 3, mixing: rotation}",
        "teacher: {chain: [{model: linear}, {model: coupling, layers: 2, map: mixture}, {model: planar}], base: diagonal}",
        "teacher: {model: cdf}\nstudent: {model: cdf, map: {mixture: {components: 3, kernel: logistic}}}",
        "teacher: {model: residual, base: student_t}\nstudent: {model: {residual: {log_det: roulette, terms: 3}}}",
        "teacher: {model: {continuous: {steps: 8, trace: hutchinson}}}\nstudent: {model: continuous, hidden: [9]}",
        "teacher: {model: gaussian, training: {steps: 4}}",
        "teacher: {model: {gaussian_mixture: {components: 3}}}\nstudent: {model: {gaussian_mixture: {covariance: diagonal}}}",
        "teacher: {model: maf, base: {mixture: {components: 4}}, conditioner: transformer, map: mixture}",
        "teacher: {model: coupling, conditioner: {transformer: {width: 8, heads: 2}}, base: logistic}",
        "teacher: {model: maf, base: {mixture: {covariance: diagonal, start: random}}}",
        "teacher: {base: uniform, chain: [{model: elementwise, map: {mixture: {onto: uniform}}}, {model: elementwise, map: student_t}]}",
        "teacher: {chain: [{model: elementwise, map: tanh}, {model: elementwise, map: artanh}]}",
        "teacher: {chain: [{model: elementwise, map: sigmoid}, {model: elementwise, map: logit}]}",
    ] {
        let plan = plan(text);
        let folder = folder();
        let again = Experiment::from_str(&plan.to_yaml().unwrap(), &folder.path().join("a.yaml"));
        let again = again.unwrap_or_else(|error| panic!("{}\n{error}", plan.to_yaml().unwrap()));
        assert_eq!(teacher(&again), teacher(&plan), "{text}");
        assert_eq!(
            again.with_student().unwrap().student.architecture,
            plan.with_student().unwrap().student.architecture,
            "{text}"
        );
        for (architecture, orientation) in
            [(teacher(&plan), Orientation::Maf), (&plan.with_student().unwrap().student.architecture, Orientation::Iaf)]
        {
            assert_eq!(architecture.spec(4, orientation, 1).validate(), Ok(()), "{text}");
        }
    }
}

#[test]
fn layers_stand_where_they_are_written() {
    let built = |text: &str| kinds(&teacher(&plan(text)).spec(4, Orientation::Maf, 0));
    assert_eq!(
        built("teacher: {model: maf, layers: 2, mixing: plu, normalisation: act_norm, base: diagonal}"),
        ["linear", "autoregressive", "linear", "act_norm", "autoregressive"]
    );
    assert_eq!(
        built("teacher: {chain: [{model: radial, layers: 2}, {model: planar, layers: 1}, {model: maf, layers: 1}]}"),
        ["radial", "radial", "planar", "autoregressive"]
    );
    // links that are alike have other random orders
    let twice = "{model: coupling, layers: 3, order: random}";
    let spec = teacher(&plan(&format!("teacher: {{chain: [{twice}, {twice}]}}"))).spec(12, Orientation::Maf, 0);
    assert_ne!(spec.layers[1], spec.layers[4]);
}

#[test]
fn students_are_like_their_teachers_only_where_both_have_the_same_choices() {
    let of = |text: &str| plan(text).distillation.unwrap().student.architecture;
    let like = of("teacher: {model: coupling, layers: 7, hidden: [8], mixing: plu, base: diagonal}");
    assert_eq!((like.layers, like.mixing, like.base), (7, Some(Factors::Plu), Base::Diagonal));
    assert_eq!(like.family, Family::Autoregressive);
    assert_eq!(of("teacher: {model: planar, layers: 30}"), Architecture::default());
    assert_eq!(of("teacher: {model: planar, layers: 30}\nstudent: {model: planar}").layers, 30);
    assert_eq!(of("teacher: {chain: [{model: maf, layers: 9}]}").layers, Architecture::default().layers);
}

#[test]
fn what_a_family_does_not_read_is_refused() {
    check_all(&[
        (
            "data: {path: d.csv}\nteacher: {model: planar, hidden: [8], map: mixture}",
            &[
                "a.yaml:2:34: teacher.hidden: means nothing beside `model: planar`; remove it",
                "a.yaml:2:44: teacher.map: means nothing beside `model: planar`; remove it",
            ],
        ),
        (
            "data: {path: d.csv}\nteacher: {model: plannar}",
            &["a.yaml:2:18: teacher.model: expected one of `maf`, `iaf`, `coupling`, …"],
        ),
        (
            "data: {path: d.csv}\nteacher: {model: iaf}",
            &["a.yaml:2:18: teacher.model: `iaf` samples in one pass and is for students; a teacher's is `maf`"],
        ),
        (
            "data: {path: d.csv}\nteacher: {model: {planar: {function: sine}}}",
            &[
                "a.yaml:2:38: teacher.model.planar.function: expected one of `tanh`, `arctan`, `softplus`, got the text `sine`",
            ],
        ),
        (
            "data: {path: d.csv}\nteacher: {model: {planar: {}, linear: {}}}",
            &[
                "a.yaml:2:11: teacher.model: expected one family of flows, as `coupling` or `{planar: {function: arctan}}`, got `planar` and `linear`",
            ],
        ),
        (
            "data: {path: d.csv}\nteacher: {chain: [{model: linear, training: {}}]}",
            &["a.yaml:2:35: teacher.chain[0]: unknown key `training`; …"],
        ),
        (
            "data: {path: d.csv}\nteacher: {layers: 3, chain: [{model: linear, hidden: [3]}, {model: truth}]}",
            &[
                "a.yaml:2:19: teacher.layers: means nothing beside `chain`, …",
                "a.yaml:2:54: teacher.chain[0].hidden: means nothing beside `model: linear`; remove it",
                "a.yaml:2:68: teacher.chain[1].model: `truth` is a density and no part of a chain",
            ],
        ),
        ("data: {path: d.csv}\nteacher: {chain: []}", &["a.yaml:2:18: teacher.chain: expected 1 to 100 parts, got 0"]),
        (
            "data: {path: d.csv}\nteacher: {map: sigmoid}",
            &["a.yaml:2:16: teacher.map: `sigmoid` is no map of the whole line …"],
        ),
        (
            "data: {path: d.csv}\nteacher: {model: elementwise, map: sigmoid}",
            &["a.yaml:2:36: teacher.map: layer 0: a sigmoid layer takes numbers in (0, 1) from the data side, …"],
        ),
        (
            "data: {path: d.csv}\nteacher: {model: gaussian, base: student_t, training: {rate: 1}}",
            &[
                "a.yaml:2:34: teacher.base: means nothing beside `model: gaussian`; remove it",
                "a.yaml:2:62: teacher.training.rate: means nothing for a mixture of Gaussians, …",
            ],
        ),
        (
            "data: {path: d.csv}\nteacher: {model: {residual: {lipschitz: 1.5}}}",
            &["a.yaml:2:11: teacher.model: lipschitz must be from 0.01 to …"],
        ),
        (
            "data: {path: d.csv}\nteacher: {model: {continuous: {steps: 0}}}",
            &["a.yaml:2:11: teacher.model: steps must be from 1 to 10000, got 0"],
        ),
        (
            "data: {path: d.csv}\nteacher: {conditioner: {transformer: {width: 7, heads: 2}}}",
            &["a.yaml:2:11: teacher.conditioner: a transformer's width …"],
        ),
        (
            "data: {path: d.csv}\nteacher: {model: {linear: {order: [0, 2]}}}",
            &["a.yaml:2:11: teacher.model: order must be a permutation of 0…1, got [0, 2]"],
        ),
        (
            "data: {path: d.csv}\nteacher: {model: {gaussian_mixture: {components: -3}}}",
            &["a.yaml:2:11: teacher.model: expected whole numbers of at least 0, got -3"],
        ),
        (
            "data: {path: d.csv}\nteacher: {model: {continuous: {steps: 4, tolerance: 1e-3}}}\nstudent: {model: gaussian}",
            &[
                "a.yaml:2:11: teacher.model: expected `steps` or `tolerance`, got both; remove one of the two",
                "a.yaml:3:18: student.model: `gaussian` is fitted to rows and is for teachers; a student's is `linear`",
            ],
        ),
        (
            "data: {path: d.csv}\nteacher: {conditioner: transformer, hidden: [3]}",
            &["a.yaml:2:45: teacher.hidden: means nothing beside `conditioner: transformer`; remove it"],
        ),
        (
            "data: {path: d.csv}\nteacher: {mixing: plu}\nstudent: {objective: closed_form}",
            &["a.yaml:3:22: student.objective: `closed_form` looks at the masked conditioners …"],
        ),
        (
            "data: {path: d.csv}\nteacher: {model: cdf, map: affine}",
            &["a.yaml:2:28: teacher.map: expected `mixture`, …"],
        ),
        ("data: {path: d.csv}\nteacher: {model: maf, base: uniform}", &["a.yaml:2:29: teacher.base: layer 0: …"]),
        (
            "data: {synthetic: two_moons}\nteacher: {model: truth, base: diagonal}",
            &["a.yaml:2:31: teacher.base: means nothing beside `model: truth`…"],
        ),
        (
            "data: {path: d.csv}\nteacher: {model: planar}\nstudent: {objective: warm_start}",
            &["a.yaml:3:22: student.objective: `warm_start` looks at the masked conditioners …"],
        ),
    ]);
}
