//! A program that KILL doesn't end, because it waits for a device.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::world::{Player, Random, World};
use crate::{
    config::{Variables, parse},
    fleet::{Body, Fleet, STUCK_AFTER},
    program::State,
};

const SECOND: Duration = Duration::from_secs(1);

/// Two programs, the second after the first; that one has had KILL and shows no sign of it.
fn with_a_stuck_one(keys: &str, now: Instant) -> (Fleet<Player>, World) {
    let text = format!(
        "[program.base]\ncommand = [\"good\", \"0\", \"1\"]\n\
         [program.top]\ncommand = [\"good\", \"0\", \"2\"]\nafter = [\"base\"]\n{keys}"
    );
    let programs = parse(&text, &Variables::default()).unwrap().programs;
    let mut world = World { now, random: Random(1), ports: BTreeMap::new() };
    let mut fleet = Fleet::<Player>::new(&programs, 1);
    let mut at = now;
    while !matches!(fleet.units[1].member().machine.state(), State::Ready { .. }) {
        fleet.turn(at, &mut world);
        at += SECOND;
        world.now = at;
    }
    let top = &mut fleet.units[1];
    let step = top.member_mut().machine.kill(at);
    top.apply(step, &mut world);
    top.process.as_mut().unwrap().dies_at = None;
    (fleet, world)
}

#[test]
fn an_essential_program_that_cannot_be_killed_has_ended() {
    let now = Instant::now();
    let (mut fleet, mut world) = with_a_stuck_one("essential = true\n", now);
    let killed = world.now;
    assert_eq!(fleet.turn(killed + STUCK_AFTER - SECOND, &mut world), None);
    let (mut fleet, mut world) = with_a_stuck_one("essential = true\n", now);
    assert_eq!(fleet.turn(killed + STUCK_AFTER, &mut world).as_deref(), Some("top"));
}

#[test]
fn the_end_does_not_wait_for_what_cannot_be_killed() {
    let (mut fleet, mut world) = with_a_stuck_one("", Instant::now());
    let killed = world.now;
    fleet.shut_down();
    let base = |fleet: &Fleet<Player>| fleet.units[0].member().machine.state().name();
    assert!(!fleet.is_down(killed + STUCK_AFTER - SECOND, STUCK_AFTER));
    assert_eq!(base(&fleet), "ready", "it waits for its turn");
    fleet.turn(killed + STUCK_AFTER, &mut world);
    assert_eq!(base(&fleet), "stopping");
    assert!(!fleet.is_down(killed + STUCK_AFTER, STUCK_AFTER), "the other one still ends");
}
