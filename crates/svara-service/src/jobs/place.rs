//! Room for a job, from before it is stored until it is listed.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Jobs,
    book::{Full, Room},
    job::Job,
    record::JobRecord,
};
use crate::{ServiceError, callers::Charge, config::JobsConfig, store::id::new_id};

/// The place of a job that is being stored. Given back on drop: by then the job itself counts, or there is none.
pub(super) struct Place {
    jobs: Arc<Jobs>,
    owner: Option<String>,
}

impl Place {
    /// Takes a place, which counts against the limits at once.
    pub(super) fn take(jobs: &Arc<Jobs>, owner: Option<&str>) -> Result<Self, ServiceError> {
        let JobsConfig { max_jobs, kept_bytes, .. } = jobs.config;
        let room = Room {
            jobs: max_jobs,
            bytes: kept_bytes,
            jobs_of_key: jobs.config.of_each_key(),
            bytes_of_key: kept_bytes.div_ceil(2),
        };
        let owner = owner.map(str::to_owned);
        let reserved = jobs.book().reserve(&owner, room);
        reserved.map_err(|full| match full {
            Full::Jobs(count) => {
                ServiceError::jobs_full(format!("there are {count} jobs, which is the limit"))
            }
            Full::Bytes(bytes) => {
                ServiceError::jobs_full(format!("{bytes} bytes of audio are stored, of {kept_bytes} allowed"))
            }
            Full::JobsOfKey(count) => ServiceError::jobs_full(format!(
                "this key has {count} jobs, which is its limit (jobs.max_jobs_per_key)"
            )),
            Full::BytesOfKey(bytes) => ServiceError::jobs_full(format!(
                "{bytes} bytes of audio of this key are stored, of {} allowed (half of jobs.kept_bytes)",
                room.bytes_of_key
            )),
        })?;
        Ok(Self { jobs: Arc::clone(jobs), owner })
    }

    /// Stores the job, then lists it.
    pub(super) async fn fill(
        self,
        record: &JobRecord,
        charge: Charge,
    ) -> Result<(String, Job), ServiceError> {
        let jobs = &self.jobs;
        let id = new_id();
        jobs.ready().await?.create(&id, record).await.map_err(super::failed)?;
        charge.spend();
        let job = jobs.book().add(id.clone(), Arc::new(record.summary()), BTreeMap::new()).clone();
        jobs.changed();
        jobs.wake.notify_waiters();
        Ok((id, job))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.jobs.book().release(&self.owner);
    }
}
