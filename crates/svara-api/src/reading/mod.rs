//! What requests bring: bodies and recordings.

pub mod agreeing;
pub mod allowed;
pub mod body;
pub mod bounded;
pub mod encoded;
pub mod form;
pub mod ignored;
pub mod json;
mod known;
pub mod lenient;
pub mod locators;
pub mod loudness;
pub mod message;
pub mod schemas;
pub mod upload;
