//! One random history, and a model of what was wanted in it.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::world::{Player, Random, World, any_verdict};
use crate::{
    config::ProgramSpec,
    fleet::{Body, Fleet, Goal, Until, Waiter},
    program::State,
};

/// Everyone is answered within this time.
const LIMIT: Duration = Duration::from_secs(300);

pub(super) struct History<'a> {
    configs: &'a [Vec<ProgramSpec>],
    config: &'a [ProgramSpec],
    fleet: Fleet<Player>,
    world: World,
    /// What operators last said about the programs that are there.
    goals: BTreeMap<String, Goal>,
    /// When those who wait must have been answered.
    waiting: BTreeMap<u64, Instant>,
    down: bool,
}

impl<'a> History<'a> {
    pub(super) fn new(configs: &'a [Vec<ProgramSpec>], seed: u64) -> Self {
        let mut random = Random(seed);
        let config: &Vec<_> = random.pick(configs);
        let world = World { now: Instant::now(), random, ports: BTreeMap::new() };
        let fleet = Fleet::new(config, seed);
        Self { configs, config, fleet, world, goals: BTreeMap::new(), waiting: BTreeMap::new(), down: false }
    }

    pub(super) fn run(mut self) {
        self.turn();
        for _ in 0..self.world.random.below(40) {
            match self.world.random.below(16) {
                0..=6 => self.command(),
                7..=8 => self.reload(),
                9..=11 => self.happen(),
                12 if self.world.random.below(12) == 0 => {
                    self.fleet.shut_down();
                    self.down = true;
                }
                _ => {
                    let passed = Duration::from_millis(self.world.random.below(8000));
                    self.pass(self.world.now + passed);
                }
            }
            self.turn();
        }
        self.settle();
        self.check();
    }

    fn command(&mut self) {
        let mut names: Vec<String> = self.names();
        if self.world.random.below(3) != 0 && !names.is_empty() {
            names = vec![self.world.random.pick(&names).clone()];
        }
        let what = self.world.random.below(4);
        if self.down && what != 0 {
            // The shell refuses it.
            return;
        }
        let (goal, serial) = match what {
            0 => (Goal::Down, self.fleet.stop(&names)),
            1 => (Goal::Up, self.fleet.start(&names, &mut self.world)),
            2 => (Goal::Up, self.fleet.restart(&names)),
            _ => (Goal::Up, self.fleet.roll(&names)),
        };
        self.goals.extend(names.iter().map(|name| (name.clone(), goal)));
        // A rolling restart always waits.
        if what == 3 || self.world.random.below(2) == 0 {
            let deadline = self.world.now + LIMIT;
            let until = if goal == Goal::Down { Until::Down } else { Until::Ready };
            self.fleet.wait(Waiter { serial, programs: names, until, deadline, limit: LIMIT });
            self.waiting.insert(serial, deadline);
        }
    }

    fn reload(&mut self) {
        if self.down {
            return;
        }
        // Often back to what it was before.
        self.config = self.world.random.pick::<Vec<_>>(&self.configs[..4]);
        if self.world.random.below(2) == 0 {
            self.config = self.world.random.pick::<Vec<_>>(self.configs);
        }
        self.fleet.reload(self.config);
    }

    /// Something happens to a process.
    fn happen(&mut self) {
        let Some(at) = Some(self.fleet.units.len() as u64).filter(|count| *count > 0) else { return };
        let at = self.world.random.below(at) as usize;
        let verdict = any_verdict(&mut self.world.random);
        let dies = self.world.random.below(2) == 0;
        let (unit, world) = (&mut self.fleet.units[at], &mut self.world);
        let Some(process) = &mut unit.process else { return };
        unit.deaths += 1;
        if dies && process.dies_at.is_none() {
            process.dies_at = Some(world.now);
        } else {
            unit.observe(verdict, world);
        }
    }

    /// Time passes, with a turn at everything that is due.
    fn pass(&mut self, until: Instant) {
        while let Some(next) = self.next().filter(|next| *next <= until) {
            self.world.now = next.max(self.world.now + Duration::from_millis(1));
            self.turn();
        }
        self.world.now = self.world.now.max(until);
    }

    fn next(&self) -> Option<Instant> {
        let own = self.fleet.units.iter().filter_map(Player::deadline);
        own.chain(self.fleet.deadline(self.world.now)).min()
    }

    fn turn(&mut self) {
        assert_eq!(self.fleet.turn(self.world.now, &mut self.world), None);
        let waiting = &self.waiting;
        let answers = self.fleet.answers(self.world.now, |serial| waiting.contains_key(&serial));
        for (serial, answer) in answers {
            assert!(!answer.lines.is_empty() || self.fleet.units.is_empty() || !answer.success);
            self.waiting.remove(&serial);
        }
        for (serial, deadline) in &self.waiting {
            assert!(self.world.now < *deadline, "command {serial} has no answer");
        }
        let names = self.names();
        self.goals.retain(|name, _| names.contains(name));
    }

    fn settle(&mut self) {
        self.pass(self.world.now + Duration::from_secs(3600));
        self.turn();
    }

    fn names(&self) -> Vec<String> {
        self.fleet.units.iter().map(|unit| unit.member.spec.name.clone()).collect()
    }

    fn check(&self) {
        assert!(self.waiting.is_empty(), "never answered: {:?}", self.waiting);
        if self.down {
            assert!(self.fleet.is_down(self.world.now, Duration::MAX), "{:?}", self.fleet.units);
            return;
        }
        let wanted: Vec<String> = self.config.iter().map(|spec| spec.name.clone()).collect();
        assert_eq!(self.names(), wanted, "the programs of the last reload");
        for (unit, spec) in self.fleet.units.iter().zip(self.config) {
            let (name, state) = (&spec.name, unit.member.machine.state());
            assert_eq!(unit.member.spec, *spec, "the configuration of the last reload");
            assert!(unit.member.wishes.change.is_none() && unit.member.wishes.renew.is_none(), "{unit:?}");
            let file = if spec.autostart { Goal::Up } else { Goal::Down };
            if *self.goals.get(name).unwrap_or(&file) == Goal::Down {
                assert_eq!(*state, State::Stopped, "{name} was stopped");
                continue;
            }
            let needs = |other: &&Player| spec.after.iter().any(|name| other.is_called(name));
            let may_start = self.fleet.units.iter().filter(needs).all(Body::satisfies);
            let expected = match (unit.nature(), state) {
                (_, State::Waiting) => !may_start,
                ("good", State::Ready { .. }) | ("deaf", State::Starting { .. }) => true,
                // A probe of the test spoke for it.
                ("good" | "deaf", State::Running { .. } | State::Ready { .. }) => unit.deaths > 0,
                ("job", State::Exited(_)) | ("crashes" | "missing", State::Failed(_)) => true,
                (_, State::Failed(_)) => unit.deaths > 3,
                _ => false,
            };
            assert!(
                expected,
                "{name} ({}) was started and is {state:?}; may start: {may_start}",
                unit.nature()
            );
        }
    }
}
