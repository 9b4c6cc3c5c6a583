//! Recipes: what each objective takes and asks for, what is refused, and the way back to the YAML.

use super::{check_all, folder, read};
use crate::config::{Experiment, config_hash};
use flowstill_student::{Annealed, Objective, Phase, Recipe, Rows};
use flowstill_trainer::{Schedule, Until};

/// An experiment whose student stands in line 2 and has these keys.
fn student(keys: &str) -> String {
    format!("data: {{path: d.csv}}\nstudent: {{{keys}}}\n")
}

fn phases(keys: &str) -> Vec<Phase> {
    let plan = read(&student(keys)).unwrap_or_else(|error| panic!("{keys}: {error}"));
    match plan.distillation.unwrap().student.recipe {
        Recipe::Phases(phases) => phases,
        auto => panic!("{keys}: {auto:?}"),
    }
}

#[test]
fn without_a_word_the_recipe_is_auto() {
    for keys in ["", "recipe: auto", "training: {steps: 300}", "recipe: auto, training: {steps: 300}"] {
        let Recipe::Auto(settings) = read(&student(keys)).unwrap().distillation.unwrap().student.recipe else {
            panic!("{keys}")
        };
        assert_eq!(settings.steps, if keys.contains("300") { 300 } else { 10_000 });
    }
}

#[test]
fn one_objective_is_a_recipe_of_one_phase() {
    let one = phases("objective: path_gradient, training: {steps: 70, batch: 9}");
    let listed = phases("recipe: [{objective: path_gradient}], training: {steps: 70, batch: 9}");
    assert_eq!(one, listed);
    assert_eq!((one.len(), one[0].training.steps, one[0].training.batch), (1, 70, 9));
    assert_eq!(one[0].objective, Objective::PathGradient { cross_entropy_weight: Annealed::constant(1.0) });
}

#[test]
fn a_phase_takes_from_the_common_settings_what_it_does_not_say() {
    let recipe = phases(
        "recipe: [{objective: warm_start, steps: 40, rows: data}, {objective: mixed, forward_weight: [0.9, 0.1], \
         gradient: plain, schedule: constant, ema: none}, {objective: alpha, weight_clip: none, warmup: 3, average_last: 0.5}], \
         training: {steps: 90, batch: 33, ema: 0.5}",
    );
    let steps: Vec<_> = recipe.iter().map(|phase| phase.training.steps).collect();
    assert_eq!(steps, [40, 90, 90]);
    assert!(recipe.iter().all(|phase| phase.training.batch == 33));
    assert_eq!(recipe[0].objective, Objective::WarmStart { rows: Rows::Data });
    assert_eq!((recipe[0].training.ema, recipe[1].training.ema), (Some(0.5), None));
    // one kind of average stands in place of the other
    assert_eq!((recipe[2].training.ema, recipe[2].training.average_last), (None, Some(0.5)));
    assert_eq!((recipe[0].training.schedule, recipe[1].training.schedule), (Schedule::Cosine, Schedule::Constant));
    // the default of the warm-up follows the phase's own steps
    assert_eq!([0, 1, 2].map(|i: usize| recipe[i].training.warmup), [4, 9, 3]);
    let Objective::Mixed { forward_weight, rows, cross_entropy_weight, path } = recipe[1].objective else { panic!() };
    assert_eq!((forward_weight, rows, path), (Annealed { from: 0.9, to: 0.1 }, Rows::Teacher, false));
    assert_eq!(cross_entropy_weight, Annealed::constant(1.0));
    assert_eq!(recipe[2].objective, Objective::Alpha { alpha: 2.0, weight_clip: None });
}

#[test]
fn bounds_of_shares_are_reached_from_below_and_those_of_divergences_from_above() {
    let recipe = phases("recipe: [{objective: mixed, until: {ess_reverse: 0.5, kl_forward: 0.1}}]");
    let until = |measure: &str, bound, at_least| Until { measure: measure.to_owned(), bound, at_least };
    assert_eq!(recipe[0].training.until, [until("ess_reverse", 0.5, true), until("kl_forward", 0.1, false)]);
}

/// Each objective with every key that it has.
const OBJECTIVES: [&str; 9] = [
    "objective: warm_start, rows: teacher",
    "objective: reverse_kl, cross_entropy_weight: [0.1, 1]",
    "objective: path_gradient, cross_entropy_weight: 2",
    "objective: forward_kl, rows: both",
    "objective: mixed, rows: data, forward_weight: [1, 0.25], cross_entropy_weight: 0.5, gradient: plain",
    "objective: alpha, alpha: 0.5, weight_clip: none",
    "objective: reconstruction, rows: data, forward_weight: [0, 1]",
    "objective: many_samples, samples: 3",
    "objective: closed_form, regulariser: 0",
];

