//! Formats the status as a table.

use std::time::Duration;

use bytesize::ByteSize;

use crate::report::{ProgramReport, Report, ScheduleReport, SinkReport};

const HEAD: [&str; 8] = ["PROGRAM", "STATE", "PID", "UPTIME", "RESTARTS", "LAST EXIT", "MEMORY", "PROBE"];

const SCHEDULE_HEAD: [&str; 4] = ["SCHEDULE", "NEXT", "LAST", "OUTCOME"];

const SINK_HEAD: [&str; 5] = ["SINK", "STATE", "SENT LINES", "LEFT OUT", "WAITING"];

/// The status table, one line per program, schedule and sink.
pub fn table(report: &Report) -> String {
    let mut text = columns(HEAD, report.programs.iter().map(row));
    if !report.schedules.is_empty() {
        text.push('\n');
        text.push_str(&columns(SCHEDULE_HEAD, report.schedules.iter().map(schedule_row)));
    }
    if !report.sinks.is_empty() {
        text.push('\n');
        text.push_str(&columns(SINK_HEAD, report.sinks.iter().map(sink_row)));
    }
    text
}

fn columns<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = std::iter::once(head.map(str::to_owned)).chain(rows).collect();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
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

fn schedule_row(schedule: &ScheduleReport) -> [String; 4] {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let outcome = match schedule.running {
        0 => or_dash(&schedule.outcome),
        1 => format!("running; before: {}", or_dash(&schedule.outcome)),
        several => format!("{several} running; before: {}", or_dash(&schedule.outcome)),
    };
    [schedule.name.clone(), or_dash(&schedule.next), or_dash(&schedule.last), outcome]
}

fn sink_row(sink: &SinkReport) -> [String; 5] {
    let state = match &sink.reason {
        None => "up".to_owned(),
        Some(reason) => format!("away: {reason}"),
    };
    let waiting = ByteSize::b(sink.waiting_bytes).display().iec_short().to_string();
    [sink.name.clone(), state, sink.sent_lines.to_string(), sink.lost_lines.to_string(), waiting]
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
