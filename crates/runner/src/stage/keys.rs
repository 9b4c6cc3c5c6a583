//! The names of stages: hashes of all that they depend on.

use crate::config::{Bench, Evaluation, Experiment, Fitting, FlowPlan, StudentPlan, TeacherPlan, config_hash, written};
use crate::provenance::VERSION;
use flowstill_flow::Engine;
use flowstill_student::{Phase, Recipe};
use flowstill_trainer::Settings;
use serde::Serialize;

/// How often a state is saved changes no bit of what comes out, and a training may go on from a state however often that
/// was saved. So in place of `checkpoint_every` all keys have its default.
const CHECKPOINT_EVERY: u64 = 1000;

#[derive(Serialize)]
struct Key<'a, P: Serialize> {
    stage: &'static str,
    version: &'static str,
    /// resolved settings of the stage
    plan: P,
    seed: u64,
    data: &'a str,
    teacher: Option<&'a str>,
    /// only if it is not the usual one
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<&'static str>,
}

/// What all keys of one experiment share.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a> {
    pub experiment: &'a Experiment,
    /// hash of the data's content
    pub data: &'a str,
    pub engine: Engine,
}

impl Keys<'_> {
    /// Key of the teacher; nothing where a known density is the teacher.
    pub fn teacher(&self) -> Option<String> {
        self.experiment.teacher.flow().map(|plan| self.flow(plan))
    }

    /// Key of the teacher that is trained by `plan`.
    pub fn flow(&self, plan: &FlowPlan) -> String {
        let fitting = match &plan.training {
            Fitting::Gradient(settings) => Fitting::Gradient(training(settings)),
            em @ Fitting::Em(_) => em.clone(),
        };
        // what is off leaves no trace, so that the keys of before stay
        match (plan.fresh_noise, plan.dropout > 0.0) {
            (false, false) => self.key("teacher", (&plan.architecture, fitting), None),
            (true, false) => self.key("teacher", (&plan.architecture, fitting, "fresh noise"), None),
            (fresh_noise, true) => self.key("teacher", (&plan.architecture, fitting, fresh_noise, plan.dropout), None),
        }
    }

    /// Key of the student of the teacher with key `teacher`, or of the known density.
    pub fn student(&self, student: &StudentPlan, teacher: Option<&str>) -> String {
        let plan = (&student.architecture, recipe(&student.recipe));
        match (teacher, &self.experiment.teacher) {
            (None, TeacherPlan::Truth(_)) => {
                let truth = self.key("truth", written::Data::from(&self.experiment.data), None);
                self.key("student", plan, Some(&truth))
            }
            _ => self.key("student", plan, teacher),
        }
    }

    /// Key of the comparison of the student with key `student` with its teacher; the modes of the target are a part of
    /// it.
    pub fn evaluation(&self, evaluation: &Evaluation, student: &str) -> String {
        let data = written::Data::from(&self.experiment.data).synthetic;
        self.key("evaluation", (evaluation.samples, data), Some(student))
    }

    /// Key of the likelihood of the test rows under the teacher with key `teacher`, which has no student.
    pub fn likelihood(&self, teacher: Option<&str>) -> String {
        self.key("likelihood", (), teacher)
    }

    /// Key of the measurement of speed that follows the comparison with key `evaluation`, and so the name of all that
    /// there is to know of an experiment.
    pub fn speed(&self, bench: &Bench, evaluation: &str) -> String {
        self.key("speed", (&bench.batches, bench.repetitions, self.experiment.threads), Some(evaluation))
    }

    fn key(&self, stage: &'static str, plan: impl Serialize, teacher: Option<&str>) -> String {
        let engine = (self.engine != Engine::default()).then(|| self.engine.name());
        let seed = self.experiment.seed;
        config_hash(&Key { stage, version: VERSION, plan, seed, data: self.data, teacher, engine })
    }
}

/// The part of the settings that a key is made of.
fn training(settings: &Settings) -> Settings {
    Settings { checkpoint_every: CHECKPOINT_EVERY, ..settings.clone() }
}

fn recipe(recipe: &Recipe) -> Recipe {
    let phase = |phase: &Phase| Phase { training: training(&phase.training), ..phase.clone() };
    match recipe {
        Recipe::Auto(settings) => Recipe::Auto(training(settings)),
        Recipe::Phases(phases) => Recipe::Phases(phases.iter().map(phase).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::path::Path;

    fn keys(yaml: &str) -> [String; 2] {
        let experiment = Experiment::from_str(yaml, Path::new("a.yaml")).expect("an experiment");
        let keys = Keys { experiment: &experiment, data: "data", engine: Engine::default() };
        let student = &experiment.with_student().expect("a student").student;
        let teacher = keys.teacher();
        [keys.student(student, teacher.as_deref()), teacher.expect("it is trained")]
    }

    #[test]
    fn what_keys_are_made_of_stays_as_it_is() {
        // of other keys nothing that was done before would be found again
        let yaml = "data: {synthetic: two_moons}\nthreads: 1\nseed: 7\nevaluation: {samples: 500}\nbench: {batches: [1, 10]}\n";
        let experiment = Experiment::from_str(yaml, Path::new("a.yaml")).expect("an experiment");
        let keys = Keys { experiment: &experiment, data: "data", engine: Engine::default() };
        let of = |stage: &str, plan: Value, teacher: Option<&str>| {
            config_hash(&json!({
                "stage": stage, "version": VERSION, "plan": plan, "seed": 7, "data": "data", "teacher": teacher
            }))
        };
        let plan = experiment.with_student().expect("a student");
        let flow = experiment.teacher.flow().expect("a flow");
        assert_eq!(keys.flow(flow), of("teacher", json!([flow.architecture, flow.training]), None));
        let Recipe::Auto(settings) = &plan.student.recipe else { panic!("{:?}", plan.student.recipe) };
        let student = json!([plan.student.architecture, {"auto": settings}]);
        assert_eq!(keys.student(&plan.student, Some("t")), of("student", student, Some("t")));
        assert_eq!(keys.evaluation(&plan.evaluation, "s"), of("evaluation", json!([500, "two_moons"]), Some("s")));
        assert_eq!(keys.speed(&plan.bench, "e"), of("speed", json!([[1, 10], 9, 1]), Some("e")));
    }

    #[test]
    fn a_teacher_is_the_same_with_a_student_and_without() {
        let of = |student: &str| {
            let yaml = format!("data: {{synthetic: two_moons}}\n{student}");
            let experiment = Experiment::from_str(&yaml, Path::new("a.yaml")).expect("an experiment");
            Keys { experiment: &experiment, data: "data", engine: Engine::default() }.teacher()
        };
        assert_eq!(of("student: none\n"), of(""));
    }

    #[test]
    fn how_often_a_state_is_saved_is_part_of_no_key() {
        for student in ["", "objective: reverse_kl, "] {
            let of = |teacher: &str, own: &str| {
                keys(&format!(
                    "data: {{synthetic: two_moons}}\nteacher: {{training: {{{teacher}}}}}\nstudent: {{{student}training: {{{own}}}}}\n"
                ))
            };
            let plain = of("", "");
            assert_eq!(of("checkpoint_every: 7", "checkpoint_every: 11"), plain);
            assert!(of("", "steps: 11")[0] != plain[0] && of("", "steps: 11")[1] == plain[1]);
            assert!(of("validate_every: 7", "").iter().zip(&plain).all(|(changed, plain)| changed != plain));
        }
    }
}
