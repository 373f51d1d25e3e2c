//! What was measured: as a table, as JSON, as a page with plots.

mod html;
mod json;
mod plot;
mod table;

use std::time::{SystemTime, UNIX_EPOCH};

use crate::load::{Arrival, Format, Summary};

/// A run: what was asked, and its steps.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was asked.
    pub about: About,
    /// When it started, in seconds since 1970.
    pub started_unix_s: u64,
    /// In the order they were run.
    pub steps: Vec<Step>,
}

/// What was asked.
#[derive(Clone, Debug)]
pub struct About {
    /// The server.
    pub url: String,
    /// Its API.
    pub dialect: &'static str,
    /// The audio format.
    pub format: Format,
    /// Who spoke.
    pub voice: String,
    /// Audio that a listener gathered before it started.
    pub start_buffer_ms: f64,
    /// Frames that each answer had to have.
    pub expect_frames: Option<u64>,
}

/// One load, and what became of it.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is called: the number of streams, or the rate of requests.
    pub name: String,
    /// Streams at once, or the most that might be open.
    pub streams: usize,
    /// How requests arrived.
    pub arrival: Arrival,
    /// What became of them.
    pub summary: Summary,
}

impl Report {
    /// A report without steps.
    pub fn new(about: &About) -> Self {
        // A clock before 1970 only makes the date wrong.
        let started_unix_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self { about: about.clone(), started_unix_s, steps: Vec::new() }
    }

    /// For a terminal.
    pub fn table(&self) -> String {
        table::render(self)
    }

    /// For programs.
    pub fn json(&self) -> json::Json<'_> {
        json::Json::new(self)
    }

    /// For people: one page that needs nothing else.
    pub fn html(&self) -> String {
        html::render(self)
    }

    /// Whether a server's process was watched.
    fn has_usage(&self) -> bool {
        self.steps.iter().any(|step| step.summary.usage.is_some())
    }
}

/// A number with so many decimals; "never" where failed streams rank there.
fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "never".into(), |value| format!("{value:.decimals$}"))
}

/// The same, where there is nothing to say.
fn number_or_dash(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{value:.decimals$}"))
}

const MEBIBYTE: f64 = 1024.0 * 1024.0;
