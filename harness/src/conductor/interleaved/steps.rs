//! The steps of one benchmark in turns, both sides together.

use super::super::Task;
use super::super::stage::Event;
use super::super::stations::{self, Broken, Step, unbroken};
use super::super::turns::TurnPlan;
use super::{BEARABLE_NS, Epoch, MOST_OVERRUN};
use crate::contract::{ByRole, Role};
use crate::criterion::message::{Measured, Message};
use crate::criterion::sampling::Sampling;
use crate::kernel;
use crate::shared::layout::station;

impl Epoch<'_, '_> {
    /// Lets both warm-ups end with what they pretend; says whether the harness chose the iterations we predicted.
    pub(super) fn end_warm_ups(
        &mut self,
        order: &[Role],
        samplings: &ByRole<Sampling>,
        mean_ns: f64,
        task: &Task,
    ) -> Step<bool> {
        let mut predicted = true;
        for &role in order {
            let sampling = samplings.get(role);
            self.memory.set_pretended_ns(role, sampling.pretended_ns);
            self.memory.grant(role);
            let (samples, iterations) =
                unbroken!(stations::await_measurement(&mut self.stage, &self.memory, role));
            predicted &= samples as usize == sampling.iterations.len();
            predicted &= iterations == sampling.iterations.iter().sum::<u64>();
            let expected_ns = iterations as f64 * mean_ns;
            if expected_ns > BEARABLE_NS.max(MOST_OVERRUN * task.measure_ns as f64) && !predicted {
                return Ok(Err(Broken::WithoutTurns));
            }
        }
        Ok(Ok(predicted))
    }

    /// Runs the plan and waits for both sides' numbers.
    pub(super) fn run_turns(&mut self, plan: &TurnPlan, stop_whole: bool) -> Step<ByRole<Measured>> {
        self.memory.set_turns(&plan.sequence(), stop_whole);
        for role in Role::BOTH {
            self.memory.grant(role);
        }
        let mut measured = ByRole::<Option<Measured>>::default();
        let mut stopped = ByRole::<bool>::default();
        loop {
            for role in Role::BOTH {
                if self.memory.station(role) == station::TURN_END && !*stopped.get(role) {
                    self.pass_on(role, &mut stopped);
                }
            }
            let (role, event) = self.stage.next_of(&Role::BOTH, Some(&self.memory))?;
            match event {
                Event::Message(Message::Measured(numbers)) => *measured.get_mut(role) = Some(numbers),
                Event::Message(Message::GroupEnds) => self.go_on(role)?,
                Event::Message(_) | Event::Rang => {}
                Event::Ended(status) => {
                    // Whoever is stopped or waits would wait for ever: the pair ends with this benchmark.
                    return Ok(Err(Broken::Ended(role, status)));
                }
            }
            if let ByRole { baseline: Some(baseline), candidate: Some(candidate) } = &measured {
                return Ok(Ok(ByRole::new(baseline.clone(), candidate.clone())));
            }
        }
    }

    /// Stops a side with all its threads, and lets the other one take the next turn.
    fn pass_on(&mut self, role: Role, stopped: &mut ByRole<bool>) {
        let pids = ByRole::from_fn(|role| self.stage.actor(role).map(|actor| actor.pid()));
        let turn = self.memory.turn() + 1;
        if let Some(pid) = pids.get(role) {
            kernel::stop_and_wait(*pid);
            *stopped.get_mut(role) = true;
        }
        self.memory.pass_turn(turn);
        let over = self.memory.owner_of_turn().is_none();
        for side in Role::BOTH {
            if (side != role || over) && std::mem::take(stopped.get_mut(side)) {
                if let Some(pid) = pids.get(side) {
                    kernel::resume(*pid);
                }
                self.memory.grant(side);
            }
        }
    }
}
