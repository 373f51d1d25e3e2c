//! What requests say about voices that callers make.

use std::borrow::Cow;

use axum::extract::Request;
use serde::Deserialize;
use svara_api::{
    error::ApiError,
    reading::{
        agreeing::contradiction,
        body::{self, BodyType},
        form::{self, FormValue},
        ignored::{Handling, Ignored},
        lenient, schemas,
        upload::Upload,
    },
};
use svara_engine::Gender;
use svara_service::primary_language;
use utoipa::openapi::{
    Object, RefOr,
    schema::{Schema, Type},
};

/// A recording, and what is known about it.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub(super) struct Fields {
    #[schema(value_type = String, min_length = 1)]
    pub(super) name: Option<String>,
    /// A recording: base64 in JSON, a file in forms.
    #[schema(value_type = Option<String>)]
    audio: Option<Upload>,
    /// Another name of `audio`.
    #[schema(value_type = Option<String>)]
    reference_audio: Option<Upload>,
    /// What is said in the recording.
    #[serde(default, alias = "reference_transcript", deserialize_with = "lenient::text")]
    pub(super) transcript: Option<String>,
    /// A line about the voice.
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) description: Option<String>,
    /// The code of the language that the voice speaks.
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) language: Option<String>,
    #[serde(default, deserialize_with = "lenient::gender")]
    #[schema(schema_with = schemas::gender)]
    pub(super) gender: Option<Gender>,
    #[schema(schema_with = consent)]
    pub(super) consent: Option<bool>,
    /// Whether all keys may use the voice, and not only the one that makes it.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) shared: Option<bool>,
    /// Whether the answer lists all tokens.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) return_tokens: Option<bool>,
}

fn consent() -> Object {
    let mut consent = schemas::constant(Type::Boolean, true);
    consent.description = Some("Whether the speaker agreed.".to_owned());
    consent
}

/// The fields of `POST /v1/voices`, in the document.
pub(super) struct NewVoiceFields;

impl utoipa::PartialSchema for NewVoiceFields {
    fn schema() -> RefOr<Schema> {
        Fields::schema_without(&["return_tokens"], &["name", "consent", "audio"])
    }
}

impl utoipa::ToSchema for NewVoiceFields {
    fn name() -> Cow<'static, str> {
        "NewVoice".into()
    }
}

/// The fields of `POST /v1/voice-clone`, in the document.
pub(super) struct VoiceClone;

impl utoipa::PartialSchema for VoiceClone {
    fn schema() -> RefOr<Schema> {
        Fields::schema_without(&["name"], &["reference_audio"])
    }
}

impl utoipa::ToSchema for VoiceClone {}

impl Fields {
    /// The recording, and by which name it came; `own_name` is the route's.
    ///
    /// # Errors
    /// There is none, or there are two.
    pub(super) fn recording(&mut self, own_name: &'static str) -> Result<(&'static str, Upload), ApiError> {
        let named = [("audio", self.audio.take()), ("reference_audio", self.reference_audio.take())];
        let mut found = named.into_iter().filter_map(|(name, audio)| {
            let audio = audio.filter(|audio| !audio.is_empty())?;
            Some((name, audio))
        });
        match (found.next(), found.next()) {
            (Some(recording), None) => Ok(recording),
            (None, _) => Err(ApiError::invalid(own_name, "is required")),
            (Some(_), Some(_)) => {
                Err(ApiError::invalid("audio", "and reference_audio are one field: send one"))
            }
        }
    }

    /// The code of the language, in lower case and without a region. A model may speak others than those whose names are
    /// known here.
    ///
    /// # Errors
    /// It is neither a known name nor formed like a code.
    pub(super) fn language_code(&self) -> Result<Option<String>, ApiError> {
        let Some(language) = self.language.as_deref().map(str::trim) else { return Ok(None) };
        let code = primary_language(language);
        let is_code = matches!(code.len(), 2 | 3) && code.bytes().all(|byte| byte.is_ascii_lowercase());
        if !is_code {
            return Err(ApiError::invalid(
                "language",
                "must be a language's name or code, such as hi or Hindi",
            ));
        }
        Ok(Some(code))
    }

    /// Their schema without the fields of the other route, with both names of those that have two.
    fn schema_without(others: &[&str], required: &[&str]) -> RefOr<Schema> {
        let mut schema = <Self as utoipa::PartialSchema>::schema();
        let RefOr::T(Schema::Object(object)) = &mut schema else { return schema };
        let transcript = object.properties.get("transcript").cloned();
        object.properties.extend(transcript.map(|schema| ("reference_transcript".to_owned(), schema)));
        object.properties.retain(|name, _| !others.contains(&name.as_str()));
        object.required = required.iter().map(|name| (*name).to_owned()).collect();
        schema
    }
}

/// The fields of a request, in JSON or as a form, and those that are passed over.
pub(super) async fn read_fields(request: Request, limit_bytes: usize) -> Result<(Fields, Ignored), ApiError> {
    let handling = Handling::of(request.headers());
    let (fields, ignored) = match body::body_type(&request) {
        BodyType::Json => body::json(request, limit_bytes).await?,
        BodyType::Multipart => {
            let form = form::form(request, limit_bytes).await?;
            let (form, ignored) = Ignored::of_form::<Fields>(form)?;
            let mut fields = Fields::default();
            for (name, value) in form {
                fields.set(&name, value)?;
            }
            (fields, ignored)
        }
        _ => {
            let allowed = "application/json or multipart/form-data";
            return Err(ApiError::unsupported_media_type(&request, allowed));
        }
    };
    Ok((fields, ignored.unless_strict(handling)?))
}

impl Fields {
    /// Sets a field from a form. Empty texts count as absent, as browsers send them.
    pub(super) fn set(&mut self, name: &str, value: FormValue) -> Result<(), ApiError> {
        match name {
            "audio" => self.audio = Some(value.into_upload()),
            "reference_audio" => self.reference_audio = Some(value.into_upload()),
            _ => return self.set_text(name, value),
        }
        Ok(())
    }

    fn set_text(&mut self, name: &str, value: FormValue) -> Result<(), ApiError> {
        let text = value.into_text(name)?;
        if text.is_empty() {
            return Ok(());
        }
        match name {
            "name" => self.name = Some(text),
            "transcript" | "reference_transcript" => {
                return match self.transcript.replace(text) {
                    None => Ok(()),
                    Some(_) => Err(contradiction("transcript", "reference_transcript")),
                };
            }
            "description" => self.description = Some(text),
            "language" => self.language = Some(text),
            "gender" => self.gender = Some(form::gender(&text)?),
            "shared" => self.shared = Some(form::flag("shared", &text)?),
            "consent" => self.consent = Some(form::flag("consent", &text)?),
            "return_tokens" => self.return_tokens = Some(form::flag("return_tokens", &text)?),
            _ => {}
        }
        Ok(())
    }
}
