//! Where an item's text is cut into parts.

use std::{ops::Range, sync::Arc};

use svara_engine::Engine;

use super::{
    parts,
    record::{ItemRecord, JobRecord},
};
use crate::ServiceError;

/// A part of an item's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// Where it is, in bytes.
    range: Range<usize>,
    /// The characters of the text before it.
    pub(super) typed_before: usize,
}

impl Cut {
    /// The part's text.
    ///
    /// # Errors
    /// The item isn't the one that was cut.
    pub(super) fn of<'a>(&self, item: &'a ItemRecord) -> Result<&'a str, ServiceError> {
        let part = item.text.get(self.range.clone());
        part.ok_or_else(|| ServiceError::internal("the item's text isn't the one that was cut"))
    }
}

/// Cuts an item's text, on a thread that may block: a million characters take long.
///
/// # Errors
/// The job has no such item, or it can't be spoken here.
pub(super) async fn cuts(
    record: Arc<JobRecord>,
    number: usize,
    engine: Arc<Engine>,
) -> Result<Arc<[Cut]>, ServiceError> {
    let cutting = tokio::task::spawn_blocking(move || {
        let item = record.items.get(number);
        let item = item.ok_or_else(|| ServiceError::internal("the job has no such item"))?;
        Ok(places(&item.text, parts::of(item, &record.dictionaries, &engine)?))
    });
    cutting.await.map_err(ServiceError::internal)?
}

/// Where these slices of the text are, in order.
fn places(text: &str, parts: Vec<&str>) -> Arc<[Cut]> {
    let (mut end, mut typed) = (0, 0);
    let cuts = parts.into_iter().map(|part| {
        let start = part.as_ptr().addr().saturating_sub(text.as_ptr().addr());
        // What nobody says is left out between parts.
        typed += text.get(end..start).map_or(0, |left_out| left_out.chars().count());
        end = start.saturating_add(part.len());
        let cut = Cut { range: start..end, typed_before: typed };
        typed += part.chars().count();
        cut
    });
    cuts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_the_parts_with_what_is_typed_before_them() {
        let text = "  यह एक वाक्य है।  यह दूसरा है।\n\nOne more. ";
        let cuts = places(text, svara_text::pack(text, 18));
        let parts: Vec<&str> = cuts.iter().map(|cut| &text[cut.range.clone()]).collect();
        assert_eq!(parts, svara_text::pack(text, 18));
        assert!(parts.len() > 2, "{parts:?}");
        for Cut { range, typed_before } in &*cuts {
            assert_eq!(*typed_before, text[..range.start].chars().count());
        }
        assert!(places(" ", svara_text::pack(" ", 18)).is_empty());
    }
}
