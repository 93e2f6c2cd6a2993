//! The pieces that all charts are drawn with.
//!
//! It must not take text unescaped: every string passes through [`escape_xml`] here.

use std::fmt::Write;

use super::WIDTH;
use crate::palette;

const FONTS: &str = "'Microsoft YaHei','PingFang SC','Noto Sans CJK SC','Noto Sans SC','WenQuanYi Micro Hei',SimSun,sans-serif";
pub(super) const TEXT_SIZE: f64 = 13.0;
pub(super) const TITLE_SIZE: f64 = 16.0;
/// Where the drawing starts below the title.
pub(super) const TITLE_HEIGHT: f64 = 34.0;

/// Text for element content and attributes. Characters that XML forbids become `�`.
pub fn escape_xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\t' | '\n' | '\r' => escaped.push(c),
            // XML 1.0 has no way to write these, not even escaped.
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A chart being drawn.
pub(super) struct Canvas {
    body: String,
    height: f64,
    title: String,
}

impl Canvas {
    pub(super) fn new(title: &str, height: f64) -> Self {
        let mut canvas = Canvas { body: String::new(), height, title: title.to_owned() };
        let shown = shorten(title, WIDTH, TITLE_SIZE);
        let style = format!("font-size=\"{}\" font-weight=\"bold\" fill=\"{}\"", TITLE_SIZE, palette::INK);
        canvas.push_text(0.0, 19.0, Anchor::Start, &shown, &style);
        canvas
    }

    pub(super) fn text(&mut self, x: f64, y: f64, anchor: Anchor, text: &str) {
        self.text_in(x, y, anchor, text, palette::INK);
    }

    pub(super) fn text_in(&mut self, x: f64, y: f64, anchor: Anchor, text: &str, ink: &str) {
        self.push_text(x, y, anchor, text, &format!("fill=\"{ink}\""));
    }

    fn push_text(&mut self, x: f64, y: f64, anchor: Anchor, text: &str, style: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escape_xml(text);
        self.push(&format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" {style}>{text}</text>"));
    }

    /// A filled area with an outline, so that pale fills show in print; `full` is told when a pointer rests on it.
    pub(super) fn area(&mut self, area: Area, fill: &str, full: &str) {
        let Area { x, y, width, height } = area;
        let full = escape_xml(full);
        self.push(&format!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{fill}\" stroke=\"{}\" \
             stroke-width=\"0.7\"><title>{full}</title></rect>",
            width.max(0.0),
            height.max(0.0),
            palette::INK,
        ));
    }

    pub(super) fn rule(&mut self, from: (f64, f64), to: (f64, f64), ink: &str) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.push(&format!(
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{ink}\" stroke-width=\"0.7\"/>"
        ));
    }

    pub(super) fn line(&mut self, points: &[(f64, f64)]) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let ink = palette::INK;
        self.push(&format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{ink}\" stroke-width=\"2\"/>",
            points.join(" ")
        ));
    }

    pub(super) fn dot(&mut self, x: f64, y: f64) {
        let ink = palette::INK;
        self.push(&format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{ink}\"/>"));
    }

    fn push(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }

    pub(super) fn finish(self) -> String {
        let mut svg = String::new();
        let label = escape_xml(&self.title);
        writeln!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" aria-label=\"{label}\" \
             viewBox=\"0 0 {WIDTH:.0} {:.0}\" width=\"100%\" font-family=\"{FONTS}\" font-size=\"{TEXT_SIZE}\">",
            self.height
        )
        .expect("writing to a String succeeds");
        svg.push_str(&self.body);
        svg.push_str("</svg>");
        svg
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// The sentence that stands in for a chart without data.
pub(super) fn sentence(title: &str, sentence: &str) -> String {
    let mut canvas = Canvas::new(title, TITLE_HEIGHT + 26.0);
    canvas.text_in(0.0, TITLE_HEIGHT + 14.0, Anchor::Start, sentence, palette::MUTED);
    canvas.finish()
}

/// What can be drawn of a value: nothing below zero, nothing infinite.
pub(super) fn drawable(value: f64) -> f64 {
    if value.is_finite() { value.max(0.0) } else { 0.0 }
}

/// A number for a label: whole where it is whole, else one decimal.
pub(super) fn number_label(value: f64) -> String {
    if !value.is_finite() {
        "—".to_owned()
    } else if value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}

/// Width in the chart's units, near enough to lay labels out: a Chinese character is as wide as high.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().map(|c| if c.is_ascii() { 0.58 } else { 1.0 }).sum::<f64>() * size
}

/// The text, or as much of it as fits with an ellipsis.
pub(super) fn shorten(text: &str, width: f64, size: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let mut left = width - size;
    let mut short = String::new();
    for c in text.chars() {
        left -= text_width(c.encode_utf8(&mut [0; 4]), size);
        if left < 0.0 {
            break;
        }
        short.push(c);
    }
    short.push('…');
    short
}
