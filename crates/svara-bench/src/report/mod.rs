//! The results of a run: as a table, as JSON and as a page with plots.

mod html;
mod json;
mod listeners;
mod plot;
mod table;

use std::time::{SystemTime, UNIX_EPOCH};

use crate::load::{Arrival, Format, Summary};

/// A run: its settings and its steps.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its settings.
    pub about: About,
    /// When it started, in seconds since 1970.
    pub started_unix_s: u64,
    /// In the order in which they ran.
    pub steps: Vec<Step>,
}

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct About {
    /// The base URL of the server.
    pub url: String,
    /// The server's API.
    pub dialect: &'static str,
    /// The audio format.
    pub format: Format,
    /// The voice.
    pub voice: String,
    /// Audio that a player buffers before it starts, in ms.
    pub start_buffer_ms: f64,
    /// Frames that each answer must have.
    pub expect_frames: Option<u64>,
}

/// A step: its load and its results.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name: the number of streams, or the rate of requests.
    pub name: String,
    /// Concurrent streams, or the most that may be open.
    pub streams: usize,
    /// How requests arrive.
    pub arrival: Arrival,
    /// What was measured.
    pub summary: Summary,
}

impl Report {
    /// A report without steps.
    pub fn new(about: &About) -> Self {
        // A clock before 1970 only makes the date wrong.
        let started_unix_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self { about: about.clone(), started_unix_s, steps: Vec::new() }
    }

    /// As a table for a terminal.
    pub fn table(&self) -> String {
        table::render(self)
    }

    /// As JSON.
    pub fn json(&self) -> json::Json<'_> {
        json::Json::new(self)
    }

    /// What listeners get at each load, as a Markdown table. `title` names what was measured.
    pub fn listeners_markdown(&self, title: &str) -> String {
        listeners::markdown(self, title)
    }

    /// The same as an SVG image of two plots.
    pub fn listeners_svg(&self, title: &str) -> String {
        listeners::svg(self, title)
    }

    /// As one HTML page that loads nothing else.
    pub fn html(&self) -> String {
        html::render(self)
    }

    /// Whether the usage of the server's process is known for any step.
    fn has_usage(&self) -> bool {
        self.steps.iter().any(|step| step.summary.usage.is_some())
    }
}

/// Formats a percentile; "never" if it falls among streams without a value.
fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "never".into(), |value| format!("{value:.decimals$}"))
}

/// Formats a number; a dash if there is none.
fn number_or_dash(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{value:.decimals$}"))
}

const MEBIBYTE: f64 = 1024.0 * 1024.0;
