use proptest::prelude::*;

use super::*;

const NOW: Duration = Duration::ZERO;
const BOUND: usize = 64;

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn carries(live: f64) -> Capacity {
    Capacity { live, bound: BOUND }
}

fn asks(class: Class, held: Duration) -> Asks {
    Asks { class, name: None, held }
}

fn places(all: usize) -> Places {
    Places { all, per_key: all }
}

/// How many of `count` speeches that ask run.
fn ask(room: &mut Room, class: Class, count: usize, capacity: Capacity) -> usize {
    let answers = (0..count).map(|_| room.ask(asks(class, s(10)), NOW, capacity, places(0)));
    answers.filter(|answer| matches!(answer, Answer::Runs(_))).count()
}

#[test]
fn jobs_take_what_is_left_and_keep_no_listener_out() {
    let mut room = Room::default();
    assert_eq!(ask(&mut room, Class::Job, 50, carries(6.7)), 6);
    assert_eq!(ask(&mut room, Class::Whole, 50, carries(6.7)), 6);
    assert_eq!(ask(&mut room, Class::Live, 50, carries(6.7)), 6);
    assert!(room.is_full(carries(6.7)));
    // Beside five listeners there is room for one more, and each class always has one.
    let mut room = Room::default();
    assert_eq!(ask(&mut room, Class::Live, 5, carries(6.7)), 5);
    assert_eq!(ask(&mut room, Class::Whole, 50, carries(6.7)), 1);
    assert_eq!(ask(&mut room, Class::Job, 50, carries(6.7)), 1);
    assert!(!room.is_full(carries(6.7)));
}

#[test]
fn a_bound_holds_for_all_classes_together() {
    let capacity = Capacity { live: 100.0, bound: 3 };
    let mut room = Room::default();
    assert_eq!(ask(&mut room, Class::Job, 2, capacity), 2);
    assert_eq!(ask(&mut room, Class::Live, 5, capacity), 1);
    assert!(room.is_full(capacity));
}

#[test]
fn the_wait_is_until_enough_have_ended() {
    let mut room = Room::default();
    for held in [4, 8] {
        room.ask(asks(Class::Live, s(held)), NOW, carries(2.0), places(9));
    }
    room.ask(asks(Class::Job, s(1)), NOW, carries(2.0), places(9));
    let wait = |room: &Room| room.expected_wait(Class::Live, s(1), carries(2.0)).as_secs();
    assert_eq!(wait(&room), 3);
    room.ask(asks(Class::Live, s(6)), NOW, carries(2.0), places(9));
    assert_eq!(wait(&room), 7);
    // The first one's place is free after 3 s, and again 6 s later.
    room.ask(asks(Class::Live, s(6)), NOW, carries(2.0), places(9));
    assert_eq!(wait(&room), 9);
    assert_eq!(room.expected_wait(Class::Live, s(1), carries(1.0)).as_secs(), 13, "two must end");
}

fn live_of(name: &str) -> Asks {
    Asks { name: Some(name.to_owned()), ..asks(Class::Live, s(5)) }
}

#[test]
fn a_place_goes_to_the_key_that_has_the_fewest() {
    let (mut room, capacity, places) = (Room::default(), carries(3.0), places(10));
    let ask = |room: &mut Room, name| room.ask(live_of(name), NOW, capacity, places);
    let running: Vec<Ticket> = (0..3)
        .map(|_| match ask(&mut room, "a") {
            Answer::Runs(ticket) => ticket,
            other => panic!("{other:?}"),
        })
        .collect();
    let wait = |room: &mut Room, name| match ask(room, name) {
        Answer::Waits(ticket) => ticket,
        other => panic!("{other:?}"),
    };
    let first: Vec<Ticket> = (0..3).map(|_| wait(&mut room, "a")).collect();
    let second: Vec<Ticket> = (0..2).map(|_| wait(&mut room, "b")).collect();
    let mut order = Vec::new();
    for ticket in running {
        room.leave(ticket, NOW);
        order.extend(room.next(NOW, capacity));
    }
    // a holds two when b's first comes, then one beside b's one.
    assert_eq!(order, [second[0], first[0], second[1]]);
}

#[test]
fn a_key_has_a_share_of_the_queue() {
    let (mut room, capacity) = (Room::default(), carries(1.0));
    let places = Places { all: 3, per_key: 2 };
    let mut ask = |name: Option<&str>| {
        let asks = Asks { name: name.map(str::to_owned), ..live_of("a") };
        room.ask(asks, NOW, capacity, places)
    };
    assert!(matches!(ask(Some("a")), Answer::Runs(_)));
    assert!(matches!((ask(Some("a")), ask(Some("a"))), (Answer::Waits(_), Answer::Waits(_))));
    assert_eq!(ask(Some("a")), Answer::Full(QueueFull::Key(2)));
    assert!(matches!(ask(Some("b")), Answer::Waits(_)));
    assert_eq!(ask(Some("b")), Answer::Full(QueueFull::Server));
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Asks(Class),
    Leaves(usize),
    Carries(f64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let class = prop::sample::select(CLASSES.to_vec());
    let event = prop_oneof![
        4 => class.prop_map(Event::Asks),
        3 => (0usize..100).prop_map(Event::Leaves),
        1 => (0.0f64..12.0).prop_map(Event::Carries),
    ];
    prop::collection::vec(event, 0..200)
}

proptest! {
    /// No live stream is let in beyond what is carried at that moment; whoever could run doesn't wait; those of a class
    /// come in their order; and once all have left, somebody is let in, whatever was estimated.
    #[test]
    fn everybody_gets_what_is_theirs(events in events(), bound in 1usize..12, queue in 0usize..6) {
        let (mut room, mut capacity) = (Room::default(), Capacity { live: 4.0, bound });
        let mut running: Vec<Ticket> = Vec::new();
        let mut order: [Vec<Ticket>; 3] = [Vec::new(), Vec::new(), Vec::new()];
        for (at, event) in events.into_iter().enumerate() {
            let (now, live) = (s(at as u64), room.running().live);
            let mut entered = Vec::new();
            match event {
                Event::Asks(class) => match room.ask(asks(class, s(5)), now, capacity, places(queue)) {
                    Answer::Runs(ticket) => entered.push(ticket),
                    Answer::Waits(ticket) => order[class as usize].push(ticket),
                    Answer::Full(_) => {
                        prop_assert!(room.waiting() >= queue && room.running().all() > 0);
                        room.expected_wait(class, now, capacity);
                    }
                },
                Event::Leaves(index) if !running.is_empty() => {
                    let ticket = running.remove(index % running.len());
                    prop_assert!(room.leave(ticket, now).is_some());
                }
                Event::Leaves(_) => {}
                Event::Carries(live) => capacity.live = live,
            }
            while let Some(ticket) = room.next(now, capacity) {
                let class = order.iter_mut().find(|class| class.first() == Some(&ticket));
                prop_assert!(class.is_some(), "out of order");
                class.unwrap().remove(0);
                entered.push(ticket);
            }
            let after = room.running();
            prop_assert!(after.all() <= bound && room.waiting() <= queue);
            prop_assert!(after.live <= live || after.live <= capacity.streams());
            running.extend(entered);
            prop_assert_eq!(running.len(), after.all());
        }
        for ticket in running {
            room.leave(ticket, NOW);
        }
        capacity.live = 0.0;
        let next = room.next(NOW, capacity).is_some();
        let waits = order.iter().any(|class| !class.is_empty());
        prop_assert!(next == waits && (waits || ask(&mut room, Class::Live, 1, capacity) == 1));
    }
}
