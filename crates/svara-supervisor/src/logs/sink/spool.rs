//! Lines that wait for a sink: the oldest in memory, those that don't fit there on disk.

use std::{collections::VecDeque, io, path::Path};

use super::disk::Disk;

/// What waits in memory at most, while nothing is on disk.
const MEMORY_BYTES: u64 = 256 << 10;

/// What is read from disk at once.
const CHUNK_BYTES: usize = 64 << 10;

/// Why lines weren't taken.
#[derive(Debug)]
pub(super) enum Refused {
    /// As many wait as may.
    Full,
    /// The disk doesn't take them.
    Disk(io::Error),
}

/// A queue of lines.
#[derive(Debug)]
pub(super) struct Spool {
    memory: VecDeque<Vec<u8>>,
    memory_bytes: u64,
    disk: Disk,
    limit_bytes: u64,
}

impl Spool {
    /// Goes on with what an earlier supervisor has left in the directory.
    ///
    /// # Errors
    /// When the directory can't be read.
    pub(super) fn open(directory: &Path, limit_bytes: u64) -> io::Result<Self> {
        Disk::open(directory).map(|disk| Self { disk, ..Self::new(directory, limit_bytes) })
    }

    /// Leaves what may be in the directory.
    pub(super) fn new(directory: &Path, limit_bytes: u64) -> Self {
        Self { memory: VecDeque::new(), memory_bytes: 0, disk: Disk::new(directory), limit_bytes }
    }

    /// Bytes that wait.
    pub(super) fn bytes(&self) -> u64 {
        self.memory_bytes + self.disk.bytes()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes() == 0
    }

    /// Adds lines without their newlines, all or none.
    pub(super) fn push(&mut self, lines: Vec<Vec<u8>>) -> Result<(), Refused> {
        let bytes: u64 = lines.iter().map(|line| size(line)).sum();
        if self.bytes() + bytes > self.limit_bytes {
            return Err(Refused::Full);
        }
        // What is on disk is older.
        if self.disk.is_empty() && self.memory_bytes + bytes <= MEMORY_BYTES {
            self.memory.extend(lines);
            self.memory_bytes += bytes;
            return Ok(());
        }
        self.disk.append(&joined(lines.iter())).map_err(Refused::Disk)
    }

    /// The oldest lines, at least one and about this many bytes, unless there are none. They stay until
    /// [`Spool::done`].
    ///
    /// # Errors
    /// When a file on disk can't be read; its bytes are lost.
    pub(super) fn oldest(&mut self, about_bytes: usize) -> Result<Vec<Vec<u8>>, (u64, io::Error)> {
        if self.memory.is_empty() {
            let lines = self.disk.next(CHUNK_BYTES)?;
            self.memory_bytes = lines.iter().map(|line| size(line)).sum();
            self.memory = lines.into();
        }
        let mut bytes = 0;
        let more = |line: &&Vec<u8>| {
            let fits = bytes < about_bytes;
            bytes += line.len();
            fits
        };
        Ok(self.memory.iter().take_while(more).cloned().collect())
    }

    /// The oldest lines have arrived.
    pub(super) fn done(&mut self, lines: usize) {
        for line in self.memory.drain(..lines.min(self.memory.len())) {
            self.memory_bytes -= size(&line);
        }
        if self.memory.is_empty() {
            self.disk.forget_read();
        }
    }

    /// Leaves everything on disk.
    ///
    /// # Errors
    /// When the disk doesn't take it; the number of lines that are lost, as well.
    pub(super) fn close(&mut self) -> Result<(), (u64, io::Error)> {
        let lines = std::mem::take(&mut self.memory);
        self.memory_bytes = 0;
        self.disk.put_back(joined(lines.iter())).map_err(|error| (lines.len() as u64, error))
    }
}

fn size(line: &[u8]) -> u64 {
    line.len() as u64 + 1
}

