//! The subcommands, one file each.

pub mod load;
pub mod serve_fake;
pub mod table;
