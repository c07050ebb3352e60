//! Benchmarks whose level changed at the same revision are one event.

use super::series::Point;
use super::whole::{Change, Trend};
use crate::model::revision::Revision;

/// What happened at one revision.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The first revision at the new levels.
    pub revision: Revision,
    /// What moved, in the order given.
    pub moved: Vec<Moved>,
}

/// A series whose level changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moved {
    /// Which one, as a number among the series.
    pub series: usize,
    /// The change.
    pub change: Change,
}

/// The events of several series, in the order of history.
pub fn events(series: &[(&[Point], &Trend)]) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    for (number, (points, trend)) in series.iter().enumerate() {
        for change in &trend.changes {
            let revision = &points[change.at].revision;
            let moved = Moved { series: number, change: *change };
            match events.iter_mut().find(|event| event.revision.id == revision.id) {
                Some(event) => event.moved.push(moved),
                None => events.push(Event { revision: revision.clone(), moved: vec![moved] }),
            }
        }
    }
    events.sort_by_key(|event| event.revision.committed_unix_s);
    events
}
