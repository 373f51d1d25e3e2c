//! One page with the results and their plots; it loads nothing else.

use std::{
    fmt::Write,
    time::{Duration, UNIX_EPOCH},
};

use super::{
    MEBIBYTE, Report, Step, number, number_or_dash,
    plot::{Axis, Line, Plot, escape},
};
use crate::load::Arrival;

const PAGE: &str = include_str!("page.html");
/// Points of a distribution's curve.
const CURVE_POINTS: usize = 200;

pub(super) fn render(report: &Report) -> String {
    let title = format!("{} · {} · {}", report.about.url, report.about.dialect, report.about.format.name());
    let figures = figures(report);
    PAGE.replace("{{title}}", &escape(&title))
        .replace("{{facts}}", &facts(report))
        .replace("{{cards}}", &cards(report))
        .replace("{{figures}}", &figures)
        .replace("{{table}}", &table(report))
        .replace("{{failures}}", &failures(report))
}

fn facts(report: &Report) -> String {
    let about = &report.about;
    let mut facts = format!(
        "Voice {}. First audio is {}. A player starts once it has {} ms of audio.",
        escape(&about.voice),
        about.format.first_audio(),
        about.start_buffer_ms
    );
    if let Some(frames) = about.expect_frames {
        push(&mut facts, format_args!(" Each answer must have {frames} frames of 2048 samples."));
    }
    push(
        &mut facts,
        format_args!(
            " Percentiles count every stream that was sent; those without audio rank last, as <q>never</q>. svara-bench {}, {}.",
            env!("CARGO_PKG_VERSION"),
            humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(report.started_unix_s)),
        ),
    );
    facts
}

/// The last step, which has the largest load, at a glance.
fn cards(report: &Report) -> String {
    let Some(step) = report.steps.last() else { return String::new() };
    let summary = &step.summary;
    let failed = summary.failed();
    let share = |part: u64| 100.0 * part as f64 / summary.streams.max(1) as f64;
    let mut cards = String::new();
    let mut card = |name: &str, value: &str, unit: &str, note: &str, bad: bool| {
        let class = if bad { "card bad" } else { "card" };
        push(
            &mut cards,
            format_args!(
                "<div class=\"{class}\"><h3>{name}</h3><p class=\"value\">{value}<span>{unit}</span></p><p class=\"note\">{note}</p></div>"
            ),
        );
    };
    let first = &summary.first_audio_ms;
    let note = format!("p50 {} ms", number(first.quantile(0.5), 0));
    card("First audio, p99", &number(first.quantile(0.99), 0), "ms", &note, false);
    let note = format!("real-time factor p99 {}", number(summary.real_time_factor.quantile(0.99), 2));
    card("Audio received", &number_or_dash(summary.speed(), 1), "s per s", &note, false);
    let underrun = summary.streams_with_underruns;
    let note = format!("longest silence {:.0} ms", summary.longest_silence_ms);
    card("Streams with an underrun", &format!("{:.1}", share(underrun)), "%", &note, underrun > 0);
    card("Failed", &failed.to_string(), "", &format!("of {} sent", summary.streams), failed > 0);
    if let Some(usage) = &summary.usage {
        let note = format!("peak memory {:.0} MiB", usage.peak_bytes as f64 / MEBIBYTE);
        let cost = number_or_dash(summary.cpu_per_audio_second(), 3);
        card("CPU", &cost, "CPU-s per s", &note, false);
    }
    format!("<h2>At {}</h2><div class=\"cards\">{cards}</div>", escape(&load(step)))
}

fn load(step: &Step) -> String {
    match step.arrival {
        Arrival::Closed if step.streams == 1 => "1 stream".into(),
        Arrival::Closed => format!("{} streams", step.streams),
        Arrival::Poisson { per_second } => format!("{per_second} requests a second"),
    }
}

fn figures(report: &Report) -> String {
    let steps = &report.steps;
    let names: Vec<String> = steps.iter().map(|step| step.name.clone()).collect();
    let x_title = if steps.iter().all(|step| step.arrival == Arrival::Closed) { "streams" } else { "load" };
    let by_step = |name: &str, colour: usize, value: &dyn Fn(&Step) -> Option<f64>| Line {
        name: name.into(),
        colour,
        points: steps.iter().enumerate().filter_map(|(at, step)| Some((at as f64, value(step)?))).collect(),
        steps: false,
        dots: true,
    };
    let over_steps = |y: &str, lines: Vec<Line>| {
        let values: Vec<f64> =
            lines.iter().flat_map(|line| line.points.iter().map(|point| point.1)).collect();
        Plot { x: Axis::of_names(x_title, names.clone()), y: Axis::measure(y, values), lines }
    };

    let mut html = String::new();
    let mut figure = |title: &str, note: &str, plot: &Plot| {
        let legend: String = plot.lines.iter().map(legend).collect();
        push(
            &mut html,
            format_args!(
                "<figure><figcaption><h3>{title}</h3><p>{note}</p></figcaption>{}<div class=\"legend\">{legend}</div></figure>",
                plot.svg(title)
            ),
        );
    };
    figure(
        "First audio",
        "Share of streams with audio by then. Where a curve ends below 100 %, streams failed.",
        &first_audio(steps),
    );
    let first = |share| move |step: &Step| step.summary.first_audio_ms.quantile(share);
    let lines =
        vec![by_step("p99", 0, &first(0.99)), by_step("p90", 1, &first(0.9)), by_step("p50", 2, &first(0.5))];
    figure(
        "First audio by load",
        "A line stops where that percentile falls among streams without audio.",
        &over_steps("ms", lines),
    );
    let share = |part: u64, step: &Step| Some(100.0 * part as f64 / step.summary.streams.max(1) as f64);
    let lines = vec![
        by_step("with an underrun", 3, &|step| share(step.summary.streams_with_underruns, step)),
        by_step("failed", 4, &|step| share(step.summary.failed(), step)),
    ];
    figure(
        "Underruns and failures by load",
        "Share of streams whose player ran out of audio, or that failed.",
        &over_steps("% of streams", lines),
    );
    let pace = |share| move |step: &Step| step.summary.real_time_factor.quantile(share);
    let lines = vec![by_step("p99", 0, &pace(0.99)), by_step("p50", 2, &pace(0.5))];
    figure(
        "Real-time factor by load",
        "Seconds per second of audio; above 1, audio arrives more slowly than it plays.",
        &over_steps("s per s of audio", lines),
    );
    if report.has_usage() {
        let lines = vec![by_step("CPU seconds", 5, &|step| step.summary.cpu_per_audio_second())];
        figure(
            "CPU time by load",
            "CPU seconds of the server per second of audio.",
            &over_steps("s per s of audio", lines),
        );
        figure("Memory", "Resident memory of the server during each step.", &memory(steps));
    }
    html
}

