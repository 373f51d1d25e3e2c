//! `output_format`: a format with its sample rate and bit rate in one word, `mp3_44100_128`.

use svara_api::error::ApiError;
use svara_audio::{EncoderSpec, Format};
use utoipa::openapi::{Object, schema::Type};

/// What requests get that name none.
pub(crate) const DEFAULT: &str = "mp3_44100_128";

/// What to encode to for an `output_format`: `<format>_<Hz>` or `<format>_<Hz>_<kbit/s>`.
///
/// # Errors
/// There is no such format, or not at this sample rate or bit rate; or this build has no encoder for it.
pub(crate) fn spec_of(output_format: Option<&str>) -> Result<EncoderSpec, ApiError> {
    let name = output_format.unwrap_or(DEFAULT);
    read(name).map_err(|reason| {
        let name: String = name.chars().take(32).collect();
        let form = "<format>_<sample rate>[_<kbit/s>], such as mp3_44100_128";
        ApiError::unsupported(
            "output_format",
            format!("{name:?} is not available; {reason}; the form is {form}"),
        )
    })
}

fn read(name: &str) -> Result<EncoderSpec, String> {
    let parts: Vec<&str> = name.splitn(4, '_').collect();
    let (format, hz, kbps) = match parts[..] {
        [format, hz] => (format, hz, None),
        [format, hz, kbps] => (format, hz, Some(kbps)),
        _ => return Err("a format and a sample rate are required".to_owned()),
    };
    let format: Format = format.parse().map_err(reason)?;
    let spec = EncoderSpec::new(format).map_err(reason)?;
    let spec = spec.with_rate_hz(number(hz)?).map_err(reason)?;
    let Some(kbps) = kbps else { return Ok(spec) };
    spec.with_bitrate_bps(number(kbps)?.saturating_mul(1000)).map_err(reason)
}

/// The schema of the parameter.
pub(super) fn schema() -> Object {
    let formats = Format::supported().map(Format::name).collect::<Vec<_>>().join("|");
    let rates = Format::Pcm.rates().iter().map(ToString::to_string).collect::<Vec<_>>().join("|");
    let pattern = format!("^({formats})_({rates})(_[1-9][0-9]{{0,2}})?$");
    Object::builder().schema_type(Type::String).pattern(Some(pattern)).build()
}

fn number(part: &str) -> Result<u32, String> {
    part.parse().map_err(|_| format!("{part:?} is no number"))
}

fn reason(reason: impl std::fmt::Display) -> String {
    reason.to_string()
}

#[cfg(test)]
mod tests {
    use svara_audio::Bitrates;

    use super::*;

    #[test]
    fn every_format_rate_and_bit_rate_has_a_name() {
        for format in Format::supported() {
            for rate in format.rates() {
                let name = format!("{format}_{rate}");
                let spec = spec_of(Some(&name)).unwrap();
                assert_eq!((spec.format(), spec.rate()), (format, *rate));
                let bit_rates: &[u32] = match Bitrates::of(format, *rate) {
                    Bitrates::None => &[],
                    Bitrates::OneOf(list) => list,
                    Bitrates::Between(low, high) => &[low, (low + high) / 2000 * 1000, high / 1000 * 1000],
                };
                for bps in bit_rates {
                    let spec = spec_of(Some(&format!("{name}_{}", bps / 1000))).unwrap();
                    assert_eq!(spec.bitrate_bps(), Some(*bps), "{name}");
                }
            }
        }
        assert_eq!(spec_of(None).unwrap(), spec_of(Some(DEFAULT)).unwrap());
    }

    #[test]
    fn other_names_are_refused_with_what_is_allowed() {
        for name in [
            "mp3",
            "mp3_44100_999",
            "",
            "pcm_1",
            "opus_44100",
            "wav_16000_64",
            "mp3_44100_128_1",
            "mp3__64",
            "_",
            "mp3_44100_",
            "mp3_-1",
            "mp3_4294967296",
            "opus_48000_4294967295",
            &"x".repeat(100),
        ] {
            let error = spec_of(Some(name)).unwrap_err();
            assert_eq!(error.field, Some("output_format"));
            assert!(error.message.contains("mp3_44100_128"), "{error}");
            assert!(error.message.len() < 600, "{error}");
        }
        assert!(spec_of(Some("opus_44100")).unwrap_err().message.contains("48000"));
        assert!(spec_of(Some("mp3_44100_999")).unwrap_err().message.contains("320000"));
    }
}
