//! Tables and reports of sweeps: [`made_up`] is a sweep that nobody ran, [`few`] one whose answers are known by heart.

mod few;
mod made_up;
mod report;
mod table;
