//! A store for tests, in memory, that fails or takes its time when it is told to.

use std::{fmt, sync::Arc, sync::Mutex, time::Duration};

use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, memory::InMemory,
    path::Path,
};

use super::Store;
use crate::lock::lock;

/// What is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Put,
    Get,
    Delete,
    List,
}

/// How it ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Well,
    Badly,
    /// Well, after this long.
    After(Duration),
}

type Rule = Box<dyn Fn(Act, &str) -> End + Send + Sync>;

/// The store behind a [`Store`], with the rule that says how each operation ends. Clones share it.
#[derive(Clone)]
pub(crate) struct Faulty {
    inner: Arc<InMemory>,
    rule: Arc<Mutex<Rule>>,
    /// How long the bytes of a value take, once it is found.
    body_time: Arc<Mutex<Duration>>,
}

impl Faulty {
    pub(crate) fn new() -> Self {
        Self {
            inner: Arc::default(),
            rule: Arc::new(Mutex::new(Box::new(|_, _| End::Well))),
            body_time: Arc::default(),
        }
    }

    /// A store with these objects.
    pub(crate) fn store(&self, max_value_bytes: usize) -> Store {
        Store { objects: Arc::new(self.clone()), directory: None, max_value_bytes, alone: None, health: None }
    }

    /// From now on, each operation on a key ends as this says; a listing has the folder for its key.
    pub(crate) fn set(&self, rule: impl Fn(Act, &str) -> End + Send + Sync + 'static) {
        *lock(&self.rule) = Box::new(rule);
    }

    pub(crate) fn set_body_time(&self, time: Duration) {
        *lock(&self.body_time) = time;
    }

    async fn end(self, act: Act, key: String) -> Result<()> {
        let end = (lock(&self.rule))(act, &key);
        match end {
            End::Well => Ok(()),
            End::Badly => {
                Err(Error::Generic { store: "test", source: format!("no {act:?} of {key}").into() })
            }
            End::After(time) => {
                tokio::time::sleep(time).await;
                Ok(())
            }
        }
    }
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faulty")
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faulty")
    }
}

// As the macro of the trait writes it.
impl ObjectStore for Faulty {
    fn put_opts<'a, 'b, 't>(
        &'a self,
        location: &'b Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> BoxFuture<'t, Result<PutResult>>
    where
        'a: 't,
        'b: 't,
        Self: 't,
    {
        async move {
            self.clone().end(Act::Put, location.to_string()).await?;
            self.inner.put_opts(location, payload, options).await
        }
        .boxed()
    }

    fn put_multipart_opts<'a, 'b, 't>(
        &'a self,
        location: &'b Path,
        options: PutMultipartOptions,
    ) -> BoxFuture<'t, Result<Box<dyn MultipartUpload>>>
    where
        'a: 't,
        'b: 't,
        Self: 't,
    {
        self.inner.put_multipart_opts(location, options)
    }

    fn get_opts<'a, 'b, 't>(
        &'a self,
        location: &'b Path,
        options: GetOptions,
    ) -> BoxFuture<'t, Result<GetResult>>
    where
        'a: 't,
        'b: 't,
        Self: 't,
    {
        async move {
            self.clone().end(Act::Get, location.to_string()).await?;
            let found = self.inner.get_opts(location, options).await?;
            let time = *lock(&self.body_time);
            let late = futures::stream::once(tokio::time::sleep(time)).map(|()| Ok(Bytes::new()));
            let GetResult { payload, meta, range, attributes, extensions } = found;
            let GetResultPayload::Stream(bytes) = payload else {
                return Err(Error::NotImplemented { operation: String::new(), implementer: String::new() });
            };
            let payload = GetResultPayload::Stream(late.chain(bytes).boxed());
            Ok(GetResult { payload, meta, range, attributes, extensions })
        }
        .boxed()
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let this = self.clone();
        let allowed = locations.and_then(move |location| {
            let end = this.clone().end(Act::Delete, location.to_string());
            async move { end.await.map(|()| location) }
        });
        self.inner.delete_stream(allowed.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let key = prefix.map(ToString::to_string).unwrap_or_default();
        let (this, prefix) = (self.clone(), prefix.cloned());
        let listing = async move {
            this.clone().end(Act::List, key).await?;
            Ok::<_, Error>(this.inner.list(prefix.as_ref()))
        };
        futures::stream::once(listing).try_flatten().boxed()
    }

    fn list_with_delimiter<'a, 'b, 't>(
        &'a self,
        prefix: Option<&'b Path>,
    ) -> BoxFuture<'t, Result<ListResult>>
    where
        'a: 't,
        'b: 't,
        Self: 't,
    {
        self.inner.list_with_delimiter(prefix)
    }

    fn copy_opts<'a, 'b, 'c, 't>(
        &'a self,
        from: &'b Path,
        to: &'c Path,
        options: CopyOptions,
    ) -> BoxFuture<'t, Result<()>>
    where
        'a: 't,
        'b: 't,
        'c: 't,
        Self: 't,
    {
        self.inner.copy_opts(from, to, options)
    }
}
