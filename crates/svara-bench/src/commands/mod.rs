//! What the program does, one file for each subcommand.

pub mod load;
pub mod serve_fake;
