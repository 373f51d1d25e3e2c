//! Everything that is checked against the real ffmpeg and ffprobe, or over real files. One binary: one link.

mod ffmpeg;
mod formats;
mod resampling;
mod signal;
mod spectrum;
mod stream;
