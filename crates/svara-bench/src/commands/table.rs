//! `svara-bench table`.

use std::{fs, path::PathBuf};

use anyhow::{Context, bail};

use super::load::Load;
use crate::{
    load::{Arrival, Summary},
    report::Report,
    verdict::Verdict,
};

/// The loads, unless `--streams` names others.
const STREAMS: [u32; 12] = [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192];

/// `svara-bench table`.
#[derive(Clone, Debug, clap::Args)]
pub struct Table {
    #[command(flatten)]
    pub(crate) load: Load,
    /// What is measured, for the heading: the server's machine and engine.
    #[arg(long, default_value = "svara-bench table")]
    title: String,
    /// The server is broken, and the run over, once a stream fails or fewer than this share of streams have a longest gap
    /// of at most 200 ms.
    #[arg(long, default_value_t = 0.5, value_parser = share)]
    broken_below: f64,
    /// Write the Markdown table to this file, too.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write an image of gaps and first audio by load to this file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("must be from 0 to 1".into()),
    }
}

impl Table {
    /// Measures, prints the Markdown table, writes the files.
    ///
    /// # Errors
    /// The run can't be set up, the server answers no request, or a file can't be written.
    #[expect(clippy::print_stdout, reason = "the table is what the program is for")]
    pub async fn run(self) -> anyhow::Result<Verdict> {
        let (report, interrupted) = self.measure().await?;
        let markdown = report.listeners_markdown(&self.title);
        print!("{markdown}");
        self.load.write(&report)?;
        let files = [(&self.markdown, markdown), (&self.svg, report.listeners_svg(&self.title))];
        for (path, content) in files {
            if let Some(path) = path {
                fs::write(path, content).with_context(|| format!("can't write {}", path.display()))?;
            }
        }
        Ok(self.load.verdict(&report, interrupted))
    }

    /// Raises the load until the server breaks. Returns the results, and whether the run was interrupted.
    ///
    /// # Errors
    /// The run can't be set up, or the server answers no request.
    pub async fn measure(&self) -> anyhow::Result<(Report, bool)> {
        if self.load.arrival.iter().any(|arrival| *arrival != Arrival::Closed) {
            bail!("--arrival: a table has a number of streams in each row, so only closed is possible");
        }
        let mut load = self.load.clone();
        if load.streams.is_empty() {
            load.streams = STREAMS.to_vec();
        }
        load.measure_until(|summary| self.is_broken(summary)).await
    }

    fn is_broken(&self, summary: &Summary) -> bool {
        summary.failed() > 0
            || summary.gap_ms.share_within(200.0).is_none_or(|share| share < self.broken_below)
    }
}
