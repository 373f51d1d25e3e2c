//! Tests of the whole server in this process, over real HTTP, with a real decoder and an engine that fails on demand.
//! Tests with real engines are in `tests/peers/`.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests are test code too"
)]

mod answers;
mod audit;
mod auth;
mod bodies;
mod broken_sockets;
mod cache;
mod callers_words;
mod capacity;
mod clean_text;
mod clients;
mod cloning;
mod commands;
mod config_faults;
mod connections;
mod contributors_table;
mod corpus;
mod dashboards;
mod dictionaries;
mod dictionary_owners;
mod disconnects;
mod docs_commands;
mod doors;
mod drain;
mod early_failures;
mod elevenlabs;
mod engine_contexts;
mod engine_faults;
mod engine_fields;
mod engine_ids;
mod engine_tls;
mod engine_variants;
mod engine_wire;
mod engines;
mod every_door;
mod failing_engine;
mod failures;
mod first_start;
mod foreign_pages;
mod given_twice;
mod guessing;
mod half_closed;
mod harness;
mod hosted;
mod hosted_lists;
mod hosted_socket;
mod hostile_collector;
mod hostile_dictionaries;
mod hostile_recordings;
mod http2;
mod ignored_names;
mod inner_causes;
mod input;
mod job_dictionaries;
mod job_owners;
mod job_turns;
mod jobs;
mod long_text;
mod loops;
mod lost_lines;
mod loudness;
mod memory_formula;
mod meter;
mod metrics;
mod names_of_fields;
mod numbers;
mod omni_socket;
mod openai;
mod openapi;
mod operations;
mod own_words;
mod parts_of_files;
mod pauses;
mod plain_errors;
mod plain_values;
mod playground;
mod program;
mod python_bugs;
mod raw;
mod shares;
mod slashes;
mod slow_readers;
mod smuggling;
mod socket_faults;
mod sockets;
mod speech;
mod store_variants;
mod stores;
mod support_table;
mod threat_model;
mod timestamps;
mod tls;
mod traces;
mod turns;
mod unread_bodies;
mod voice_names;
mod voice_owners;
mod words_first;
mod wyoming;
