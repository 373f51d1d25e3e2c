//! The command line.

use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::{
    commands::{load::Load, serve_fake::ServeFake, table::Table},
    verdict::Verdict,
};

/// Load generator for text-to-speech servers, and a fake vLLM to put behind them.
#[derive(Debug, Parser)]
#[command(name = "svara-bench", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a fake vLLM: its /v1/completions stream, with made-up audio tokens at a set pace.
    ServeFake(ServeFake),
    /// Put load on a server and measure what its listeners get.
    Load(Box<Load>),
    /// Raise the load until the server breaks, and tabulate first audio and gaps: Markdown, JSON and SVG.
    Table(Box<Table>),
}

impl Cli {
    /// Runs the subcommand.
    ///
    /// # Errors
    /// The subcommand's own, or the async runtime can't start.
    pub fn run(self) -> anyhow::Result<Verdict> {
        let threads = match &self.command {
            Command::ServeFake(fake) => fake.threads,
            Command::Load(load) => load.threads,
            Command::Table(table) => table.load.threads,
        };
        let runtime = if threads > 1 {
            tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()
        } else {
            // A single thread never wakes another: thousands of paced streams cost least there.
            tokio::runtime::Builder::new_current_thread().enable_all().build()
        };
        runtime.context("can't start the async runtime")?.block_on(async {
            match self.command {
                Command::ServeFake(fake) => fake.run().await.map(|()| Verdict::Good),
                Command::Load(load) => load.run().await,
                Command::Table(table) => table.run().await,
            }
        })
    }
}
