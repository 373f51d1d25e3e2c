//! A signal between two layers.

use crate::native::{buffer::Aligned, depthwise::KERNEL};

/// Rows of zeros before and after a signal: as many as the widest convolution takes from beyond its ends.
pub(super) const EDGE: usize = KERNEL / 2;

/// Rows of channels, which zeros fill up to whole panels, and [`EDGE`] rows of zeros before and after them.
#[derive(Debug, Default)]
pub(super) struct Signal {
    floats: Aligned,
    pub(super) rows: usize,
    pub(super) width: usize,
}

impl Signal {
    /// Makes it `rows` rows of any content.
    pub(super) fn reset(&mut self, rows: usize, width: usize) {
        (self.rows, self.width) = (rows, width);
        let edge = EDGE * width;
        let whole = self.floats.of_len(rows * width + 2 * edge);
        let (start, rest) = whole.split_at_mut_checked(edge).unwrap_or_default();
        let (_, end) = rest.split_at_mut_checked(rows * width).unwrap_or_default();
        start.fill(0.0);
        end.fill(0.0);
    }

    /// The rows with the zeros before and after them.
    pub(super) fn whole(&self) -> &[f32] {
        self.floats.first((self.rows + 2 * EDGE) * self.width)
    }

    /// The rows alone.
    pub(super) fn rows(&self) -> &[f32] {
        let end = (EDGE + self.rows) * self.width;
        self.floats.floats().get(EDGE * self.width..end).unwrap_or_default()
    }

    /// The rows alone.
    pub(super) fn rows_mut(&mut self) -> &mut [f32] {
        let (edge, len) = (EDGE * self.width, self.rows * self.width);
        let whole = self.floats.of_len(len + 2 * edge);
        whole.get_mut(edge..edge + len).unwrap_or_default()
    }
}
