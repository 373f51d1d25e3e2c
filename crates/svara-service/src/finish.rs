//! Work that goes on when its client leaves.

use tracing::Instrument;

use crate::ServiceError;

/// Runs `work` in a task of its own, and then tells how it ended: a client that leaves in the middle must not leave something
/// half stored, or stored and told to nobody. Whoever calls it bounds how many run at once, by a lock or a place that the work
/// holds, and gives back before that is told.
///
/// # Errors
/// As `work`; or it was interrupted by the end of the runtime, or panicked.
pub(crate) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, ServiceError>> + Send + 'static,
    told: impl FnOnce(&Result<T, ServiceError>) + Send + 'static,
) -> Result<T, ServiceError> {
    let work = async move {
        let done = work.await;
        told(&done);
        done
    };
    tokio::spawn(work.in_current_span()).await.map_err(ServiceError::internal)?
}
