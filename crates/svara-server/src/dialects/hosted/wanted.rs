//! What the hosted API's fields ask for, in bodies and addresses alike.

use std::str::FromStr;

use axum::response::Response;
use http::{HeaderName, HeaderValue};
use svara_audio::{Bitrates, EncoderSpec, Format, SampleRate};

use crate::{dialects::svara, error::ApiError};

/// Whether the rules of a pronunciation dictionary were applied.
const DICTIONARY: HeaderName = HeaderName::from_static("x-svara-dictionary");
/// The speeds of the hosted API.
const MIN_SPEED: f32 = 0.7;
const MAX_SPEED: f32 = 1.5;

/// What to encode to. G.711 has the model's own sample rate unless asked otherwise.
///
/// # Errors
/// There is no such format, or not at this sample rate or bit rate.
pub(crate) fn spec(
    format: Option<&str>,
    default: Format,
    sample_rate_hz: Option<u32>,
    bitrate_kbps: Option<u32>,
) -> Result<EncoderSpec, ApiError> {
    let format = format.map_or(Ok(default), Format::from_str);
    let format = format.map_err(|error| ApiError::unsupported("response_format", error))?;
    let spec = EncoderSpec::new(format).map_err(|error| ApiError::unsupported("response_format", error))?;
    let spec = svara::at_rate(spec, sample_rate_hz.unwrap_or_else(|| SampleRate::SNAC.hz()))?;
    let Some(kbps) = bitrate_kbps else { return Ok(spec) };
    spec.with_bitrate_bps(kbps.saturating_mul(1000)).map_err(|_| {
        let allowed = match Bitrates::of(spec.format(), spec.rate()) {
            Bitrates::None => "none".to_owned(),
            Bitrates::OneOf(list) => {
                list.iter().map(|bps| (bps / 1000).to_string()).collect::<Vec<_>>().join(", ")
            }
            Bitrates::Between(low, high) => format!("{} to {}", low / 1000, high / 1000),
        };
        let (format, rate) = (spec.format(), spec.rate());
        let reason = format!("{kbps} kbit/s is not available for {format} at {rate} Hz; allowed: {allowed}");
        ApiError::unsupported("bitrate_kbps", reason)
    })
}

/// Checks a speed as the hosted API does.
///
/// # Errors
/// It is out of range.
pub(crate) fn check_speed(speed: Option<f32>) -> Result<(), ApiError> {
    if speed.is_some_and(|speed| !(MIN_SPEED..=MAX_SPEED).contains(&speed)) {
        let reason = format!("must be from {MIN_SPEED} to {MAX_SPEED}");
        return Err(ApiError::invalid("speed", reason));
    }
    Ok(())
}

/// Says whether the dictionary was applied that a request names: there are none here, and an unknown one is no error.
pub(crate) fn tell_dictionary(response: &mut Response, id: Option<&str>) {
    if id.is_some_and(|id| !id.is_empty()) {
        response.headers_mut().insert(DICTIONARY, HeaderValue::from_static("miss"));
    }
}
