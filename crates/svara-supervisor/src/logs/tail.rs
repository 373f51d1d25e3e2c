//! A program's last lines, in memory, and those who follow it.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::{Rc, Weak},
};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::{lines::whole_characters, record::Stream};

/// Lines kept per program.
pub const KEEP_LINES: usize = 200;

/// Longer lines are truncated to this length in memory.
const KEEP_BYTES: usize = 2048;

/// What a follower may be behind by.
const BEHIND_BYTES: usize = 1 << 20;

/// One line of output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TailLine {
    /// The output that it was printed to.
    pub stream: Stream,
    /// The line without its newline.
    pub text: String,
}

/// What a follower gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// A line.
    Line(TailLine),
    /// So many lines are missing here: the follower was too slow.
    LeftOut(u64),
}

/// A program's last lines, and the followers of new ones.
#[derive(Debug, Default)]
pub struct Tail {
    lines: VecDeque<TailLine>,
    followers: Vec<Weak<Queue>>,
    awaited: Vec<Weak<AwaitedLine>>,
}

/// A line that somebody waits for.
#[derive(Debug)]
pub struct AwaitedLine {
    part: String,
    /// The ends of what has been read of both outputs: the rest of the part may follow.
    ends: RefCell<[Vec<u8>; 2]>,
    seen: Cell<bool>,
    appeared: Notify,
}

impl AwaitedLine {
    /// Waits until a line with this part has been printed; returns at once if one has.
    pub async fn seen(&self) {
        while !self.seen.get() {
            self.appeared.notified().await;
        }
    }

    fn look(&self, stream: Stream, read: &[u8]) {
        if self.seen.get() {
            return;
        }
        let part = self.part.as_bytes();
        let [stdout, stderr] = &mut *self.ends.borrow_mut();
        let end = if stream == Stream::Stdout { stdout } else { stderr };
        end.extend_from_slice(read);
        if end.windows(part.len().max(1)).any(|found| found == part) {
            self.seen.set(true);
            self.appeared.notify_one();
        }
        end.drain(..end.len().saturating_sub(part.len().saturating_sub(1)));
    }
}

/// Where a follower's lines wait for it.
#[derive(Debug, Default)]
struct Queue {
    waiting: RefCell<Waiting>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: VecDeque<TailLine>,
    bytes: usize,
    left_out: u64,
}

/// Receives the lines of a program. It gets every line, or is told how many are missing.
#[derive(Debug)]
pub struct Follower(Rc<Queue>);

impl Tail {
    /// Adds complete lines.
    pub fn push(&mut self, stream: Stream, text: &[u8]) {
        self.followers.retain(|follower| follower.strong_count() > 0);
        for line in text.strip_suffix(b"\n").unwrap_or(text).split(|byte| *byte == b'\n') {
            for follower in self.followers.iter().filter_map(Weak::upgrade) {
                follower.waiting.borrow_mut().push(stream, line);
            }
            let (kept, _) = line.split_at(whole_characters(line, KEEP_BYTES));
            if self.lines.len() == KEEP_LINES {
                self.lines.pop_front();
            }
            self.lines.push_back(TailLine { stream, text: String::from_utf8_lossy(kept).into_owned() });
        }
        self.followers.iter().filter_map(Weak::upgrade).for_each(|follower| follower.filled.notify_one());
    }

    /// Looks for awaited lines in what was read, before it is divided into lines: those that are too long, or whose end is
    /// late, are cut anywhere.
    pub(super) fn look(&mut self, stream: Stream, read: &[u8]) {
        self.awaited.retain(|awaited| awaited.strong_count() > 0);
        self.awaited.iter().filter_map(Weak::upgrade).for_each(|awaited| awaited.look(stream, read));
    }

    /// Forgets the last lines; followers get those that wait for them.
    pub fn clear(&mut self) {
        self.lines.clear();
    }

    /// Whether somebody follows.
    pub fn is_followed(&self) -> bool {
        !self.followers.is_empty()
    }

