//! The conditionals of teacher and student in one shared order, for the two objectives that compare them coordinate by
//! coordinate: [`super::many_samples`] and [`super::closed_form`].

use crate::step::Step;
use flowstill_flow::graph::{Graph, Parameters, Rows};
use flowstill_flow::{Conditionals, FlowError, Target};
use flowstill_model::{FlowSpec, Orientation};

/// Both chains.
pub struct Pair {
    teacher: Conditionals,
    student: Conditionals,
}

/// Means and log-sds at one batch, rows × dim, as plain numbers.
pub struct Gaussians {
    pub teacher_mean: Vec<f32>,
    pub teacher_log_sd: Vec<f32>,
    pub student_mean: Vec<f32>,
    pub student_log_sd: Vec<f32>,
}

/// A loss of these four, and its gradient by each of them, in the same form.
pub type Graded = (f64, Gaussians);

impl Pair {
    /// # Errors
    /// A target that is no flow, layers in more than one order, or a student in another order than its teacher.
    pub fn new(objective: &'static str, target: &dyn Target, student: &FlowSpec) -> Result<Self, FlowError> {
        let teacher = target.as_flow().ok_or(FlowError::NotAFlow(objective))?;
        let (teacher, student) = (Conditionals::new(teacher.spec())?, Conditionals::new(student)?);
        if (teacher.orientation(), student.orientation()) != (Orientation::Maf, Orientation::Iaf) {
            return Err(FlowError::NoConditionals(format!("{objective} is for a MAF teacher and an IAF student")));
        }
        if teacher.order() != student.order() {
            return Err(FlowError::NoConditionals(
                "teacher and student have their coordinates in different orders, expected one shared order; set \
                 `order: same` for both"
                    .to_owned(),
            ));
        }
        Ok(Self { teacher, student })
    }

    /// Evaluates `loss` at the student's samples of `z` and passes its gradient on: to the student's conditionals, and
    /// through the teacher's to the samples. The sum of the rows' losses.
    pub fn loss(
        &self,
        step: &Step,
        theta: &Parameters<f32>,
        z: &Rows<f32>,
        loss: impl FnOnce(&Gaussians) -> Graded,
    ) -> Result<f64, FlowError> {
        let teacher = step.source.target.as_flow().ok_or(FlowError::NotAFlow("this objective"))?;
        let mut graph = Graph::new();
        let (x, [student_mean, student_log_sd]) = self.student.at(theta, z, &mut graph)?;
        let (_, [teacher_mean, teacher_log_sd]) = self.teacher.at(teacher.parameters(), &x, &mut graph)?;
        let (value, gradient) = loss(&Gaussians {
            teacher_mean: teacher_mean.as_vec(),
            teacher_log_sd: teacher_log_sd.as_vec(),
            student_mean: student_mean.as_vec(),
            student_log_sd: student_log_sd.as_vec(),
        });
        graph.seed(&student_mean, gradient.student_mean);
        graph.seed(&student_log_sd, gradient.student_log_sd);
        graph.seed(&teacher_mean, gradient.teacher_mean);
        graph.seed(&teacher_log_sd, gradient.teacher_log_sd);
        graph.backward();
        Ok(value)
    }
}

impl Gaussians {
    /// Applies `element` to each of the four; its value and its gradient, weighted by `share`.
    ///
    /// `element` takes and gives (teacher's mean, teacher's log-sd, student's mean, student's log-sd).
    pub fn graded(&self, share: f64, mut element: impl FnMut(usize, [f64; 4]) -> (f64, [f64; 4])) -> Graded {
        let count = self.teacher_mean.len();
        let empty = || Vec::with_capacity(count);
        let mut gradient =
            Self { teacher_mean: empty(), teacher_log_sd: empty(), student_mean: empty(), student_log_sd: empty() };
        let mut total = 0.0;
        for i in 0..count {
            let at = [self.teacher_mean[i], self.teacher_log_sd[i], self.student_mean[i], self.student_log_sd[i]];
            let (value, slopes) = element(i, at.map(f64::from));
            let [a, b, c, d] = slopes.map(|slope| (share * slope) as f32);
            total += value;
            gradient.teacher_mean.push(a);
            gradient.teacher_log_sd.push(b);
            gradient.student_mean.push(c);
            gradient.student_log_sd.push(d);
        }
        (total, gradient)
    }
}
