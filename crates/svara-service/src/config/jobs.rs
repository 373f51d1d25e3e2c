//! `[jobs]`: speech that nobody waits for.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// Speech that nobody waits for: long texts, and many at once.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct JobsConfig {
    /// `file:///directory` or `s3://bucket/prefix`. Empty: there are no jobs.
    pub store: String,
    /// Items that are spoken at once, beside live requests. 0: none are spoken here.
    pub concurrent: usize,
    /// Most jobs kept, whatever their state; more are refused.
    pub max_jobs: usize,
    /// Most texts in one job.
    pub max_items: usize,
    /// Longest job, in characters of all its texts.
    pub job_characters: usize,
    /// Largest audio of one text.
    pub audio_bytes: usize,
    /// Most audio kept, of all jobs; more jobs are refused.
    pub kept_bytes: u64,
    /// How long a job is kept after it was posted.
    pub keep_hours: u32,
}

impl Default for JobsConfig {
    fn default() -> Self {
        Self {
            store: "data/jobs".to_owned(),
            concurrent: 1,
            max_jobs: 200,
            max_items: 1000,
            job_characters: 1_000_000,
            audio_bytes: 128 * 1024 * 1024,
            kept_bytes: 10 * 1024 * 1024 * 1024,
            keep_hours: 168,
        }
    }
}

impl JobsConfig {
    /// [`Self::keep_hours`] as a length of time.
    pub fn keep(&self) -> Duration {
        Duration::from_secs(u64::from(self.keep_hours) * 3600)
    }

    /// Checks what single values can't say.
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
        if self.concurrent > 1000 {
            return Err(ConfigError::new("jobs.concurrent must be from 0 to 1000"));
        }
        Ok(())
    }
}
