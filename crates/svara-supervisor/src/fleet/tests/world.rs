//! A world of played processes that hold ports.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    time::{Duration, Instant},
};

use crate::{
    config::{ProgramSpec, Variables, parse},
    fleet::{Body, Member},
    process::Exit,
    program::{Action, Cause, Observation, State, Step},
};

/// SplitMix64.
#[derive(Clone, Debug)]
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }

    pub(super) fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        &among[self.below(among.len() as u64) as usize]
    }

    fn millis(&mut self, limit: u64) -> Duration {
        Duration::from_millis(self.below(limit))
    }
}

/// Natures of programs: the first word of a command.
const NATURES: [&str; 7] = ["good", "good", "good", "job", "crashes", "deaf", "missing"];

/// Configurations in which the same names have other ports, natures, replicas and dependencies.
pub(super) fn configurations(count: usize) -> Vec<Vec<ProgramSpec>> {
    let mut random = Random(1);
    let mut configs = Vec::new();
    while configs.len() < count {
        let mut ports: Vec<u64> = (0..6).collect();
        let mut text = String::new();
        let mut names: Vec<&str> = Vec::new();
        for name in ["a", "b", "c", "d"] {
            if random.below(4) == 0 {
                continue;
            }
            let replicas = 1 + random.below(2).min(ports.len() as u64 - 1);
            let first = random.below(ports.len() as u64) as usize;
            let after: Vec<&&str> = names.iter().filter(|_| random.below(3) == 0).collect();
            let (autostart, nature) = (random.below(5) != 0, random.pick(&NATURES));
            let restart = if *nature == "job" { "on-failure" } else { "always" };
            // Each replica gets two ports to choose from, of which it holds one.
            let mine: Vec<u64> =
                (0..replicas).map(|n| ports.remove((first + n as usize) % ports.len())).collect();
            let list = mine.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
            let _ = writeln!(
                text,
                "[program.{name}]\ncommand = [\"{nature}\", \"${{INDEX}}\", \"{list}\"]\nreplicas = {replicas}\n\
                 after = {after:?}\nautostart = {autostart}\nrestart = \"{restart}\"\nmax_restarts = 3"
            );
            names.push(name);
            if ports.len() < 2 {
                break;
            }
        }
        if !names.is_empty() {
            configs.push(parse(&text, &Variables::default()).unwrap().programs);
        }
    }
    configs
}

fn port(spec: &ProgramSpec) -> u64 {
    let index: usize = spec.command[1].parse().unwrap();
    spec.command[2].split(' ').nth(index).unwrap().parse().unwrap()
}

/// What all played processes share.
#[derive(Debug)]
pub(super) struct World {
    pub(super) now: Instant,
    pub(super) random: Random,
    pub(super) ports: BTreeMap<u64, String>,
}

/// A process and what it will do.
#[derive(Debug)]
pub(super) struct Played {
    port: u64,
    ready_at: Option<Instant>,
    pub(super) dies_at: Option<Instant>,
    gone_at: Option<Instant>,
    exit: Exit,
}

#[derive(Debug)]
pub(super) struct Player {
    pub(super) member: Member,
    pub(super) process: Option<Played>,
    /// Deaths that the test brought about.
    pub(super) deaths: u32,
}

impl Player {
    pub(super) fn nature(&self) -> &str {
        &self.member.spec.command[0]
    }

    /// When it does something by itself.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let process = self.process.as_ref();
        let own =
            process.into_iter().flat_map(|process| [process.ready_at, process.dies_at, process.gone_at]);
        own.flatten().chain(self.member.machine.deadline()).min()
    }

    pub(super) fn observe(&mut self, what: Observation, world: &mut World) {
        let generation = self.member.machine.generation();
        let step = self.member.machine.observe(world.now, generation, what);
        self.apply(step, world);
    }

    fn spawn(&mut self, world: &mut World) {
        assert!(self.process.is_none(), "{} runs twice", self.member.spec.name);
        if self.nature() == "missing" {
            let step = self.member.machine.spawn_failed(world.now, "missing".into());
            return self.apply(step, world);
        }
        let (now, port) = (world.now, port(&self.member.spec));
        let holder = world.ports.insert(port, self.member.spec.name.clone());
        assert_eq!(holder, None, "{} starts while this one holds port {port}", self.member.spec.name);
        let ready_at = (self.nature() != "deaf").then(|| now + world.random.millis(20_000));
        let ends = matches!(self.nature(), "crashes" | "job");
        let dies_at = ends.then(|| now + world.random.millis(3000));
        let exit = Exit::Code(i32::from(self.nature() != "job"));
        self.process = Some(Played { port, ready_at, dies_at, gone_at: None, exit });
    }
}

impl Body for Player {
    type Shell = World;

    fn new(member: Member) -> Self {
        Self { member, process: None, deaths: 0 }
    }

    fn member(&self) -> &Member {
        &self.member
    }

    fn member_mut(&mut self) -> &mut Member {
        &mut self.member
    }

    fn logs_moved(&mut self) {}

    fn renewed(&mut self) {
        assert!(self.process.is_none(), "{} has a process of its old configuration", self.member.spec.name);
        self.deaths = 0;
    }

    fn apply(&mut self, step: Step, world: &mut World) {
        for action in step.actions {
            match (action, &mut self.process) {
                (Action::Spawn(_), _) => self.spawn(world),
                (Action::Terminate, Some(process)) => {
                    process.ready_at = None;
                    // Some take longer than their grace.
                    let dies = world.now + world.random.millis(15_000);
                    process.dies_at = Some(process.dies_at.map_or(dies, |at| at.min(dies)));
                }
                (Action::Kill, Some(process)) => {
                    process.ready_at = None;
                    process.dies_at = process.dies_at.map(|at| at.min(world.now)).or(process.dies_at);
                    if process.gone_at.is_none() {
                        process.dies_at = Some(world.now);
                    } else {
                        process.gone_at = Some(world.now);
                    }
                }
                (Action::Terminate | Action::Kill, None) => {
                    panic!("{}: nobody to signal", self.member.spec.name)
                }
            }
        }
    }

    fn look(&mut self, now: Instant, world: &mut World) {
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if self.process.as_ref().is_some_and(|process| due(process.ready_at)) {
            self.process.as_mut().unwrap().ready_at = None;
            self.observe(Observation::Started, world);
            self.observe(Observation::Ready, world);
        }
        if let Some(process) = self.process.as_mut().filter(|process| due(process.dies_at)) {
            process.dies_at = None;
            // What is left of its group takes a while.
            process.gone_at = Some(now + world.random.millis(500));
            let exit = process.exit;
            self.observe(Observation::Exited(exit), world);
        }
        if matches!(self.member.machine.state(), State::Stopping(_))
            && let Some(process) = self.process.take_if(|process| due(process.gone_at))
        {
            world.ports.remove(&process.port);
            self.observe(Observation::Gone, world);
        }
    }
}

/// Anything that a probe may say.
pub(super) fn any_verdict(random: &mut Random) -> Observation {
    match random.below(4) {
        0 => Observation::Started,
        1 => Observation::Ready,
        2 => Observation::Unready("503".into()),
        _ => Observation::Unhealthy(Cause::Liveness("deaf".into())),
    }
}
