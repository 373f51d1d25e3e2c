//! What requests say about voices that callers make.

use std::borrow::Cow;

use axum::extract::Request;
use serde::Deserialize;
use svara_api::{
    error::ApiError,
    reading::{
        body::{self, BodyType},
        form::{self, FormValue},
        ignored::{Handling, Ignored},
        lenient, schemas,
        upload::Upload,
    },
};
use svara_engine::Gender;
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
    #[serde(alias = "reference_audio")]
    #[schema(value_type = Option<String>)]
    pub(super) audio: Option<Upload>,
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
    /// Their schema without the fields of the other route, with both names of those that have two.
    fn schema_without(others: &[&str], required: &[&str]) -> RefOr<Schema> {
        let mut schema = <Self as utoipa::PartialSchema>::schema();
        let RefOr::T(Schema::Object(object)) = &mut schema else { return schema };
        for (name, alias) in [("audio", "reference_audio"), ("transcript", "reference_transcript")] {
            let same = object.properties.get(name).cloned();
            object.properties.extend(same.map(|schema| (alias.to_owned(), schema)));
        }
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
            let (form, ignored) = Ignored::of_form::<Fields, _>(form);
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
    fn set(&mut self, name: &str, value: FormValue) -> Result<(), ApiError> {
        if matches!(name, "audio" | "reference_audio") {
            self.audio = Some(value.into_upload());
            return Ok(());
        }
        let text = value.into_text(name)?;
        if text.is_empty() {
            return Ok(());
        }
        match name {
            "name" => self.name = Some(text),
            "transcript" | "reference_transcript" => self.transcript = Some(text),
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
