//! A job before it is submitted: its texts are checked one by one.

use std::sync::Arc;

use svara_audio::EncoderSpec;
use svara_engine::SpeechRequest;

use super::{
    dictionaries::{Dictionaries, Drafted},
    record::ItemRecord,
};
use crate::{Caller, ServiceError, Speaker, Timestamps, config::JobsConfig};

/// The texts of a job that isn't submitted yet.
pub struct Draft<'a> {
    caller: Caller,
    speaker: &'a Speaker,
    limits: &'a JobsConfig,
    items: Vec<ItemRecord>,
    dictionaries: Drafted,
    /// The characters of all texts.
    characters: usize,
    /// By how many characters dictionaries make them longer.
    grown: usize,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(caller: &Caller, speaker: &'a Speaker, limits: &'a JobsConfig) -> Self {
        let (caller, dictionaries) = (caller.clone(), Drafted::default());
        Self { caller, speaker, limits, items: Vec::new(), dictionaries, characters: 0, grown: 0 }
    }

    /// Adds a text, with all that shapes its audio.
    ///
    /// # Errors
    /// The job would have too many texts or characters, or the engine would refuse the request.
    pub async fn add(
        &mut self,
        mut request: SpeechRequest,
        spec: EncoderSpec,
        timestamps: Option<Timestamps>,
    ) -> Result<(), ServiceError> {
        let JobsConfig { max_items, job_characters, .. } = *self.limits;
        if self.items.len() >= max_items {
            let reason = format!("may have at most {max_items} texts (jobs.max_items)");
            return Err(ServiceError::invalid("body", reason));
        }
        self.speaker.find_voice(&self.caller, &mut request).await?;
        let characters = request.text.chars().count();
        self.characters = self.characters.saturating_add(characters);
        if self.characters > job_characters {
            let reason =
                format!("may have at most {job_characters} characters in a job (jobs.job_characters)");
            return Err(ServiceError::invalid("text", reason));
        }
        // With max_tokens, the text is spoken as that of a request is: in one.
        let longest = self.speaker.engine().text_max_characters();
        let in_one = request.sampling.max_tokens.is_some();
        if in_one && characters > longest {
            let reason = format!("may have at most {longest} characters with max_tokens");
            return Err(ServiceError::invalid("text", reason));
        }
        // Checking a long text would block the other tasks of this thread.
        let engine = Arc::clone(self.speaker.engine());
        let checking = tokio::task::spawn_blocking(move || {
            let grown = engine.check(&request)?;
            Ok::<_, ServiceError>((request, grown))
        });
        let (request, grown) = checking.await.map_err(ServiceError::internal)??;
        if in_one && grown > 0 && characters.saturating_add(grown) > longest {
            let reason = format!(
                "may have at most {longest} characters with max_tokens, with what dictionaries say for its words"
            );
            return Err(ServiceError::invalid("text", reason));
        }
        self.grown = self.grown.saturating_add(grown);
        if self.grown > 0 && self.characters.saturating_add(self.grown) > job_characters {
            let reason = format!(
                "may have at most {job_characters} characters in a job (jobs.job_characters), with what dictionaries say for its words"
            );
            return Err(ServiceError::invalid("text", reason));
        }
        let dictionaries = self.dictionaries.add(&request.dictionaries)?;
        self.items.push(ItemRecord::new(request, dictionaries, spec, timestamps));
        Ok(())
    }

    /// The caller, the items with their dictionaries, and the characters of all their texts.
    ///
    /// # Errors
    /// There is no text.
    pub(super) fn finish(self) -> Result<(Caller, Vec<ItemRecord>, Dictionaries, usize), ServiceError> {
        if self.items.is_empty() {
            return Err(ServiceError::invalid("body", "has no text"));
        }
        let dictionaries = Dictionaries::new(self.dictionaries.into_records());
        Ok((self.caller, self.items, dictionaries, self.characters))
    }
}
