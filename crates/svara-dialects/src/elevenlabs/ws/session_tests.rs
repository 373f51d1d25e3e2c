use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const INACTIVITY: Duration = Duration::from_secs(20);

fn session(kind: Kind) -> (Session, Instant) {
    let now = Instant::now();
    let rules =
        Rules { kind, auto_mode: false, inactivity: INACTIVITY, max_characters: 500, drops_thoughts: true };
    (Session::new(rules, now), now)
}

fn message(fields: Value) -> ClientMessage {
    serde_json::from_value(fields).unwrap()
}

/// The actions in short.
fn said(actions: &[Action]) -> Vec<String> {
    let name = |id: &Option<String>| id.as_ref().map_or(String::new(), |id| format!("{id}:"));
    actions
        .iter()
        .map(|action| match action {
            Action::Speak { id, text, .. } => format!("{}{text}", name(id)),
            Action::Finish { .. } => "finish".to_owned(),
            Action::End { id, .. } => format!("{}end", name(id)),
            Action::Tell { id, error, .. } => format!("{}error {}", name(id), error.kind.name()),
            Action::Close { code, .. } => format!("close {code}"),
        })
        .collect()
}

#[test]
fn a_stream_speaks_by_sentences_and_ends_with_an_empty_text() {
    let (mut session, now) = session(Kind::Single);
    let mut send = |fields| said(&session.on_message(message(fields), now).unwrap());
    assert_eq!(send(json!({"text": " "})), [""; 0]);
    assert_eq!(send(json!({"text": "Hello there. "})), [" Hello there. "]);
    // Said while the first is: one request, once that is over.
    assert_eq!(send(json!({"text": "How are you? "})), [""; 0]);
    assert_eq!(send(json!({"text": "I am fine"})), [""; 0]);
    assert_eq!(send(json!({"text": ""})), [""; 0]);
    assert_eq!(send(json!({"text": "ignored. "})), [""; 0]);
    assert_eq!(said(&session.on_said(0, now)), ["How are you? I am fine"]);
    assert_eq!(said(&session.on_said(0, now)), ["finish", "end", "close 1000"]);
    assert_eq!(session.deadline(), None);
}

#[test]
fn a_flush_says_what_is_there_and_goes_on() {
    let (mut session, now) = session(Kind::Single);
    let mut send = |fields| said(&session.on_message(message(fields), now).unwrap());
    assert_eq!(send(json!({"text": "well", "flush": true})), ["well"]);
    assert_eq!(said(&session.on_said(0, now)), ["finish"]);
    let mut send = |fields| said(&session.on_message(message(fields), now).unwrap());
    assert_eq!(send(json!({"text": "then. "})), ["then. "]);
}

#[test]
fn a_stream_that_says_nothing_ends_well() {
    let (mut session, now) = session(Kind::Single);
    let actions = session.on_message(message(json!({"text": ""})), now).unwrap();
    assert_eq!(said(&actions), ["finish", "end", "close 1000"]);
}

#[test]
fn contexts_speak_beside_each_other() {
    let (mut session, now) = session(Kind::Multi);
    let mut send = |fields| said(&session.on_message(message(fields), now).unwrap());
    assert_eq!(send(json!({"text": "One. ", "context_id": "a"})), ["a:One. "]);
    assert_eq!(send(json!({"text": "Two. ", "contextId": "b"})), ["b:Two. "]);
    assert_eq!(send(json!({"text": "Three. "})), ["default:Three. "]);
    // Not flushed: it is broken off at once, and the id is free.
    assert_eq!(send(json!({"context_id": "a", "close_context": true})), ["a:end"]);
    assert_eq!(send(json!({"text": "Four. ", "context_id": "a"})), ["a:Four. "]);
    // Flushed: it ends once all is said.
    assert_eq!(send(json!({"text": "five", "context_id": "b", "flush": true})), [""; 0]);
    assert_eq!(send(json!({"context_id": "b", "close_context": true})), [""; 0]);
    assert_eq!(said(&session.on_said(1, now)), ["b:five"]);
    assert_eq!(said(&session.on_said(1, now)), ["finish", "b:end"]);
    assert_eq!(said(&session.on_message(message(json!({"close_socket": true})), now).unwrap()), [""; 0]);
    assert_eq!(said(&session.on_said(2, now)), ["finish", "default:end"]);
    assert_eq!(said(&session.on_said(3, now)), ["finish", "a:end", "close 1000"]);
}

