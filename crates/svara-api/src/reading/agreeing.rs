//! Fields that have two names.

use crate::error::ApiError;

/// The value of a field that may come by either of two names.
///
/// # Errors
/// It comes by both, and they say different things.
pub fn agreeing<T: PartialEq>(
    (name, value): (&'static str, Option<T>),
    (other_name, other): (&'static str, Option<T>),
) -> Result<Option<T>, ApiError> {
    match (value, other) {
        (Some(value), Some(other)) if value != other => Err(contradiction(name, other_name)),
        (value, other) => Ok(value.or(other)),
    }
}

/// The error of two names of one field that say different things.
pub fn contradiction(name: &str, other_name: &'static str) -> ApiError {
    ApiError::invalid(other_name, format!("and {name} are one field: send one"))
}
