//! Deletes jobs: when their callers ask for it, and when they are too old.

use std::sync::Arc;

use super::{Jobs, failed};
use crate::{Caller, ServiceError, clock::unix_now, finish::to_the_end};

/// The most jobs that are deleted at once. The others wait for their turn.
pub(super) const AT_ONCE: usize = 8;

impl Jobs {
    /// Deletes a job of the caller and aborts its items; returns whether the job existed. Once it is the caller's turn, this
    /// goes on if the client leaves; `told` learns how it ends.
    ///
    /// # Errors
    /// There is no store, or it failed; then the job is still there.
    pub async fn delete(
        self: &Arc<Self>,
        caller: &Caller,
        id: &str,
        told: impl FnOnce(&Result<bool, ServiceError>) + Send + 'static,
    ) -> Result<bool, ServiceError> {
        // The turn comes before the task, so that clients that leave while they wait leave no tasks.
        let turn = Arc::clone(&self.deletions).acquire_owned().await.map_err(ServiceError::internal)?;
        let (this, caller, id) = (Arc::clone(self), caller.clone(), id.to_owned());
        let work = async move {
            let _turn = turn;
            this.remove(&caller, &id).await
        };
        to_the_end(work, told).await
    }

    async fn remove(&self, caller: &Caller, id: &str) -> Result<bool, ServiceError> {
        let shelf = self.ready().await?;
        if !self.book().get(id).is_some_and(|job| job.belongs_to(caller)) {
            return Ok(false);
        }
        shelf.delete(id).await.map_err(failed)?;
        let Some(job) = self.book().remove(id) else { return Ok(false) };
        self.stash().forget(id);
        for ((_, _), task) in self.running().iter().filter(|((of, _), _)| of == id) {
            task.abort();
        }
        self.changed();
        // The job is gone for good. What is left of its files is removed at the next start.
        if let Err(error) = shelf.delete_items(id, job.items.len()).await {
            tracing::warn!(id, %error, "files of a deleted job stay stored until the next start");
        }
        Ok(true)
    }

    /// Deletes jobs that are too old.
    pub(super) async fn sweep(self: &Arc<Self>) -> Result<(), ServiceError> {
        self.ready().await?;
        let oldest = unix_now().saturating_sub(self.config.keep()).as_secs();
        let old = self.book().older_than(oldest);
        for id in old {
            tracing::info!(id, "expired job deleted");
            self.delete(&Caller::Anybody, &id, |_| {}).await?;
        }
        Ok(())
    }
}
