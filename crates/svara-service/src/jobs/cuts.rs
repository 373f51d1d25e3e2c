//! Where an item's text is cut into parts.

use std::{ops::Range, sync::Arc};

use super::record::{ItemRecord, JobRecord};
use crate::ServiceError;

/// A long text is spoken in parts of whole sentences: a failure repeats one part only, memory holds the samples of one part
/// only, and after each part the items of other keys may have their turn.
const PART_CHARACTERS: usize = 1000;

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

/// Cuts an item's text, on a thread that may block: a million characters take long. `text_max_characters`: the most that the
/// engine takes at once.
///
/// # Errors
/// The job has no such item.
pub(super) async fn cuts(
    record: Arc<JobRecord>,
    number: usize,
    text_max_characters: usize,
) -> Result<Arc<[Cut]>, ServiceError> {
    let cutting = tokio::task::spawn_blocking(move || {
        let item = record.items.get(number)?;
        Some(match item.max_tokens {
            // A caller that sets max_tokens expects one generation that ends there.
            Some(_) => [Cut { range: 0..item.text.len(), typed_before: 0 }].into(),
            None => cut(&item.text, PART_CHARACTERS.min(text_max_characters)),
        })
    });
    let cuts = cutting.await.map_err(ServiceError::internal)?;
    cuts.ok_or_else(|| ServiceError::internal("the job has no such item"))
}

fn cut(text: &str, most_characters: usize) -> Arc<[Cut]> {
    let (mut end, mut typed) = (0, 0);
    let parts = svara_text::pack(text, most_characters).into_iter().map(|part| {
        // A part is a slice of the text.
        let start = part.as_ptr().addr().saturating_sub(text.as_ptr().addr());
        // White space is left out between parts.
        typed += text.get(end..start).map_or(0, |left_out| left_out.chars().count());
        end = start.saturating_add(part.len());
        let cut = Cut { range: start..end, typed_before: typed };
        typed += part.chars().count();
        cut
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_the_parts_with_what_is_typed_before_them() {
        let text = "  यह एक वाक्य है।  यह दूसरा है।\n\nOne more. ";
        let cuts = cut(text, 18);
        let parts: Vec<&str> = cuts.iter().map(|cut| &text[cut.range.clone()]).collect();
        assert_eq!(parts, svara_text::pack(text, 18));
        assert!(parts.len() > 2, "{parts:?}");
        for Cut { range, typed_before } in &*cuts {
            assert_eq!(*typed_before, text[..range.start].chars().count());
        }
        assert!(cut(" ", 18).is_empty());
    }
}
