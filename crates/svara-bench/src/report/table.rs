//! The table on the terminal.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::{MEBIBYTE, Report, Step, number, number_or_dash};

pub(super) fn render(report: &Report) -> String {
    let usage = report.has_usage();
    let mut header = vec![
        "streams",
        "sent",
        "failed",
        "first audio ms\np50",
        "\np90",
        "\np99",
        "\nmax",
        "real-time factor\np50",
        "\np99",
        "underruns\nstreams",
        "silence ms\nmax",
        "audio s\nper s",
    ];
    if usage {
        header.extend(["CPU-s per\naudio s", "memory MiB\npeak"]);
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    for step in &report.steps {
        table.add_row(row(step, usage));
    }
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text = table.trim_fmt();
    for step in &report.steps {
        for (reason, count) in &step.summary.failures {
            text.push_str(&format!("\n{} streams: {count} failed: {reason}", step.name));
        }
    }
    text
}

fn row(step: &Step, usage: bool) -> Vec<String> {
    let summary = &step.summary;
    let first = |share| number(summary.first_audio_ms.quantile(share), 0);
    let pace = |share| number(summary.real_time_factor.quantile(share), 2);
    let mut row = vec![
        step.name.clone(),
        summary.streams.to_string(),
        summary.failed().to_string(),
        first(0.5),
        first(0.9),
        first(0.99),
        first(1.0),
        pace(0.5),
        pace(0.99),
        summary.streams_with_underruns.to_string(),
        number_or_dash(summary.silence_ms.quantile(1.0), 0),
        number_or_dash(summary.speed(), 1),
    ];
    if usage {
        row.push(number_or_dash(summary.cpu_per_audio_second(), 3));
        let peak = summary.usage.as_ref().map(|usage| usage.peak_bytes as f64 / MEBIBYTE);
        row.push(number_or_dash(peak, 0));
    }
    row
}
