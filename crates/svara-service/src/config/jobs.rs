//! `[jobs]`: speech in the background.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// Speech in the background: long texts and batches.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct JobsConfig {
    /// Where jobs are stored: `file:///directory` or `s3://bucket/prefix`. Empty: jobs are off.
    pub store: String,
    /// Items generated at once, alongside live requests. 0: this server generates none.
    pub concurrent: usize,
    /// The most jobs stored, whatever their state; further ones are refused.
    pub max_jobs: usize,
    /// The most jobs of one API key. 0: half of `max_jobs`.
    pub max_jobs_per_key: usize,
    /// The most items in one job.
    pub max_items: usize,
    /// The most characters in all items of a job.
    pub job_characters: usize,
    /// The most audio of one item, in bytes.
    pub audio_bytes: usize,
    /// The most audio of all jobs, in bytes; above that, new jobs are refused.
    pub kept_bytes: u64,
    /// How long a job is stored after it was posted.
    pub keep_hours: u32,
}

impl Default for JobsConfig {
    fn default() -> Self {
        Self {
            store: "data/jobs".to_owned(),
            concurrent: 1,
            max_jobs: 200,
            max_jobs_per_key: 0,
            max_items: 1000,
            job_characters: 1_000_000,
            audio_bytes: 128 * 1024 * 1024,
            kept_bytes: 10 * 1024 * 1024 * 1024,
            keep_hours: 168,
        }
    }
}

impl JobsConfig {
    /// [`Self::keep_hours`] as a duration.
    pub fn keep(&self) -> Duration {
        Duration::from_secs(u64::from(self.keep_hours) * 3600)
    }

    /// The most jobs of one API key.
    pub fn of_each_key(&self) -> usize {
        if self.max_jobs_per_key == 0 { self.max_jobs.div_ceil(2) } else { self.max_jobs_per_key }
    }

    /// Checks the ranges of values.
    ///
    /// # Errors
    /// Names the key and what is allowed.
    pub fn check(&self) -> Result<(), ConfigError> {
        for (key, value, most) in [
            ("max_jobs", self.max_jobs, 1000),
            ("max_items", self.max_items, 1000),
            ("job_characters", self.job_characters, 10_000_000),
            ("audio_bytes", self.audio_bytes, 1024 * 1024 * 1024),
            ("keep_hours", self.keep_hours as usize, 24 * 365),
        ] {
            if !(1..=most).contains(&value) {
                return Err(ConfigError::new(format!("jobs.{key} must be from 1 to {most}")));
            }
        }
        if self.max_jobs_per_key > self.max_jobs {
            return Err(ConfigError::new("jobs.max_jobs_per_key must be at most jobs.max_jobs"));
        }
        if self.concurrent > 1000 {
            return Err(ConfigError::new("jobs.concurrent must be from 0 to 1000"));
        }
        super::check_store("jobs.store", &self.store)
    }
}
