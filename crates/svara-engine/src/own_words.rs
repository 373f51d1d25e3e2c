//! What an operator has said in a way of its own.

use std::sync::Arc;

use svara_text::{Acronyms, Dictionary};

/// What an operator has said in a way of its own, in all requests.
#[derive(Clone, Debug, Default)]
pub struct OwnWords {
    /// What is said for certain words, unless a dictionary of the request knows them.
    pub dictionary: Option<Arc<Dictionary>>,
    /// Words that are spelled.
    pub acronyms: Acronyms,
}

impl OwnWords {
    /// Names what these words do to texts: equal for those that do the same.
    pub fn name(&self) -> String {
        let digest = self.dictionary.as_ref().map(|dictionary| dictionary.digest());
        let digest: String = digest.into_iter().flatten().map(|byte| format!("{byte:02x}")).collect();
        format!("{digest}/{}", self.acronyms.words().join(","))
    }

    /// The dictionaries of a request, and the operator's behind them.
    pub(crate) fn behind(&self, dictionaries: &[Arc<Dictionary>]) -> Vec<Arc<Dictionary>> {
        dictionaries.iter().chain(&self.dictionary).map(Arc::clone).collect()
    }
}
