//! How loud a request wants its speech.

use svara_audio::{Gain, GainError};
use utoipa::openapi::{Object, schema::Type};

use super::schemas;
use crate::error::ApiError;

/// The gain of `volume`, a factor, or of `gain_db`, decibels.
///
/// # Errors
/// Both are given, or one is out of range.
pub fn gain(volume: Option<f32>, gain_db: Option<f32>) -> Result<Gain, ApiError> {
    let invalid = |field| move |error: GainError| ApiError::invalid(field, error);
    match (volume, gain_db) {
        (None, None) => Ok(Gain::UNITY),
        (Some(factor), None) => Gain::from_factor(factor).map_err(invalid("volume")),
        (None, Some(db)) => Gain::from_db(db).map_err(invalid("gain_db")),
        (Some(_), Some(_)) => Err(ApiError::invalid("gain_db", "can't be given together with volume")),
    }
}

/// The schema of `volume`.
pub fn volume() -> Object {
    let about = "A factor on the loudness; 1 is the model's own. A soft limit keeps it from clipping.";
    schemas::nullable(Type::Number, about).minimum(Some(0.01)).maximum(Some(10.0)).build()
}

/// The schema of `gain_db`.
pub fn gain_db() -> Object {
    let about = "The same in decibels, instead of volume.";
    schemas::nullable(Type::Number, about).minimum(Some(-40.0)).maximum(Some(20.0)).build()
}
