//! `[limits]`: limits of requests and connections.

use serde::{Deserialize, Serialize};

use crate::{Faults, Seconds};

/// Limits of requests and connections.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// The longest text, in characters.
    pub text_characters: usize,
    /// The longest text in OpenAI's dialect, in characters.
    pub openai_input_characters: usize,
    /// The largest request body, in bytes.
    pub body_bytes: usize,
    /// The most memory for the bodies of all requests, in bytes.
    pub all_bodies_bytes: usize,
    /// The most memory for answers that wait to be read, in bytes.
    pub all_answers_bytes: usize,
    /// Concurrent streams. 0: as many as `decoder.max_streams`.
    pub streams: usize,
    /// The most requests that wait for a stream.
    pub queue: usize,
    /// The most requests of one API key that wait for a stream. 0: half of `queue`.
    pub queue_per_key: usize,
    /// Concurrent streams of an API key that has no limit of its own. 0: all, unless others wait.
    pub streams_per_key: u32,
    /// The longest wait for a stream.
    pub queue_seconds: Seconds,
    /// Concurrent connections; for a further one, the longest idle one gives way.
    pub connections: usize,
    /// Concurrent connections of one address, or of an IPv6 network of 64 bits.
    pub connections_per_address: usize,
    /// The largest head of a request, in bytes.
    pub header_bytes: usize,
    /// How long a new connection may take to send the head of its first request, including TLS.
    pub header_seconds: Seconds,
    /// How long a connection may be idle between requests.
    pub idle_seconds: Seconds,
    /// How long a socket of the hosted API, of vLLM-Omni or of Wyoming may wait for text.
    pub socket_idle_seconds: Seconds,
    /// How long a request's body may take.
    pub body_seconds: Seconds,
    /// How long a client may read nothing.
    pub write_stall_seconds: Seconds,
    /// The least that a client may read, in bytes per second of waiting for it, over `write_stall_seconds`. 0: anything.
    pub min_read_bytes_per_second: u32,
    /// The least speed at which a client may take streamed audio, as a part of the speed of playback. 0: any.
    pub min_read_speed: f64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            text_characters: 5000,
            openai_input_characters: 4096,
            body_bytes: 20 * 1024 * 1024,
            all_bodies_bytes: 128 * 1024 * 1024,
            all_answers_bytes: 512 * 1024 * 1024,
            streams: 0,
            queue: 16,
            queue_per_key: 0,
            streams_per_key: 0,
            queue_seconds: Seconds::new(5),
            connections: 4096,
            connections_per_address: 1024,
            header_bytes: 32 * 1024,
            header_seconds: Seconds::new(10),
            idle_seconds: Seconds::new(75),
            socket_idle_seconds: Seconds::new(600),
            body_seconds: Seconds::new(60),
            write_stall_seconds: Seconds::new(20),
            min_read_bytes_per_second: 512,
            min_read_speed: 0.5,
        }
    }
}

/// The smallest buffer that the HTTP library accepts for a head.
const MIN_HEADER_BYTES: usize = 8192;
/// The lists of voices are some 100 KiB.
const MIN_ANSWERS_BYTES: usize = 1024 * 1024;
const MAX_CONNECTIONS: usize = 1_000_000;
/// Two hours of speech; longer texts are for jobs.
const MAX_TEXT_CHARACTERS: usize = 100_000;
/// Bodies are in memory as a whole.
const MAX_BODY_BYTES: usize = 1024 * 1024 * 1024;

/// The largest JSON body without a recording, unless the longest text needs more.
const TEXT_BODY_BYTES: usize = 1024 * 1024;
/// A character beyond the first plane in JSON, as two escaped surrogates.
const ESCAPED_CHARACTER_BYTES: usize = 12;
/// What a request has besides its text.
const OTHER_FIELDS_BYTES: usize = 64 * 1024;

impl LimitsConfig {
    /// The largest JSON body without a recording, in bytes.
    pub fn text_body_bytes(&self) -> usize {
        let longest_text = self.text_characters.saturating_mul(ESCAPED_CHARACTER_BYTES);
        TEXT_BODY_BYTES.max(longest_text.saturating_add(OTHER_FIELDS_BYTES)).min(self.body_bytes)
    }

    /// The most requests of one key that wait for a stream.
    pub fn queue_of_each_key(&self) -> usize {
        if self.queue_per_key == 0 { self.queue.div_ceil(2) } else { self.queue_per_key }
    }

    pub(crate) fn check(&self, faults: &mut Faults) {
        for (key, value, most) in [
            ("limits.text_characters", self.text_characters, MAX_TEXT_CHARACTERS),
            ("limits.openai_input_characters", self.openai_input_characters, MAX_TEXT_CHARACTERS),
            ("limits.body_bytes", self.body_bytes, MAX_BODY_BYTES),
            ("limits.connections_per_address", self.connections_per_address, MAX_CONNECTIONS),
        ] {
            if value == 0 {
                faults.add(key, "must be at least 1");
            } else if value > most {
                faults.add(key, format!("must be at most {most}"));
            }
        }
        if self.all_bodies_bytes / 2 < self.body_bytes {
            let reason = format!("must be at least twice limits.body_bytes, which is {}", self.body_bytes);
            faults.add_pair("limits.all_bodies_bytes", "limits.body_bytes", reason);
        }
        if self.all_answers_bytes < MIN_ANSWERS_BYTES {
            faults.add("limits.all_answers_bytes", format!("must be at least {MIN_ANSWERS_BYTES}"));
        }
        faults.at_most(("limits.queue_per_key", self.queue_per_key), ("limits.queue", self.queue));
        faults.within("limits.streams", self.streams, 0..=MAX_CONNECTIONS);
        faults.within("limits.queue", self.queue, 0..=MAX_CONNECTIONS);
        faults.within("limits.connections", self.connections, 1..=MAX_CONNECTIONS);
        faults.within("limits.header_bytes", self.header_bytes, MIN_HEADER_BYTES..=1024 * 1024);
        for (key, seconds) in [
            ("limits.header_seconds", self.header_seconds),
            ("limits.idle_seconds", self.idle_seconds),
            ("limits.socket_idle_seconds", self.socket_idle_seconds),
            ("limits.body_seconds", self.body_seconds),
            ("limits.write_stall_seconds", self.write_stall_seconds),
        ] {
            if seconds.duration().is_zero() {
                faults.add(key, "must be greater than 0");
            }
        }
        faults.within("limits.min_read_speed", self.min_read_speed, 0.0..=1.0);
    }
}