/// A flush alone ends a turn, and so does a close that comes with its text. A close behind one of several flushed sentences
/// comes from somebody who is interrupted.
#[test]
fn a_close_in_the_middle_of_a_turn_ends_it_at_once() {
    let (mut session, now) = session(Kind::Multi);
    let at = |ms| now + Duration::from_millis(ms);
    let mut send = |id: &str, mut fields: Value, ms| {
        fields["context_id"] = id.into();
        said(&session.on_message(message(fields), at(ms)).unwrap())
    };
    let close = || json!({"close_context": true});
    assert_eq!(send("a", json!({"text": "One. ", "flush": true}), 0), ["a:One. "]);
    assert_eq!(send("a", json!({"text": "Two. ", "flush": true}), 100), [""; 0]);
    assert_eq!(send("a", close(), 600), ["a:end"]);
    assert_eq!(send("b", json!({"text": "One. ", "flush": true}), 600), ["b:One. "]);
    assert_eq!(send("b", json!({"text": "", "flush": true}), 700), [""; 0]);
    assert_eq!(send("b", close(), 5_000), [""; 0]);
    assert_eq!(send("b", close(), 6_000), ["b:end"]);
    assert_eq!(send("c", json!({"text": "One. ", "flush": true}), 6_000), ["c:One. "]);
    assert_eq!(send("c", close(), 6_001), [""; 0]);
    assert_eq!(send("c", close(), 6_002), ["c:end"]);
    // In one message.
    let whole = |text: &str| json!({"text": text, "flush": true, "close_context": true});
    assert_eq!(send("d", json!({"text": "One. "}), 7_000), ["d:One. "]);
    assert_eq!(send("d", whole("Two"), 9_000), [""; 0]);
    assert_eq!(said(&session.on_said(3, at(9_500))), ["d:Two"]);
    assert_eq!(said(&session.on_said(3, at(9_900))), ["finish", "d:end"]);
    let mut send = |fields: Value| said(&session.on_message(message(fields), at(10_000)).unwrap());
    assert_eq!(
        send(json!({"context_id": "e", "text": "All", "flush": true, "close_context": true})),
        ["e:All"]
    );
    assert_eq!(said(&session.on_said(4, at(11_000))), ["finish", "e:end"]);
}

#[test]
fn contexts_without_a_text_cost_nothing() {
    let (mut session, now) = session(Kind::Multi);
    let mut send = |fields: Value| said(&session.on_message(message(fields), now).unwrap());
    for id in 0..MAX_CONTEXTS {
        assert_eq!(send(json!({"text": " ", "context_id": id.to_string()})), [""; 0]);
    }
    assert_eq!(send(json!({"text": "One. ", "context_id": "x"})), ["0:end", "x:One. "]);
    for id in 10..30 {
        assert_eq!(send(json!({"text": " ", "context_id": id.to_string()})).len(), usize::from(id > 10));
    }
    assert!(session.takes_more());
}

#[test]
fn an_empty_text_keeps_contexts_alive() {
    let (mut session, now) = session(Kind::Multi);
    let at = |seconds| now + Duration::from_secs(seconds);
    session.on_message(message(json!({"text": " ", "context_id": "a"})), now).unwrap();
    session.on_message(message(json!({"text": " ", "context_id": "b"})), now).unwrap();
    session.on_message(message(json!({"text": "", "context_id": "a"})), at(10)).unwrap();
    assert_eq!(session.deadline(), Some(at(20)));
    assert_eq!(said(&session.on_time(at(19))), [""; 0]);
    assert_eq!(said(&session.on_time(at(20))), ["b:end"]);
    // Without a name it is for all of them.
    session.on_message(message(json!({"text": ""})), at(25)).unwrap();
    assert_eq!(session.deadline(), Some(at(45)));
    assert_eq!(said(&session.on_time(at(45))), ["a:end"]);
    assert_eq!(said(&session.on_time(at(45))), ["error input_timeout_exceeded", "close 1008"]);
}

#[test]
fn a_silent_stream_is_closed_but_not_while_it_speaks() {
    let (mut session, now) = session(Kind::Single);
    let at = |seconds| now + Duration::from_secs(seconds);
    session.on_message(message(json!({"text": "Hello. "})), now).unwrap();
    assert_eq!(session.deadline(), None);
    session.on_said(0, at(60));
    assert_eq!(said(&session.on_time(at(79))), [""; 0]);
    assert_eq!(said(&session.on_time(at(80))), ["error input_timeout_exceeded", "close 1008"]);
}

