//! Plots as SVG, drawn with the page's colours. Pure.

use std::fmt::Write;

/// A plot of lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Plot {
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) lines: Vec<Line>,
}

/// An axis from 0, or from the first of its names, to `max`.
#[derive(Clone, Debug, Default)]
pub(super) struct Axis {
    pub(super) title: String,
    pub(super) max: f64,
    /// For an axis without a scale: names at 0, 1, 2, ….
    pub(super) names: Vec<String>,
}

/// A line, in the n-th of the page's colours.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) colour: usize,
    pub(super) points: Vec<(f64, f64)>,
    /// Whether it goes from point to point in steps, as for a distribution.
    pub(super) steps: bool,
    /// Whether each point is marked.
    pub(super) dots: bool,
}

pub(super) const WIDTH: f64 = 560.0;
pub(super) const HEIGHT: f64 = 300.0;
const LEFT: f64 = 68.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 46.0;
const INNER_WIDTH: f64 = WIDTH - LEFT - RIGHT;
const INNER_HEIGHT: f64 = HEIGHT - TOP - BOTTOM;
/// Colours of the page.
pub(super) const COLOURS: usize = 8;

impl Axis {
    /// An axis with a scale that covers all values.
    pub(super) fn measure(title: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let largest = values.into_iter().filter(|value| value.is_finite()).fold(0.0, f64::max);
        let step = round_step(largest);
        Self { title: title.into(), max: ((largest / step).ceil() * step).max(step), names: Vec::new() }
    }

    /// An axis with a place for each name.
    pub(super) fn of_names(title: &str, names: Vec<String>) -> Self {
        Self { title: title.into(), max: names.len().saturating_sub(1) as f64, names }
    }

    /// The position of a value, 0 to 1.
    fn share(&self, value: f64) -> f64 {
        if self.names.is_empty() { value / self.max } else { (value + 0.5) / self.names.len() as f64 }
    }

    /// The values with a mark, and their labels.
    fn marks(&self) -> Vec<(f64, String)> {
        if !self.names.is_empty() {
            return self.names.iter().enumerate().map(|(at, name)| (at as f64, name.clone())).collect();
        }
        let step = round_step(self.max);
        let decimals = if step >= 1.0 { 0 } else { (-step.log10()).ceil() as usize };
        let count = (self.max / step).round() as usize;
        (0..=count).map(|n| n as f64 * step).map(|value| (value, format!("{value:.decimals$}"))).collect()
    }
}

/// The distance of marks up to a value: 1, 2 or 5 times a power of ten, for some four to eight marks.
fn round_step(largest: f64) -> f64 {
    if largest <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf((largest / 4.0).log10().floor());
    let times = largest / 4.0 / power;
    power
        * if times >= 5.0 {
            5.0
        } else if times >= 2.0 {
            2.0
        } else {
            1.0
        }
}

/// Escapes a text for HTML and SVG.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl Plot {
    pub(super) fn svg(&self, description: &str) -> String {
        self.svg_at((0.0, 0.0), description)
    }

    /// As a part of another image, with its upper left corner there.
    pub(super) fn svg_at(&self, (x, y): (f64, f64), description: &str) -> String {
        let place = if (x, y) == (0.0, 0.0) {
            String::new()
        } else {
            format!(" x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\"")
        };
        let mut svg = format!(
            "<svg{place} viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
            escape(description)
        );
        self.draw_axes(&mut svg);
        for line in &self.lines {
            self.draw_line(&mut svg, line);
        }
        svg.push_str("</svg>");
        svg
    }

    fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (LEFT + self.x.share(x) * INNER_WIDTH, TOP + (1.0 - self.y.share(y)) * INNER_HEIGHT)
    }

    fn draw_axes(&self, svg: &mut String) {
        let (right, bottom) = (LEFT + INNER_WIDTH, TOP + INNER_HEIGHT);
        for (value, name) in self.y.marks() {
            let y = TOP + (1.0 - self.y.share(value)) * INNER_HEIGHT;
            put(
                svg,
                format_args!(
                    "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"mark\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                    LEFT - 8.0,
                    y + 4.0,
                    escape(&name),
                ),
            );
        }
        for (value, name) in self.x.marks() {
            let x = LEFT + self.x.share(value) * INNER_WIDTH;
            put(
                svg,
                format_args!(
                    "<line class=\"tick\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{bottom}\" y2=\"{:.1}\"/>\
                 <text class=\"mark\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                    bottom + 4.0,
                    bottom + 17.0,
                    escape(&name),
                ),
            );
        }
        put(
            svg,
            format_args!(
                "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{bottom}\" y2=\"{bottom}\"/>\
             <text class=\"title\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
             <text class=\"title\" transform=\"translate(14 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
                LEFT + INNER_WIDTH / 2.0,
                HEIGHT - 6.0,
                escape(&self.x.title),
                TOP + INNER_HEIGHT / 2.0,
                escape(&self.y.title),
            ),
        );
    }

    fn draw_line(&self, svg: &mut String, line: &Line) {
        let mut path = String::new();
        let mut before = None;
        for point in &line.points {
            let (x, y) = self.at(*point);
            if let (true, Some(before)) = (line.steps, before) {
                put(&mut path, format_args!("L{x:.1} {before:.1}"));
            }
            let command = if before.is_none() { 'M' } else { 'L' };
            put(&mut path, format_args!("{command}{x:.1} {y:.1}"));
            before = Some(y);
        }
        let colour = line.colour % COLOURS;
        put(
            svg,
            format_args!(
                "<path class=\"line c{colour}\" d=\"{path}\"><title>{}</title></path>",
                escape(&line.name)
            ),
        );
        if line.dots {
            for point in &line.points {
                let (x, y) = self.at(*point);
                put(
                    svg,
                    format_args!(
                        "<circle class=\"dot c{colour}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"><title>{}: {:.1}</title></circle>",
                        escape(&line.name),
                        point.1,
                    ),
                );
            }
        }
    }
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string can't fail.
    let _ = text.write_fmt(arguments);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marks_are_round() {
        let marks =
            |largest| Axis::measure("", [largest]).marks().into_iter().map(|mark| mark.1).collect::<Vec<_>>();
        assert_eq!(marks(92.0), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(marks(0.9), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(marks(0.0), marks(1.0));
    }

    #[test]
    fn names_from_outside_are_no_markup() {
        let line =
            Line { name: "<script>&\"".into(), points: vec![(0.0, 1.0)], dots: true, ..Line::default() };
        let plot = Plot { x: Axis::measure("x", [1.0]), y: Axis::measure("y", [1.0]), lines: vec![line] };
        let svg = plot.svg("\"");
        assert!(!svg.contains("<script>") && svg.contains("&lt;script&gt;&amp;&quot;"));
    }

    proptest! {
        #[test]
        fn every_value_lies_on_the_plot(values in prop::collection::vec(0.0f64..1e9, 1..20)) {
            let axis = Axis::measure("", values.clone());
            prop_assert!(values.iter().all(|value| (0.0..=1.0 + 1e-9).contains(&axis.share(*value))));
            prop_assert!(axis.marks().len() <= 12, "{:?}", axis.marks());
        }
    }
}
