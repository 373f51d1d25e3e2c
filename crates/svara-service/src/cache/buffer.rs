//! A file that several readers read while it is being written. Pure: [`super::flight`] does the waiting.
//!
//! Up to a bound the whole file is held, so that later readers can start at its beginning. Past the bound, chunks that
//! every reader has read are dropped, no reader can join any more, and the writer waits for the slowest reader.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

/// The file so far. `E` is the error of a file that fails.
#[derive(Debug)]
pub(super) struct Buffer<E> {
    chunks: VecDeque<Bytes>,
    /// Chunks that were dropped before the first of these.
    gone: usize,
    held_bytes: usize,
    max_bytes: usize,
    end: Option<Result<(), E>>,
    /// The number of each reader's next chunk.
    readers: BTreeMap<u64, usize>,
    joined: u64,
    /// The last reader left before the end: the file is being abandoned and can't be joined.
    abandoned: bool,
}

/// What a reader gets next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step<E> {
    /// The next bytes.
    Chunk(Bytes),
    /// Nothing yet: the writer has to write first.
    Wait,
    /// The end of the file, or its failure.
    End(Result<(), E>),
}

impl<E: Clone> Buffer<E> {
    /// An empty buffer that holds about `max_bytes`.
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            chunks: VecDeque::new(),
            gone: 0,
            held_bytes: 0,
            max_bytes,
            end: None,
            readers: BTreeMap::new(),
            joined: 0,
            abandoned: false,
        }
    }

    /// Adds a reader that starts at the beginning; `None` if the beginning is no longer there.
    pub(super) fn join(&mut self) -> Option<u64> {
        if self.abandoned || self.gone > 0 || matches!(self.end, Some(Err(_))) {
            return None;
        }
        self.joined += 1;
        self.readers.insert(self.joined, 0);
        Some(self.joined)
    }

    /// The next step of a reader.
    pub(super) fn next(&mut self, reader: u64) -> Step<E> {
        let Some(place) = self.readers.get_mut(&reader) else { return Step::Wait };
        let Some(chunk) = self.chunks.get(*place - self.gone).cloned() else {
            return self.end.clone().map_or(Step::Wait, Step::End);
        };
        *place += 1;
        self.let_go();
        Step::Chunk(chunk)
    }

    /// Removes a reader; says whether the file is abandoned: it has no end and no readers.
    pub(super) fn leave(&mut self, reader: u64) -> bool {
        self.readers.remove(&reader);
        if self.readers.is_empty() && self.end.is_none() {
            self.abandoned = true;
        }
        self.let_go();
        self.abandoned
    }

    /// Appends the next bytes of the file.
    pub(super) fn push(&mut self, chunk: Bytes) {
        self.held_bytes += chunk.len();
        self.chunks.push_back(chunk);
        self.let_go();
    }

    /// Whether the writer may push more now.
    pub(super) fn has_room(&self) -> bool {
        self.held_bytes <= self.max_bytes
    }

    /// Ends the file; only the first call counts.
    pub(super) fn finish(&mut self, end: Result<(), E>) {
        self.end.get_or_insert(end);
    }

    /// The whole file, if it ended well and nothing was dropped.
    pub(super) fn whole(&self) -> Option<Bytes> {
        if self.gone > 0 || !matches!(self.end, Some(Ok(()))) {
            return None;
        }
        if let (1, Some(only)) = (self.chunks.len(), self.chunks.front()) {
            return Some(only.clone());
        }
        let mut whole = Vec::with_capacity(self.held_bytes);
        for chunk in &self.chunks {
            whole.extend_from_slice(chunk);
        }
        Some(whole.into())
    }

    /// Drops chunks that every reader has, while the buffer is over its bound.
    fn let_go(&mut self) {
        let slowest = self.readers.values().min().copied().unwrap_or(usize::MAX);
        while self.held_bytes > self.max_bytes && self.gone < slowest {
            let Some(chunk) = self.chunks.pop_front() else { return };
            self.held_bytes -= chunk.len();
            self.gone += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Act {
        Join,
        Push(usize),
        Next(usize),
        Leave(usize),
        Finish(bool),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            2 => Just(Act::Join),
            6 => (1usize..20).prop_map(Act::Push),
            12 => (0usize..6).prop_map(Act::Next),
            1 => (0usize..6).prop_map(Act::Leave),
            1 => any::<bool>().prop_map(Act::Finish),
        ]
    }

    #[derive(Default)]
    struct Model {
        written: Vec<u8>,
        end: Option<Result<(), &'static str>>,
        /// Each reader, and the bytes it has read.
        readers: Vec<(u64, Vec<u8>)>,
    }

    proptest! {
        #[test]
        fn each_reader_gets_all_of_it_in_order(acts in prop::collection::vec(act(), 1..120), max in 0usize..60) {
            let (mut buffer, mut model) = (Buffer::new(max), Model::default());
            for act in acts {
                match act {
                    Act::Join => model.readers.extend(buffer.join().map(|id| (id, Vec::new()))),
                    // As the writer does: it waits for room, and stops at the end or when no reader is left.
                    Act::Push(bytes) if buffer.has_room() && buffer.end.is_none() && !buffer.abandoned => {
                        let chunk: Vec<u8> = (0..bytes).map(|n| (model.written.len() + n) as u8).collect();
                        model.written.extend(&chunk);
                        buffer.push(chunk.into());
                    }
                    Act::Next(n) if n < model.readers.len() => {
                        let (id, got) = &mut model.readers[n];
                        match buffer.next(*id) {
                            Step::Chunk(chunk) => got.extend(&chunk),
                            Step::Wait => prop_assert!(got == &model.written && model.end.is_none()),
                            Step::End(end) => prop_assert!(got == &model.written && model.end == Some(end)),
                        }
                        prop_assert!(model.written.starts_with(got));
                    }
                    Act::Leave(n) if n < model.readers.len() => {
                        let gone = buffer.leave(model.readers.swap_remove(n).0);
                        prop_assert_eq!(gone, model.readers.is_empty() && model.end.is_none());
                        if gone {
                            prop_assert_eq!(buffer.join(), None);
                        }
                    }
                    Act::Finish(well) if !buffer.abandoned => {
                        let end = if well { Ok(()) } else { Err("no") };
                        model.end.get_or_insert(end);
                        buffer.finish(end);
                    }
                    _ => {}
                }
                // At most one chunk is over the bound.
                prop_assert!(buffer.held_bytes <= max + 20);
                let held: usize = buffer.chunks.iter().map(Bytes::len).sum();
                prop_assert_eq!(buffer.held_bytes, held);
                if let Some(whole) = buffer.whole() {
                    prop_assert_eq!(&whole[..], &model.written[..]);
                }
                // No deadlock: a reader or the writer can always go on.
                let behind = model.readers.iter().any(|(_, got)| got.len() < model.written.len());
                prop_assert!(buffer.has_room() || behind || buffer.readers.is_empty());
            }
        }
    }

    #[test]
    fn only_a_file_that_fits_is_kept() {
        for (max, kept) in [(10, true), (9, false)] {
            let mut buffer = Buffer::<()>::new(max);
            let reader = buffer.join().unwrap();
            for chunk in [&b"01234"[..], b"56789"] {
                buffer.push(Bytes::from_static(chunk));
                assert!(matches!(buffer.next(reader), Step::Chunk(_)));
            }
            buffer.finish(Ok(()));
            assert_eq!(buffer.whole().is_some(), kept);
            assert_eq!(buffer.join().is_some(), kept, "the beginning is there or it isn't");
        }
    }
}