    /// The last `count` lines, of one stream or of both.
    pub fn last(&self, count: usize, stream: Option<Stream>) -> Vec<TailLine> {
        let wanted = self.lines.iter().filter(|line| stream.is_none_or(|stream| line.stream == stream));
        let mut lines: Vec<TailLine> = wanted.rev().take(count).cloned().collect();
        lines.reverse();
        lines
    }

    /// Waits for a line that contains this, from now on.
    pub fn await_line(&mut self, part: &str) -> Rc<AwaitedLine> {
        let awaited = Rc::new(AwaitedLine {
            part: part.to_owned(),
            ends: RefCell::default(),
            seen: Cell::new(false),
            appeared: Notify::new(),
        });
        self.awaited.push(Rc::downgrade(&awaited));
        awaited
    }

    /// Receives every line from now on.
    pub fn follow(&mut self) -> Follower {
        let queue = Rc::<Queue>::default();
        self.followers.push(Rc::downgrade(&queue));
        Follower(queue)
    }
}

impl Waiting {
    /// A follower that is behind by too much gets a mark in place of the newest lines: what it has is without a gap.
    fn push(&mut self, stream: Stream, line: &[u8]) {
        if self.left_out > 0 || self.bytes + line.len() > BEHIND_BYTES {
            self.left_out += 1;
            return;
        }
        // Empty lines take room as well.
        self.bytes += line.len() + 64;
        self.lines.push_back(TailLine { stream, text: String::from_utf8_lossy(line).into_owned() });
    }

    fn pop(&mut self) -> Option<Followed> {
        if let Some(line) = self.lines.pop_front() {
            self.bytes = self.bytes.saturating_sub(line.text.len() + 64);
            return Some(Followed::Line(line));
        }
        self.bytes = 0;
        let left_out = std::mem::take(&mut self.left_out);
        (left_out > 0).then_some(Followed::LeftOut(left_out))
    }
}

impl Follower {
    /// The next line; waits for it.
    pub async fn next(&mut self) -> Followed {
        loop {
            if let Some(next) = self.0.waiting.borrow_mut().pop() {
                return next;
            }
            self.0.filled.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn a_follower_gets_every_line_or_their_number() {
        let mut tail = Tail::default();
        let mut follower = tail.follow();
        let line = "x".repeat(999);
        for _ in 0..2000 {
            tail.push(Stream::Stdout, format!("{line}\n").as_bytes());
        }
        let mut got = 0;
        let left_out = loop {
            match follower.next().await {
                Followed::Line(_) => got += 1,
                Followed::LeftOut(lines) => break lines,
            }
        };
        assert_eq!(got + left_out, 2000);
        assert!(got > 900, "{got}");
        tail.push(Stream::Stdout, b"\nnext\n");
        let line = |text: &str| Followed::Line(TailLine { stream: Stream::Stdout, text: text.into() });
        assert_eq!([follower.next().await, follower.next().await], [line(""), line("next")]);
    }

    #[test]
    fn a_part_is_found_wherever_it_is_cut() {
        let mut tail = Tail::default();
        let awaited = tail.await_line("READY");
        for read in [&b"REA"[..], b"x RE", b"AD"] {
            tail.look(Stream::Stdout, read);
        }
        tail.look(Stream::Stderr, b"Y");
        assert!(!awaited.seen.get(), "of one output");
        tail.look(Stream::Stdout, b"Y to go");
        assert!(awaited.seen.get());
    }

    #[test]
    fn long_lines_are_cut_between_characters_and_empty_ones_are_kept() {
        let mut tail = Tail::default();
        tail.push(Stream::Stdout, format!("{}\n\n", "न".repeat(1000)).as_bytes());
        let last = tail.last(2, None);
        assert_eq!([last[0].text.as_str(), last[1].text.as_str()], ["न".repeat(682).as_str(), ""]);
    }
}