#[test]
fn every_objective_comes_back_from_the_yaml_that_is_printed() {
    let folder = folder();
    let there_and_back = |text: &str| {
        let plan = Experiment::from_str(text, &folder.path().join("a.yaml")).unwrap_or_else(|e| panic!("{text}\n{e}"));
        let resolved = plan.to_yaml().unwrap();
        let again = Experiment::from_str(&resolved, std::path::Path::new("/elsewhere/config.yaml"))
            .unwrap_or_else(|e| panic!("{resolved}\n{e}"));
        assert_eq!(again, plan, "{resolved}");
        assert_eq!((again.to_yaml().unwrap(), config_hash(&again)), (resolved, config_hash(&plan)));
    };
    let one_order = "data: {path: d.csv}\nteacher: {order: same}\n";
    let until = "until: {ess_reverse: 0.5, ess_forward: 1, kl_reverse: 1e-9, kl_forward: 7}";
    let settings = "steps: 7, batch: 3, rate: 1e-9, schedule: constant, warmup: 0, weight_decay: 0.5, clip_norm: none, ema: \
                    none, validate_every: 2, patience: 4, checkpoint_every: 5";
    for objective in OBJECTIVES {
        let name = objective.split(',').next().expect("a piece");
        for keys in [name.to_owned(), objective.to_owned(), format!("{objective}, {until}, {settings}")] {
            there_and_back(&format!("{one_order}student: {{recipe: [{{{keys}}}]}}\n"));
        }
        there_and_back(&format!("{one_order}student: {{{name}, training: {{steps: 40}}}}\n"));
    }
    let all = OBJECTIVES.map(|objective| format!("{{{objective}}}")).join(", ");
    there_and_back(&format!("{one_order}student: {{recipe: [{all}], training: {{{settings}}}}}\n"));
    there_and_back(&student("recipe: auto, training: {steps: 77, patience: 3}"));
    there_and_back(&student(""));
}

#[test]
fn recipes_that_are_none() {
    let with = |keys: &str| student(keys);
    let recipe = |got: &str| {
        format!(
            "a.yaml:2:19: student.recipe: expected `auto` or a list of phases, as `[{{objective: warm_start}}, {{objective: \
             path_gradient}}]`, got {got}"
        )
    };
    check_all(&[
        (&with("recipe: fast"), &[&recipe("the text `fast`")]),
        (&with("recipe: 3"), &[&recipe("3")]),
        (&with("recipe: 0.5"), &[&recipe("0.5")]),
        (&with("recipe: true"), &[&recipe("`true`")]),
        (&with("recipe: ~"), &[&recipe("nothing")]),
        (&with("recipe: {objective: mixed}"), &[&recipe("a section of keys")]),
        (&with("recipe: []"), &["a.yaml:2:19: student.recipe: expected 1 to 100 phases, got 0"]),
        (
            &with("recipe: [{objective: mixed}], objective: mixed"),
            &["a.yaml:2:52: student.objective: expected `recipe` or `objective`, got both; …"],
        ),
        (
            &with("recipe: [{steps: 3}]"),
            &["a.yaml:2:20: student.recipe[0]: expected an objective, such as `objective: path_gradient`"],
        ),
        (&with("recipe: [{objective: mixd}]"), &["a.yaml:2:32: student.recipe[0].objective: …"]),
        (&with("objective: mixd"), &["a.yaml:2:22: student.objective: …"]),
        (&with("recipe: [{objective: mixed, lr: 1}]"), &["a.yaml:2:39: student.recipe[0]: unknown key `lr`; …"]),
        (
            &with("recipe: [mixed]"),
            &["a.yaml:2:20: student.recipe[0]: expected a section of keys, as `objective: …`, got the text `mixed`"],
        ),
    ]);
}