#[test]
fn what_is_too_much_is_refused() {
    let (mut session, now) = session(Kind::Multi);
    for id in 0..MAX_CONTEXTS {
        session.on_message(message(json!({"text": "a", "context_id": id.to_string()})), now).unwrap();
    }
    let error = session.on_message(message(json!({"text": " ", "context_id": "x"})), now).unwrap_err();
    assert_eq!(error.field, Some("context_id"));
    let error = session.on_message(message(json!({"text": "a".repeat(501), "context_id": "1"})), now);
    assert_eq!(error.unwrap_err().field, Some("text"));
    let long = json!({"text": " ", "context_id": "x".repeat(129)});
    assert_eq!(session.on_message(message(long), now).unwrap_err().field, Some("context_id"));
    let settings = json!({"text": " ", "context_id": "1", "voice_settings": {"stability": 2}});
    assert_eq!(
        session.on_message(message(settings), now).unwrap_err().field,
        Some("voice_settings.stability")
    );
}

#[test]
fn a_failure_ends_a_stream_but_only_the_context_of_several() {
    let error = || ApiError::internal("no");
    let (mut single, now) = session(Kind::Single);
    single.on_message(message(json!({"text": "Hello. "})), now).unwrap();
    assert_eq!(said(&single.on_failed(0, error(), now)), ["error internal_error", "close 1011"]);
    let (mut multi, now) = session(Kind::Multi);
    multi.on_message(message(json!({"text": "One. ", "context_id": "a"})), now).unwrap();
    multi.on_message(message(json!({"text": "Two. ", "context_id": "b"})), now).unwrap();
    assert_eq!(said(&multi.on_failed(0, error(), now)), ["a:error internal_error", "a:end"]);
    assert_eq!(said(&multi.on_said(1, now)), [""; 0]);
}

#[test]
fn a_server_that_stops_lets_contexts_finish() {
    let (mut idle, _) = session(Kind::Multi);
    assert_eq!(said(&idle.on_drain()), ["close 1001"]);
    let (mut busy, now) = session(Kind::Single);
    busy.on_message(message(json!({"text": "One. "})), now).unwrap();
    assert_eq!(said(&busy.on_drain()), [""; 0]);
    assert_eq!(said(&busy.on_said(0, now)), [""; 0]);
    busy.on_message(message(json!({"text": ""})), now).unwrap();
    let (mut contexts, now) = session(Kind::Multi);
    contexts.on_message(message(json!({"text": " ", "context_id": "a"})), now).unwrap();
    assert_eq!(said(&contexts.on_drain()), [""; 0]);
    let closed =
        contexts.on_message(message(json!({"close_context": true, "context_id": "a"})), now).unwrap();
    assert_eq!(said(&closed), ["a:end", "close 1001"]);
}

proptest! {
    /// Whatever comes in whatever order: a context says one thing at a time, in order, nothing twice; nothing happens
    /// after the close; and a socket that is told to close does, once all is said.
    #[test]
    fn any_order_of_events_is_borne(
        multi in any::<bool>(),
        auto_mode in any::<bool>(),
        events in prop::collection::vec((0u8..9, 0usize..7, "[a-c .?]{0,12}"), 0..80),
    ) {
        let kind = if multi { Kind::Multi } else { Kind::Single };
        let start = Instant::now();
        let rules = Rules { kind, auto_mode, inactivity: INACTIVITY, max_characters: 200, drops_thoughts: true };
        let mut session = Session::new(rules, start);
        let mut now = start;
        let mut speaking: Vec<Key> = Vec::new();
        let mut closed = false;
        let mut check = |actions: Vec<Action>, speaking: &mut Vec<Key>| {
            for action in actions {
                assert!(!closed, "{action:?} after the close");
                match action {
                    Action::Speak { key, text, .. } => {
                        assert!(!speaking.contains(&key), "two at once");
                        assert!(text.contains(char::is_alphanumeric));
                        speaking.push(key);
                    }
                    Action::Finish { key } => assert!(!speaking.contains(&key)),
                    Action::End { key, .. } => speaking.retain(|other| *other != key),
                    Action::Tell { .. } => {}
                    Action::Close { .. } => {
                        speaking.clear();
                        closed = true;
                    }
                }
            }
        };
        for (event, number, text) in events {
            now += Duration::from_secs(number as u64);
            let id = ["a", "b", "c", "d", "e", "f", "g"][number];
            let fields = match event {
                0..=2 => json!({"text": text, "context_id": id, "try_trigger_generation": event == 1}),
                3 => json!({"text": text, "flush": true, "context_id": id}),
                4 => json!({"close_context": true, "context_id": id}),
                5 => json!({"text": text}),
                6 => json!({"close_socket": number == 0}),
                7 => {
                    if let Some(key) = speaking.first().copied() {
                        speaking.remove(0);
                        let failed = number == 0;
                        let actions = if failed {
                            session.on_failed(key, ApiError::internal("no"), now)
                        } else {
                            session.on_said(key, now)
                        };
                        check(actions, &mut speaking);
                    }
                    continue;
                }
                _ => {
                    let actions = session.on_time(now);
                    check(actions, &mut speaking);
                    continue;
                }
            };
            let actions = session.on_message(message(fields), now);
            let actions = actions.unwrap_or_else(|error| session.fail(error));
            check(actions, &mut speaking);
        }
        // Told to close, it does so once all is said.
        let end = if multi { json!({"close_socket": true}) } else { json!({"text": ""}) };
        let actions = session.on_message(message(end), now).unwrap_or_else(|error| session.fail(error));
        check(actions, &mut speaking);
        for _ in 0..100 {
            let Some(key) = speaking.pop() else { break };
            let actions = session.on_said(key, now);
            check(actions, &mut speaking);
        }
        prop_assert!(closed && speaking.is_empty());
    }
}