fn joined<'a>(lines: impl Iterator<Item = &'a Vec<u8>>) -> Vec<u8> {
    let mut text = Vec::new();
    for line in lines {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// What a test does with a spool.
    #[derive(Clone, Debug)]
    enum Step {
        Push(usize, usize),
        Take(usize),
        Restart,
        Crash,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            6 => (1..40_usize, 0..9000_usize).prop_map(|(lines, bytes)| Step::Push(lines, bytes)),
            6 => (1..200_000_usize).prop_map(Step::Take),
            1 => Just(Step::Restart),
            1 => Just(Step::Crash),
        ];
        proptest::collection::vec(step, 1..60)
    }

    fn number(line: &[u8]) -> u64 {
        String::from_utf8_lossy(line).split(' ').next().unwrap().parse().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Whatever happens, lines come in order and without a gap, but for those in memory when it is killed.
        #[test]
        fn lines_come_in_order(steps in steps()) {
            const LIMIT: u64 = 2 << 20;
            let directory = tempfile::tempdir().unwrap();
            let mut spool = Spool::open(directory.path(), LIMIT).unwrap();
            let (mut pushed, mut expected, mut killed) = (0, 0, false);
            // The first lines after it was killed: those before them may have been in memory.
            let mut gaps = BTreeSet::new();
            // The first lines that went to disk behind lines in memory. A file that was read may be found once more when it is
            // killed, and those in memory aren't: so the gap is in the middle.
            let mut behind_memory = BTreeSet::new();
            for step in steps {
                match step {
                    Step::Push(lines, bytes) => {
                        let lines: Vec<_> = (pushed..).take(lines)
                            .map(|n: u64| format!("{n} {}", "x".repeat(bytes)).into_bytes()).collect();
                        let count = lines.len() as u64;
                        let (before, in_memory) = (spool.bytes(), spool.memory.len());
                        match spool.push(lines) {
                            Ok(()) => {
                                if in_memory > 0 && spool.memory.len() == in_memory {
                                    behind_memory.insert(pushed);
                                }
                                pushed += count;
                                // A killed one may find more: what was read from a file that wasn't read to its end.
                                prop_assert!(spool.bytes() <= LIMIT);
                            }
                            Err(Refused::Full) => {
                                prop_assert!(before + count * 9000 > LIMIT);
                                prop_assert_eq!(spool.bytes(), before);
                            }
                            Err(Refused::Disk(error)) => return Err(TestCaseError::fail(error.to_string())),
                        }
                    }
                    Step::Take(bytes) => {
                        let lines = spool.oldest(bytes).unwrap();
                        prop_assert_eq!(lines.is_empty(), spool.is_empty());
                        for line in &lines {
                            let number = number(line);
                            if killed {
                                // From a file that was read in part, or after what was in memory.
                                expected = number;
                                killed = false;
                            }
                            let is_after_gap = number > expected && gaps.contains(&number);
                            prop_assert!(number == expected || is_after_gap, "{number}, not {expected}");
                            expected = number + 1;
                        }
                        spool.done(lines.len());
                    }
                    Step::Restart => {
                        let bytes = spool.bytes();
                        spool.close().unwrap();
                        spool = Spool::open(directory.path(), LIMIT).unwrap();
                        prop_assert_eq!(spool.bytes(), bytes);
                    }
                    Step::Crash => {
                        spool = Spool::open(directory.path(), LIMIT).unwrap();
                        killed = true;
                        gaps.append(&mut behind_memory);
                        gaps.insert(pushed);
                    }
                }
            }
            loop {
                let lines = spool.oldest(1).unwrap();
                let Some(line) = lines.first() else { break };
                let number = number(line);
                let is_after_gap = number > expected && gaps.contains(&number);
                prop_assert!(killed || number == expected || is_after_gap, "{number}, not {expected}");
                killed = false;
                expected = number + 1;
                spool.done(1);
            }
            prop_assert!(spool.is_empty());
            prop_assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn a_torn_line_is_left_out() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("00000000000000000001.spool"), "whole\nto").unwrap();
        let mut spool = Spool::open(directory.path(), 1 << 20).unwrap();
        assert_eq!(spool.oldest(100).unwrap(), [b"whole".to_vec()]);
        spool.done(1);
        assert!(spool.oldest(100).unwrap().is_empty() && spool.is_empty());
    }
}
