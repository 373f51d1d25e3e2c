//! Tests of the whole server in this process, over real HTTP, with a real decoder and an engine that fails on demand.
//! Tests with real engines are in `tests/peers/`.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests are test code too"
)]

mod auth;
mod bodies;
mod cache;
mod clean_text;
mod clients;
mod cloning;
mod commands;
mod connections;
mod dashboards;
mod disconnects;
mod doors;
mod drain;
mod elevenlabs;
mod engine_wire;
mod engines;
mod failures;
mod foreign_pages;
mod harness;
mod http2;
mod input;
mod job_owners;
mod jobs;
mod long_text;
mod metrics;
mod openai;
mod openapi;
mod operations;
mod pauses;
mod playground;
mod program;
mod python_bugs;
mod raw;
mod sockets;
mod speech;
mod stores;
mod support_table;
mod timestamps;
mod tls;
mod traces;
mod turns;
mod voice_names;