fn first_audio(steps: &[Step]) -> Plot {
    let lines: Vec<Line> = steps
        .iter()
        .enumerate()
        .map(|(colour, step)| {
            let curve = step.summary.first_audio_ms.curve(CURVE_POINTS);
            let start = curve.first().map(|point| (point.0, 0.0));
            let points = start.into_iter().chain(curve.into_iter().map(|(ms, share)| (ms, 100.0 * share)));
            Line { name: load(step), colour, points: points.collect(), steps: true, dots: false }
        })
        .collect();
    let longest = lines.iter().flat_map(|line| line.points.last()).map(|point| point.0);
    Plot {
        x: Axis::measure("ms after the request", longest),
        y: Axis::measure("% of streams", [100.0]),
        lines,
    }
}

fn memory(steps: &[Step]) -> Plot {
    let lines: Vec<Line> = steps
        .iter()
        .enumerate()
        .filter_map(|(colour, step)| {
            let usage = step.summary.usage.as_ref()?;
            let points = usage.course.iter().map(|(s, bytes)| (*s, *bytes as f64 / MEBIBYTE)).collect();
            Some(Line { name: load(step), colour, points, steps: false, dots: false })
        })
        .collect();
    let all =
        |value: fn(&(f64, f64)) -> f64| lines.iter().flat_map(move |line| line.points.iter().map(value));
    let (x, y) = (Axis::measure("s", all(|point| point.0)), Axis::measure("MiB", all(|point| point.1)));
    Plot { x, y, lines }
}

fn legend(line: &Line) -> String {
    let colour = line.colour % super::plot::COLOURS;
    format!("<span><i class=\"c{colour}\"></i>{}</span>", escape(&line.name))
}

fn table(report: &Report) -> String {
    let usage = report.has_usage();
    let mut html = String::from(
        "<thead><tr><th rowspan=2>load<th rowspan=2>sent<th rowspan=2>failed<th colspan=4>first audio, ms\
         <th colspan=2>real-time factor<th colspan=2>silence, ms<th rowspan=2>streams with<br>underruns\
         <th rowspan=2>audio s<br>per s",
    );
    if usage {
        html.push_str("<th rowspan=2>CPU s per<br>audio s<th rowspan=2>peak<br>MiB");
    }
    html.push_str("<tr><th>p50<th>p90<th>p99<th>max<th>p50<th>p99<th>p99<th>max</thead><tbody>");
    for step in &report.steps {
        let summary = &step.summary;
        push(&mut html, format_args!("<tr><th>{}<td>{}", escape(&load(step)), summary.streams));
        let failed = summary.failed();
        push(&mut html, format_args!("<td{}>{failed}", if failed > 0 { " class=bad" } else { "" }));
        let quantiles = [0.5, 0.9, 0.99, 1.0].map(|share| number(summary.first_audio_ms.quantile(share), 0));
        let pace = [0.5, 0.99].map(|share| number(summary.real_time_factor.quantile(share), 2));
        let silence = [0.99, 1.0].map(|share| number_or_dash(summary.silence_ms.quantile(share), 0));
        for cell in quantiles.iter().chain(&pace).chain(&silence) {
            push(&mut html, format_args!("<td>{cell}"));
        }
        push(
            &mut html,
            format_args!("<td>{}<td>{}", summary.streams_with_underruns, number_or_dash(summary.speed(), 1)),
        );
        if usage {
            let peak = summary.usage.as_ref().map(|usage| usage.peak_bytes as f64 / MEBIBYTE);
            let cost = number_or_dash(summary.cpu_per_audio_second(), 3);
            push(&mut html, format_args!("<td>{cost}<td>{}", number_or_dash(peak, 0)));
        }
    }
    html.push_str("</tbody>");
    html
}

fn failures(report: &Report) -> String {
    let mut rows = String::new();
    for step in &report.steps {
        for (reason, count) in &step.summary.failures {
            push(
                &mut rows,
                format_args!("<tr><th>{}<td>{count}<td class=text>{}", escape(&load(step)), escape(reason)),
            );
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "<h2>Failures</h2><div class=\"scroll\"><table><thead><tr><th>load<th>streams<th class=text>reason</thead><tbody>{rows}</tbody></table></div>"
    )
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string can't fail.
    let _ = text.write_fmt(arguments);
}
