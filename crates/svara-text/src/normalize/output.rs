//! Builds the normalized text.

use std::borrow::Cow;

use super::{Found, cursor::is_wordish, web::is_address_tail};

/// Collects what is kept and what is spelled out, with a space where words would run together.
pub(super) struct Output<'t> {
    text: &'t str,
    /// `None` while everything was kept.
    built: Option<String>,
    /// How much of `text` comes before the first thing spelled out, in bytes.
    kept: usize,
    /// Whether the last piece was spelled out and takes no ending.
    after_words: bool,
}

impl<'t> Output<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, built: None, kept: 0, after_words: false }
    }

    /// Keeps the first `len` bytes of `rest`.
    pub(super) fn keep(&mut self, rest: &str, len: usize) {
        let separates = self.separates(rest);
        match &mut self.built {
            None => self.kept += len,
            Some(built) => {
                if separates {
                    built.push(' ');
                }
                built.push_str(rest.get(..len).unwrap_or_default());
            }
        }
        self.after_words = false;
    }

    /// Whether a space belongs between the last words and `rest`: before a word, and before what would turn an English
    /// word into an address.
    pub(super) fn separates(&self, rest: &str) -> bool {
        let ascii =
            || self.built.as_ref().is_some_and(|built| built.ends_with(|c: char| c.is_ascii_alphanumeric()));
        self.after_words && (rest.starts_with(is_wordish) || (ascii() && is_address_tail(rest)))
    }

    /// Puts the words of what was found in the place of its text.
    pub(super) fn say(&mut self, found: &Found) {
        let (text, kept) = (self.text, self.kept);
        let built = self.built.get_or_insert_with(|| text.get(..kept).unwrap_or_default().to_owned());
        let runs_on = built.ends_with(is_wordish) && found.spoken.starts_with(is_wordish);
        // An English word behind these would look like part of an address.
        let address = built.ends_with(['.', '@']) || built.ends_with("://");
        if runs_on || (address && found.spoken.starts_with(|c: char| c.is_ascii_alphanumeric())) {
            built.push(' ');
        }
        built.push_str(&found.spoken);
        self.after_words = !found.joined;
    }

    pub(super) fn finish(self) -> Cow<'t, str> {
        self.built.map_or(Cow::Borrowed(self.text), Cow::Owned)
    }
}
