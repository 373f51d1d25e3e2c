//! `[jobs]`: speech in the background.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Faults;

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

    /// Checks the ranges of values, and values that depend on each other.
    pub fn check(&self, faults: &mut Faults) {
        for (key, value, most) in [
            ("jobs.max_jobs", self.max_jobs, 1000),
            ("jobs.max_items", self.max_items, 1000),
            ("jobs.job_characters", self.job_characters, 10_000_000),
            ("jobs.audio_bytes", self.audio_bytes, 1024 * 1024 * 1024),
            ("jobs.keep_hours", self.keep_hours as usize, 24 * 365),
        ] {
            faults.within(key, value, 1..=most);
        }
        faults.within("jobs.concurrent", self.concurrent, 0..=1000);
        if self.kept_bytes == 0 {
            faults.add("jobs.kept_bytes", "must be at least 1; to switch jobs off, set jobs.store to \"\"");
        }
        faults.at_most(("jobs.max_jobs_per_key", self.max_jobs_per_key), ("jobs.max_jobs", self.max_jobs));
        super::check_store(faults, "jobs.store", &self.store);
    }
}
