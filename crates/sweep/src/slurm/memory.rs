//! What one command remembers from turn to turn.

use super::event::Event;
use super::patience::Patience;
use super::queue::Queue;
use std::mem::discriminant;
use std::time::Duration;

pub struct Memory<'a> {
    tell: &'a mut dyn FnMut(Event),
    /// the last event of each kind
    told: Vec<Event>,
    pub queue: Queue,
    pub patience: Patience,
    /// tasks that are pending or running
    pub tasks: usize,
    /// cells that had failed before this command
    failed_before: Option<usize>,
    /// whether tasks were cancelled by others at the last look
    pub cancelled: bool,
    /// before the next turn
    pub pause: Duration,
}

impl<'a> Memory<'a> {
    pub fn new(tell: &'a mut dyn FnMut(Event), pause: Duration) -> Self {
        let (queue, patience) = (Queue::default(), Patience::default());
        Self { tell, told: Vec::new(), queue, patience, tasks: 0, failed_before: None, cancelled: false, pause }
    }

    /// Whether a cell has failed since the first look, given how many have failed so far.
    pub fn fails(&mut self, failed: usize) -> bool {
        failed > *self.failed_before.get_or_insert(failed)
    }

    /// Tells what is different from the last event of its kind; returns whether it was.
    pub fn tell(&mut self, event: Event) -> bool {
        let news = !self.told.contains(&event);
        if news {
            self.told.retain(|told| discriminant(told) != discriminant(&event));
            self.told.push(event.clone());
            (self.tell)(event);
        }
        news
    }

    /// SLURM has answered: if it does not the next time, that is news again.
    pub fn answered(&mut self) {
        self.told.retain(|told| !matches!(told, Event::Unknown { .. }));
    }
}
