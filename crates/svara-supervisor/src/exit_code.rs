//! The exit codes besides 0.

/// Not everything is ready, or the command failed.
pub(crate) const NOT_READY: u8 = 1;
/// No such program.
pub(crate) const UNKNOWN: u8 = 4;
/// The file is invalid (`EX_CONFIG` would be 78; our server uses 64).
pub(crate) const BAD_CONFIGURATION: u8 = 64;
/// No supervisor answers (`EX_UNAVAILABLE`).
pub(crate) const UNREACHABLE: u8 = 69;
