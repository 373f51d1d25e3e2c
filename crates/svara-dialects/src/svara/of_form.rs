//! The fields of a request that is a form.

use std::str::FromStr;

use svara_api::{
    error::ApiError,
    reading::{
        body::must_be,
        form::{self, Form, FormValue, flag},
        ignored::Ignored,
        locators::{LOCATORS, Locators},
    },
};

use super::{
    Fields, normalization_named,
    timestamps::{TimesFormat, Unit},
};

impl Fields {
    /// The fields of a form, and the names that it has in vain.
    ///
    /// # Errors
    /// A field is wrong, or there twice.
    pub(super) fn of_form(form: Form) -> Result<(Self, Ignored), ApiError> {
        let (form, ignored) = Ignored::of_form::<Self>(form)?;
        let mut fields = Self::default();
        for (name, value) in form {
            fields.set(&name, value)?;
        }
        Ok((fields, ignored))
    }

    /// Sets a field from a form. Empty values count as absent, as browsers send them.
    fn set(&mut self, name: &str, value: FormValue) -> Result<(), ApiError> {
        if name == "reference_audio" {
            self.reference_audio = Some(value.into_upload());
            return Ok(());
        }
        let value = value.into_text(name)?;
        if value.is_empty() && name != "text" {
            return Ok(());
        }
        match name {
            "text" => self.text = Some(value),
            "voice" => self.voice = Some(value),
            "voice_id" => self.voice_id = Some(value),
            "model_id" => self.model_id = Some(value),
            "response_format" => self.response_format = Some(value),
            "sample_rate" => self.sample_rate = Some(number("sample_rate", &value)?),
            "speed" => self.speed = Some(number("speed", &value)?),
            "volume" => self.volume = Some(number("volume", &value)?),
            "gain_db" => self.gain_db = Some(number("gain_db", &value)?),
            "stream" => self.stream = Some(flag("stream", &value)?),
            "strip_markdown" => self.strip_markdown = Some(flag("strip_markdown", &value)?),
            "strip_emoji" => self.strip_emoji = Some(flag("strip_emoji", &value)?),
            "temperature" => self.temperature = Some(number("temperature", &value)?),
            "top_p" => self.top_p = Some(number("top_p", &value)?),
            "top_k" => self.top_k = Some(number("top_k", &value)?),
            "repetition_penalty" => self.repetition_penalty = Some(number("repetition_penalty", &value)?),
            "max_tokens" => self.max_tokens = Some(number("max_tokens", &value)?),
            "style" => self.style = Some(value),
            "reference_transcript" => self.reference_transcript = Some(value),
            "voice_clone_id" => self.voice_clone_id = Some(value),
            "voice_clone_tokens" => self.voice_clone_tokens = Some(tokens(&value)?),
            "timestamps" => self.timestamps = Some(Unit::of_form(&value)?),
            "timestamps_format" => self.timestamps_format = Some(TimesFormat::of_form(&value)?),
            "pronunciation_dictionary_id" => self.pronunciation_dictionary_id = Some(value),
            LOCATORS => self.pronunciation_dictionary_locators = Some(Locators::of_form(&value)?),
            "language" => self.language = Some(value),
            "gender" => self.gender = Some(form::gender(&value)?),
            "text_normalization" => {
                self.text_normalization = normalization_named("text_normalization", &value)?;
            }
            "seed" => self.seed = Some(number("seed", &value)?),
            // Only fields that JSON has, too, come here: one that is missing above must not be passed over.
            other => return Err(ApiError::internal(format!("the form's {other} isn't read"))),
        }
        Ok(())
    }
}

fn tokens(value: &str) -> Result<Vec<u32>, ApiError> {
    serde_json::from_str(value)
        .map_err(|_| ApiError::invalid("voice_clone_tokens", "must be a JSON list of token ids"))
}

fn number<T: FromStr>(field: &'static str, value: &str) -> Result<T, ApiError> {
    value.trim().parse().map_err(|_| ApiError::invalid(field, must_be::<Fields>(field)))
}