#[test]
fn keys_and_values_that_do_not_belong() {
    check_all(&[
        (
            &student("recipe: [{objective: warm_start}, {objective: path_gradient, rows: data}]"),
            &["a.yaml:2:78: student.recipe[1].rows: is not a key of the objective `path_gradient`, to which belongs \
               `cross_entropy_weight`"],
        ),
        (
            &student("recipe: [{objective: mixed, alpha: 2, samples: 3}]"),
            &["a.yaml:2:46: student.recipe[0].alpha: …", "a.yaml:2:58: student.recipe[0].samples: …"],
        ),
        (
            &student("recipe: [{objective: mixed, forward_weight: [1]}]"),
            &[
                "a.yaml:2:55: student.recipe[0].forward_weight: expected two numbers in the list, at the beginning and at \
               the end",
            ],
        ),
        (
            &student("recipe: [{objective: mixed, forward_weight: [0, 0.5, 1]}]"),
            &[
                "a.yaml:2:55: student.recipe[0].forward_weight: expected two numbers in the list, at the beginning and at \
               the end",
            ],
        ),
        (
            &student("recipe: [{objective: mixed, forward_weight: [0, 1.5]}]"),
            &["a.yaml:2:55: student.recipe[0].forward_weight: expected a number from 0 to 1, got 1.5"],
        ),
        (
            &student("recipe: [{objective: reverse_kl, cross_entropy_weight: [-1, 1]}]"),
            &["a.yaml:2:66: student.recipe[0].cross_entropy_weight: expected a number of at least 0, got -1"],
        ),
        (
            &student("recipe: [{objective: reverse_kl, cross_entropy_weight: much}]"),
            &[
                "a.yaml:2:66: student.recipe[0].cross_entropy_weight: expected a number, or two in a list: at the beginning \
               and at the end, got the text `much`",
            ],
        ),
        (
            &student("recipe: [{objective: alpha, alpha: 11, weight_clip: 0.5}]"),
            &[
                "a.yaml:2:46: student.recipe[0].alpha: expected a number from 0 to 10, got 11",
                "a.yaml:2:63: student.recipe[0].weight_clip: expected a number of at least 1 or `none`, got 0.5",
            ],
        ),
        (
            &student("recipe: [{objective: mixed, until: {ess_reverse: 1.5, kl_forward: 0, ess: 1}}]"),
            &["a.yaml:2:80: student.recipe[0].until: unknown key `ess`; …"],
        ),
        (
            &student("recipe: [{objective: mixed, until: {ess_reverse: 1.5, kl_forward: 0}}]"),
            &[
                "a.yaml:2:60: student.recipe[0].until.ess_reverse: expected a number above 0 and up to 1, got 1.5",
                "a.yaml:2:77: student.recipe[0].until.kl_forward: expected a number above 0, got 0",
            ],
        ),
        (
            &student("recipe: [{objective: mixed, steps: 10, warmup: 10}]"),
            &["a.yaml:2:58: student.recipe[0].warmup: expected fewer steps than the 10 of `steps`, got 10"],
        ),
    ]);
}

#[test]
fn what_an_objective_asks_of_teacher_and_student() {
    let of = |teacher: &str, student: &str| {
        format!("data: {{path: d.csv}}\nteacher: {{layers: 3{teacher}}}\nstudent: {{{student}}}\n")
    };
    let conditionals = "needs Gaussian conditionals, which layers of different orders do not have; set `order: same` for \
                        teacher and student";
    for objective in ["many_samples", "closed_form"] {
        let wrong = format!("a.yaml:3:22: student.objective: `{objective}` {conditionals}");
        check_all(&[
            (&of("", &format!("objective: {objective}")), &[&wrong]),
            (&of(", order: same", &format!("objective: {objective}, order: random")), &[&wrong]),
        ]);
        read(&of(", order: same", &format!("objective: {objective}"))).unwrap();
    }
    check_all(&[
        (
            &of("", "recipe: [{objective: warm_start}], layers: 2"),
            &["a.yaml:3:32: student.recipe[0].objective: `warm_start` …"],
        ),
        (
            &of("", "recipe: [{objective: mixed}, {objective: warm_start}], order: random"),
            &["a.yaml:3:52: student.recipe[1].objective: `warm_start` …"],
        ),
        (
            &of("", "recipe: [{objective: warm_start}], model: coupling"),
            &[
                "a.yaml:3:32: student.recipe[0].objective: `warm_start` cannot make couplings of a MAF's layers; begin with \
               `reconstruction` and `forward_kl`",
            ],
        ),
        (
            &of("", "objective: forward_kl, normalisation: batch_norm"),
            &[
                "a.yaml:3:22: student.objective: `forward_kl` is not for a student with `normalisation: batch_norm`; use \
               `act_norm`, or `reverse_kl`",
            ],
        ),
    ]);
    read(&of("", "recipe: [{objective: warm_start}], layers: 4")).unwrap();
    read(&of("", "objective: reverse_kl, normalisation: batch_norm")).unwrap();
}
