//! A job before it is submitted: its texts are checked one by one.

use std::sync::Arc;

use svara_audio::EncoderSpec;
use svara_engine::SpeechRequest;

use super::record::ItemRecord;
use crate::{Caller, ServiceError, Speaker, Timestamps, config::JobsConfig};

/// The texts of a job that isn't submitted yet.
pub struct Draft<'a> {
    caller: Caller,
    speaker: &'a Speaker,
    limits: &'a JobsConfig,
    items: Vec<ItemRecord>,
    /// The characters of all texts.
    characters: usize,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(caller: &Caller, speaker: &'a Speaker, limits: &'a JobsConfig) -> Self {
        Self { caller: caller.clone(), speaker, limits, items: Vec::new(), characters: 0 }
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
        let longest = self.speaker.engine().text_max_characters();
        if request.sampling.max_tokens.is_some() && characters > longest {
            let reason = format!("may have at most {longest} characters with max_tokens");
            return Err(ServiceError::invalid("text", reason));
        }
        // Checking a long text would block the other tasks of this thread.
        let engine = Arc::clone(self.speaker.engine());
        let checking = tokio::task::spawn_blocking(move || engine.check(&request).map(|()| request));
        let request = checking.await.map_err(ServiceError::internal)??;
        self.items.push(ItemRecord::new(request, spec, timestamps));
        Ok(())
    }

    /// The caller, the items, and the characters of all their texts.
    ///
    /// # Errors
    /// There is no text.
    pub(super) fn finish(self) -> Result<(Caller, Vec<ItemRecord>, usize), ServiceError> {
        if self.items.is_empty() {
            return Err(ServiceError::invalid("body", "has no text"));
        }
        Ok((self.caller, self.items, self.characters))
    }
}
