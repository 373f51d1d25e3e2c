//! Formats the status as a table.

use std::time::Duration;

use bytesize::ByteSize;

use crate::supervisor::{ProgramReport, Report};

const HEAD: [&str; 8] = ["PROGRAM", "STATE", "PID", "UPTIME", "RESTARTS", "LAST EXIT", "MEMORY", "PROBE"];

/// The status table, one line per program.
pub fn table(report: &Report) -> String {
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(report.programs.iter().map(row));
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn row(program: &ProgramReport) -> [String; 8] {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let state = if program.degraded.is_empty() {
        program.state.clone()
    } else {
        format!("{} (degraded)", program.state)
    };
    [
        program.name.clone(),
        state,
        or_dash(program.pid.map(|pid| pid.to_string())),
        or_dash(
            program
                .uptime_seconds
                .map(|s| humantime::format_duration(Duration::from_secs(s as u64)).to_string()),
        ),
        program.restarts.to_string(),
        or_dash(program.last_exit.clone()),
        or_dash(program.memory_bytes.map(|bytes| ByteSize::b(bytes).display().iec_short().to_string())),
        program.detail.clone(),
    ]
}
