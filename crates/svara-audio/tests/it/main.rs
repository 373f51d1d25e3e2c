//! Tests against the real ffmpeg and ffprobe, or over real files. One binary, so linked once.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers outside #[test] functions are tests as well"
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
