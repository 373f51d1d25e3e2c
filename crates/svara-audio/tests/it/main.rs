//! Everything that is checked against the real ffmpeg and ffprobe, or over real files. One binary: one link.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers outside of #[test] functions are tests, too"
)]

mod decoding;
mod ffmpeg;
mod formats;
mod fuzz;
mod resampling;
mod signal;
mod spectrum;
mod stream;
mod stretching;

#[global_allocator]
static ALLOCATOR: svara_testkit::allocations::Counting = svara_testkit::allocations::Counting;
