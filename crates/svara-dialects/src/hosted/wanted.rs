//! What the hosted API's fields ask for, in bodies and addresses alike.

use std::{str::FromStr, sync::Arc};

use axum::response::Response;
use http::{HeaderName, HeaderValue};
use svara_api::{error::ApiError, reading::locators, state::AppState};
use svara_audio::{Bitrates, EncoderSpec, Format, SampleRate};
use svara_engine::Dictionary;
use svara_service::Caller;

use crate::svara;

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
            Bitrates::None => "none, as it has no bit rate".to_owned(),
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

/// What a request's dictionary says, and the value of a header that tells whether there is such a dictionary: here, an
/// unknown one is no error.
pub(crate) struct Dictionaries {
    /// The dictionary, where it was found.
    pub(crate) found: Vec<Arc<Dictionary>>,
    told: Option<&'static str>,
}

impl Dictionaries {
    /// Looks for the dictionary with this id.
    ///
    /// # Errors
    /// The store failed, or the dictionary is damaged.
    pub(crate) async fn find(state: &AppState, caller: &Caller, id: Option<&str>) -> Result<Self, ApiError> {
        let Some(id) = id.filter(|id| !id.is_empty()) else {
            return Ok(Self { found: Vec::new(), told: None });
        };
        let found = locators::find(&state.service, caller, id).await?;
        let told = Some(if found.is_some() { "hit" } else { "miss" });
        Ok(Self { found: found.into_iter().collect(), told })
    }

    /// The value of the header.
    pub(crate) fn told(&self) -> Option<&'static str> {
        self.told
    }
}

/// Says whether there was the dictionary that a request named.
pub(crate) fn tell_dictionary(response: &mut Response, told: Option<&'static str>) {
    response.headers_mut().extend(told.map(|told| (DICTIONARY, HeaderValue::from_static(told))));
}
