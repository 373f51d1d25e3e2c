//! Recordings of callers are decoded in a process of their own, one for each. What a hostile file does to a decoder, it
//! does to that process: its time, memory and files are bounded, and it is killed when it is late.
//!
//! ```text
//! server                                    svara-server decode-upload          (child.rs)
//!   │  spares.rs keeps a few started          │ confine.rs: limits, then a list of system calls
//!   │ ◄──────────────────────────── ready ────┤
//!   ├─ length, recording ───────────────────► │ svara_audio::decode_upload
//!   │ ◄──────────────── samples, or why not ──┘ it ends
//!   process.rs: one exchange                  messages.rs: both directions
//! ```

mod child;
mod confine;
mod messages;
mod process;
mod spares;
mod uploads;

pub use self::child::DecodeUploadArgs;
pub use self::uploads::Uploads;
pub use child::run as decode_upload;
