//! The control socket: one JSON line in, JSON lines out.

mod client;
mod lock;
mod protocol;
mod serve;
mod server;
mod table;

pub use client::{ClientError, ask, ask_within};
pub use lock::Lock;
pub use protocol::{Failure, Request, Response, VERSION};
pub use serve::{Places, Socket, serve};
pub use server::{BindError, Call, bind};
pub use table::table;