#[test]
fn a_second_close_ends_what_was_flushed() {
    let (mut session, now) = session(Kind::Multi);
    let mut send = |fields| said(&session.on_message(message(fields), now).unwrap());
    for turn in 0..12 {
        let id = format!("turn{turn}");
        assert_eq!(
            send(json!({"text": "A long reply. ", "context_id": id})),
            [format!("{id}:A long reply. ")]
        );
        assert_eq!(send(json!({"context_id": id, "flush": true})), [""; 0]);
        assert_eq!(send(json!({"context_id": id, "close_context": true})), [""; 0]);
        assert_eq!(send(json!({"context_id": id, "close_context": true})), [format!("{id}:end")]);
        assert_eq!(send(json!({"context_id": id, "close_context": true})), [""; 0]);
    }
}

#[test]
fn closed_contexts_that_speak_hold_messages_back_and_fail_none() {
    let (mut session, now) = session(Kind::Multi);
    for turn in 0..MOST_USED {
        assert!(session.takes_more(), "{turn}");
        let id = turn.to_string();
        for fields in [
            json!({"text": "A reply. ", "context_id": id}),
            json!({"context_id": id, "flush": true}),
            json!({"context_id": id, "close_context": true}),
        ] {
            session.on_message(message(fields), now).unwrap();
        }
    }
    assert!(!session.takes_more());
    assert_eq!(said(&session.on_said(0, now)), ["finish", "0:end"]);
    assert!(session.takes_more());
}

#[test]
fn text_is_read_no_faster_than_it_is_said() {
    for kind in [Kind::Single, Kind::Multi] {
        let (mut session, now) = session(kind);
        let (mut sent, mut spoken) = (0, 0);
        // 160 messages of 50 characters, where 2000 may wait.
        while sent < 160 {
            if session.takes_more() {
                session
                    .on_message(message(json!({"text": format!("{} ", "a".repeat(48)) + "."})), now)
                    .unwrap();
                sent += 1;
            } else {
                session.on_said(0, now);
                spoken += 1;
            }
        }
        assert!(spoken > 2, "{spoken}");
    }
}

#[test]
fn no_speech_is_longer_than_one_may_be() {
    let (mut session, now) = session(Kind::Single);
    let text = "word ".repeat(90);
    let mut said = vec![session.on_message(message(json!({"text": "First. "})), now).unwrap()];
    session.on_message(message(json!({"text": text})), now).unwrap();
    session.on_message(message(json!({"text": text})), now).unwrap();
    session.on_message(message(json!({"text": ""})), now).unwrap();
    loop {
        let next = session.on_said(0, now);
        let over = next.iter().any(|action| matches!(action, Action::Close { .. }));
        said.push(next);
        if over {
            break;
        }
    }
    let texts = said.into_iter().flatten().filter_map(|action| match action {
        Action::Speak { text, .. } => Some(text),
        _ => None,
    });
    let texts: Vec<String> = texts.collect();
    assert!(texts.iter().all(|text| text.chars().count() <= 500), "{texts:?}");
    assert_eq!(texts.concat().split_whitespace().count(), 181);
}
