//! What listeners get at each load: when audio begins, and whether it goes on. As Markdown and as an image.

use std::fmt::Write;

use super::{
    Report, Step, number,
    plot::{Axis, HEIGHT, Line, Plot, WIDTH, escape},
};

/// The longest gaps that are counted, in ms: C50, C100, C200.
const GAPS_MS: [f64; 3] = [50.0, 100.0, 200.0];
/// The heading above the plots, and the legend below.
const HEADING: f64 = 34.0;
const LEGEND: f64 = 26.0;
/// The colours of the page that lines have, for images without it: they are read on light and on dark.
const STYLE: &str = ".grid{stroke:#88888833}.axis,.tick{stroke:#888}.mark,.title,.legend{fill:#777;font:11.5px sans-serif}\
    .heading{fill:#777;font:600 14px sans-serif}.line{fill:none;stroke-width:2.25}\
    .line.c0{stroke:#c2410c}.line.c1{stroke:#0f766e}.line.c2{stroke:#1d4ed8}\
    .dot.c0,.legend.c0{fill:#c2410c}.dot.c1,.legend.c1{fill:#0f766e}.dot.c2,.legend.c2{fill:#1d4ed8}";

pub(super) fn markdown(report: &Report, title: &str) -> String {
    let mut text = format!(
        "{title}: {}, {}, voice {}.\n\n\
         | streams | first audio p50, ms | p95, ms | real-time factor p50 | C50 | C100 | C200 | failed |\n\
         |---|---|---|---|---|---|---|---|\n",
        report.about.dialect,
        report.about.format.name(),
        report.about.voice,
    );
    for step in &report.steps {
        let summary = &step.summary;
        let [c50, c100, c200] =
            GAPS_MS.map(|gap| number(summary.gap_ms.share_within(gap).map(|share| 100.0 * share), 0));
        // Writing to a string can't fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {c50} % | {c100} % | {c200} % | {} of {} |",
            step.streams,
            number(summary.first_audio_ms.quantile(0.5), 0),
            number(summary.first_audio_ms.quantile(0.95), 0),
            number(summary.real_time_factor.quantile(0.5), 2),
            summary.failed(),
            summary.streams,
        );
    }
    text
}

pub(super) fn svg(report: &Report, title: &str) -> String {
    let names: Vec<String> = report.steps.iter().map(|step| step.streams.to_string()).collect();
    let line = |name: String, colour: usize, value: &dyn Fn(&Step) -> Option<f64>| Line {
        name,
        colour,
        points: report
            .steps
            .iter()
            .enumerate()
            .filter_map(|(at, step)| Some((at as f64, value(step)?)))
            .collect(),
        steps: false,
        dots: true,
    };
    let within =
        |gap: f64| move |step: &Step| step.summary.gap_ms.share_within(gap).map(|share| 100.0 * share);
    let gaps: Vec<Line> = GAPS_MS
        .into_iter()
        .enumerate()
        .map(|(colour, gap)| line(format!("C{gap}"), colour, &within(gap)))
        .collect();
    let first = |share: f64| move |step: &Step| step.summary.first_audio_ms.quantile(share);
    let firsts = vec![line("p95".into(), 0, &first(0.95)), line("p50".into(), 2, &first(0.5))];
    let (width, height) = (2.0 * WIDTH, HEADING + HEIGHT + LEGEND);
    let mut image = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\"><title>{0}</title>\
         <style>{STYLE}</style><text class=\"heading\" x=\"14\" y=\"22\">{0}</text>",
        escape(title)
    );
    let times: Vec<f64> = firsts.iter().flat_map(|line| line.points.iter().map(|point| point.1)).collect();
    for (place, y, lines, description) in [
        (
            0.0,
            Axis::measure("% of streams", [100.0]),
            gaps,
            "share of streams whose longest gap is at most so many ms",
        ),
        (WIDTH, Axis::measure("first audio, ms", times), firsts, "first audio by load"),
    ] {
        for (at, line) in lines.iter().enumerate() {
            let (x, y) = (place + 68.0 + 70.0 * at as f64, height - 8.0);
            // Writing to a string can't fail.
            let _ = write!(
                image,
                "<text class=\"legend c{}\" x=\"{x}\" y=\"{y}\">● {}</text>",
                line.colour,
                escape(&line.name)
            );
        }
        let plot = Plot { x: Axis::of_names("streams at once", names.clone()), y, lines };
        image.push_str(&plot.svg_at((place, HEADING), description));
    }
    image.push_str("</svg>\n");
    image
}
