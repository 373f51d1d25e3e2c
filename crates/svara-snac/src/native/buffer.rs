//! Buffers of floats.

/// Floats that begin at a cache line, so that no vector lies across two.
#[derive(Debug, Default)]
pub(crate) struct Aligned {
    floats: Vec<f32>,
    start: usize,
}

/// Floats in a cache line.
const LINE: usize = 16;

impl Aligned {
    pub(crate) fn zeros(len: usize) -> Self {
        let floats = vec![0.0_f32; len + LINE];
        let start = floats.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        Self { floats, start }
    }

    /// Copies values, and fills up with zeros to `len`.
    pub(crate) fn filled_up(values: impl IntoIterator<Item = f32>, len: usize) -> Self {
        let mut all = Self::zeros(len);
        all.of_len(len).iter_mut().zip(values).for_each(|(to, value)| *to = value);
        all
    }

    /// `len` floats of any content, for a call to write; the buffer grows if it is too small.
    pub(crate) fn of_len(&mut self, len: usize) -> &mut [f32] {
        if self.floats.len() < len + LINE {
            *self = Self::zeros(len);
        }
        let (_, aligned) = self.floats.split_at_mut_checked(self.start).unwrap_or_default();
        aligned.get_mut(..len).unwrap_or_default()
    }

    /// The floats, and behind them the rest of the buffer.
    pub(crate) fn floats(&self) -> &[f32] {
        self.floats.get(self.start..).unwrap_or_default()
    }

    /// The first `len` floats.
    pub(crate) fn first(&self, len: usize) -> &[f32] {
        self.floats().get(..len).unwrap_or_default()
    }
}
