//! What is stored in a folder, a page at a time: a listing may be long, and each page has its own time.

use std::{io, ops::ControlFlow, path::PathBuf};

use futures::{Stream, StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use tokio::sync::mpsc;

use super::{Store, StoreError, StoredValue, TIMEOUT, in_time, listing, unavailable};

/// The values of a page.
const PAGE: usize = 1000;

impl Store {
    /// As [`Self::each_page`], without a note of failures.
    pub(super) async fn list(
        &self,
        folder: &str,
        is_ours: impl Fn(&str) -> bool + Send + Sync + 'static,
        mut see: impl FnMut(Vec<StoredValue>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.is_ours().await?;
        let mut pages = match &self.directory {
            Some(directory) => pages_of_directory(directory.join(folder), is_ours).boxed(),
            None => {
                let folder = Path::from(folder);
                let values = listing::among(self.objects.list(Some(&folder)), folder, is_ours);
                values.map_err(|error| unavailable(&error)).try_chunks(PAGE).map_err(|error| error.1).boxed()
            }
        };
        while let Some(page) = in_time(TIMEOUT, pages.next()).await? {
            if see(page?).is_break() {
                break;
            }
        }
        drop(pages);
        self.is_ours().await
    }
}

/// The values in a directory, a page at a time, which a thread that may block reads while they are taken.
fn pages_of_directory(
    folder: PathBuf,
    is_ours: impl Fn(&str) -> bool + Send + Sync + 'static,
) -> impl Stream<Item = Result<Vec<StoredValue>, StoreError>> {
    let (send, pages) = mpsc::channel(1);
    let reading = tokio::task::spawn_blocking(move || {
        let mut page = Vec::new();
        listing::in_directory(&folder, &is_ours, |value| {
            page.push(value);
            let is_full = page.len() >= PAGE;
            // Nobody wants more if it can't be sent.
            if is_full && send.blocking_send(std::mem::take(&mut page)).is_err() {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        Ok(page)
    });
    let pages = stream::unfold(pages, |mut pages| async move { Some((Ok(pages.recv().await?), pages)) });
    let last = async {
        let last = reading.await.unwrap_or_else(|ended| Err(io::Error::from(ended)));
        last.map_err(|error| StoreError::Unavailable { reason: error.to_string() })
    };
    pages.chain(stream::once(last))
}
