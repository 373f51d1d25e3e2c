//! `output_format`: a format with its sample rate and bit rate in one word, `mp3_44100_128`.

use svara_audio::{EncoderSpec, Format, SampleRate};
use utoipa::openapi::{Object, schema::Type};

use crate::error::ApiError;

/// What requests get that name none.
pub(crate) const DEFAULT: &str = "mp3_44100_128";

/// All there are: the form is `format_hz` or `format_hz_kbps`.
pub(crate) const OUTPUT_FORMATS: &[&str] = &[
    "mp3_22050_32",
    "mp3_24000_48",
    "mp3_44100_32",
    "mp3_44100_64",
    "mp3_44100_96",
    "mp3_44100_128",
    "mp3_44100_192",
    "opus_48000_32",
    "opus_48000_64",
    "opus_48000_96",
    "opus_48000_128",
    "opus_48000_192",
    "pcm_8000",
    "pcm_16000",
    "pcm_22050",
    "pcm_24000",
    "pcm_32000",
    "pcm_44100",
    "pcm_48000",
    "wav_8000",
    "wav_16000",
    "wav_22050",
    "wav_24000",
    "wav_32000",
    "wav_44100",
    "wav_48000",
    "ulaw_8000",
    "alaw_8000",
];

/// What to encode to for an `output_format`.
///
/// # Errors
/// There is none of that name, or this build has no encoder for it.
pub(crate) fn spec_of(output_format: Option<&str>) -> Result<EncoderSpec, ApiError> {
    let name = output_format.unwrap_or(DEFAULT);
    if !OUTPUT_FORMATS.contains(&name) {
        let name: String = name.chars().take(32).collect();
        let known = OUTPUT_FORMATS.join(", ");
        return Err(refused(format!("{name:?} is not available; supported: {known}")));
    }
    let mut parts = name.split('_');
    let format: Format = parts.next().unwrap_or_default().parse().map_err(refused)?;
    let mut spec = EncoderSpec::new(format).map_err(refused)?;
    if let Some(hz) = number(parts.next())? {
        let rate = SampleRate::new(hz).map_err(refused)?;
        spec = spec.with_rate(rate).map_err(refused)?;
    }
    if let Some(kbps) = number(parts.next())? {
        spec = spec.with_bitrate_bps(kbps * 1000).map_err(refused)?;
    }
    Ok(spec)
}

/// The schema of the parameter.
pub(super) fn schema() -> Object {
    Object::builder().schema_type(Type::String).enum_values(Some(OUTPUT_FORMATS.iter().copied())).build()
}

fn number(part: Option<&str>) -> Result<Option<u32>, ApiError> {
    part.map(str::parse).transpose().map_err(refused)
}

fn refused(reason: impl std::fmt::Display) -> ApiError {
    ApiError::unsupported("output_format", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_says_what_is_encoded() {
        for name in OUTPUT_FORMATS {
            let spec = spec_of(Some(name)).unwrap();
            let mut said = format!("{}_{}", spec.format().name(), spec.rate().hz());
            if name.split('_').count() == 3 {
                said = format!("{said}_{}", spec.bitrate_bps().unwrap() / 1000);
            }
            assert_eq!(said, *name);
        }
        assert_eq!(spec_of(None).unwrap(), spec_of(Some(DEFAULT)).unwrap());
    }

    #[test]
    fn the_documentation_lists_them() {
        let document = include_str!("../../../../../docs/elevenlabs.md");
        let words: Vec<&str> = document.split_whitespace().collect();
        assert!(words.join(" ").contains(&format!("`{}`", OUTPUT_FORMATS.join(" "))));
    }

    #[test]
    fn other_names_are_refused_with_the_list() {
        for name in ["mp3", "mp3_44100_999", "", "pcm_1", &"x".repeat(100)] {
            let error = spec_of(Some(name)).unwrap_err();
            assert_eq!(error.field, Some("output_format"));
            assert!(error.message.contains("mp3_44100_128"), "{error}");
            assert!(error.message.len() < 600, "{error}");
        }
    }
}
