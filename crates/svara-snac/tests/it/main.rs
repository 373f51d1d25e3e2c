//! The decoder and encoder with real ONNX Runtime and real graphs.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are test code too"
)]

mod carrying;
mod decoding;
mod demo;
mod encoding;
mod loading;
mod native;
mod null;
mod observing;
mod support;
