//! The operations that are measured.

/// One operation on a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// the teacher's training step: negative log-likelihood, gradient, Adam
    Train,
    /// the teacher's log-density
    LogProb,
    /// the teacher's samples, by the incremental inverse
    MafSample,
    /// the student's samples with their log-density
    IafSample,
    /// the student's training step: its samples, the frozen teacher's density and gradient there, reverse KL, gradient,
    /// Adam
    Distill,
    /// a forward and a backward pass of the student without gradients of its weights
    InputGradient,
    /// the solution of `w·J = g` for the Jacobian of each layer of the student
    Adjoint,
    /// base draws
    Noise,
}

impl Operation {
    pub const ALL: [Self; 8] = [
        Self::Train,
        Self::LogProb,
        Self::MafSample,
        Self::IafSample,
        Self::Distill,
        Self::InputGradient,
        Self::Adjoint,
        Self::Noise,
    ];

    /// The name used on the command line and in rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::LogProb => "log_prob",
            Self::MafSample => "maf_sample",
            Self::IafSample => "iaf_sample",
            Self::Distill => "distill",
            Self::InputGradient => "input_gradient",
            Self::Adjoint => "adjoint",
            Self::Noise => "noise",
        }
    }

    /// Whether it is one of training's, which run on either engine; samplers have one.
    pub(super) fn uses_engine(self) -> bool {
        matches!(self, Self::Train | Self::Distill | Self::InputGradient)
    }

    pub(super) fn needs_teacher(self) -> bool {
        matches!(self, Self::Train | Self::LogProb | Self::MafSample | Self::Distill)
    }

    pub(super) fn needs_student(self) -> bool {
        matches!(self, Self::IafSample | Self::Distill | Self::InputGradient | Self::Adjoint)
    }
}
