//! The command line.

use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::{
    commands::{load::Load, serve_fake::ServeFake},
    verdict::Verdict,
};

/// Load generator for text-to-speech servers, and a paced stand-in for their engine.
#[derive(Debug, Parser)]
#[command(name = "svara-bench", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Be an engine: vLLM's /v1/completions stream with random audio tokens, at a set pace.
    ServeFake(ServeFake),
    /// Load a server, and measure what its listeners get.
    Load(Box<Load>),
}

impl Cli {
    /// Does what the command line says.
    ///
    /// # Errors
    /// What kept it from running or from writing its reports.
    pub fn run(self) -> anyhow::Result<Verdict> {
        let threads = match &self.command {
            Command::ServeFake(fake) => fake.threads,
            Command::Load(load) => load.threads,
        };
        let runtime = if threads > 1 {
            tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()
        } else {
            // One thread wakes nobody: thousands of paced streams cost least there.
            tokio::runtime::Builder::new_current_thread().enable_all().build()
        };
        runtime.context("can't start the async runtime")?.block_on(async {
            match self.command {
                Command::ServeFake(fake) => fake.run().await.map(|()| Verdict::Good),
                Command::Load(load) => load.run().await,
            }
        })
    }
}
