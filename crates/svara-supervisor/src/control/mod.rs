//! The control socket: one JSON line in, JSON lines out.

mod client;
mod protocol;
mod server;
mod table;

pub use client::{ClientError, ask};
pub use protocol::{Failure, Request, Response, VERSION};
pub use server::{BindError, Call, Places, bind, serve};
pub use table::table;

/// The socket when neither the file nor the command line names one, so that every command works without a file.
pub const DEFAULT_SOCKET: &str = "${SVARA_SUPERVISOR_SOCKET:-/run/svara-supervisor.sock}";
