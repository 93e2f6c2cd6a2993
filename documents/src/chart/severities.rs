//! Bars cut by severity, the worst first.
//!
//! It must not rely on colour: a legend of words, the same order everywhere, and the count in each piece.

use std::collections::BTreeMap;

use model::severity::Severity;

use super::WIDTH;
use super::svg::{Anchor, Area, Canvas, TEXT_SIZE, TITLE_HEIGHT, sentence, shorten, text_width};
use crate::palette;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeverityChart {
    /// A sentence that says what the chart shows.
    pub title: String,
    /// Said in place of the chart when nothing is counted.
    pub empty: String,
    /// Words of the legend in the document's language; a severity without a word has no entry there.
    pub words: BTreeMap<Severity, String>,
    /// In the order given; one bar for a whole, several to compare.
    pub bars: Vec<SeverityBar>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeverityBar {
    pub label: String,
    pub counts: Vec<(Severity, u64)>,
}

impl SeverityBar {
    fn count(&self, severity: Severity) -> u64 {
        self.counts
            .iter()
            .filter(|(of, _)| *of == severity)
            .map(|(_, count)| count)
            .fold(0, |a, b| a.saturating_add(*b))
    }

    fn total(&self) -> u64 {
        self.counts.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }
}

const STEP: f64 = 32.0;
const THICK: f64 = 23.0;
const LEGEND_HEIGHT: f64 = 26.0;
const WIDEST_LABEL: f64 = 240.0;

pub fn severity_bars(chart: &SeverityChart) -> String {
    let longest = chart.bars.iter().map(SeverityBar::total).max().unwrap_or(0);
    if longest == 0 {
        return sentence(&chart.title, &chart.empty);
    }
    let labels =
        chart.bars.iter().map(|bar| text_width(&bar.label, TEXT_SIZE)).fold(0.0, f64::max).min(WIDEST_LABEL);
    let base = if labels > 0.0 { labels + 8.0 } else { 0.0 };
    let room = WIDTH - base - text_width(&longest.to_string(), TEXT_SIZE) - 12.0;
    let top = TITLE_HEIGHT + LEGEND_HEIGHT;
    let mut canvas = Canvas::new(&chart.title, top + chart.bars.len() as f64 * STEP + 2.0);
    draw_legend(&mut canvas, chart);

    let mut y = top;
    for bar in &chart.bars {
        let baseline = y + THICK - 7.0;
        canvas.text(base - 8.0, baseline, Anchor::End, &shorten(&bar.label, labels, TEXT_SIZE));
        let mut x = base;
        for severity in Severity::ALL {
            let count = bar.count(severity);
            let width = count as f64 / longest as f64 * room;
            if count == 0 {
                continue;
            }
            let word = chart.words.get(&severity).map_or(severity.as_str(), String::as_str);
            let full = format!("{} {word}: {count}", bar.label);
            canvas.area(Area { x, y, width, height: THICK }, palette::fill(severity), full.trim());
            let figure = count.to_string();
            // A piece too narrow for its figure keeps it in the total and in the table beneath.
            if text_width(&figure, TEXT_SIZE) + 4.0 <= width {
                canvas.text_in(x + width / 2.0, baseline, Anchor::Middle, &figure, palette::ink_on(severity));
            }
            x += width;
        }
        canvas.text(x + 6.0, baseline, Anchor::Start, &bar.total().to_string());
        y += STEP;
    }
    canvas.finish()
}

fn draw_legend(canvas: &mut Canvas, chart: &SeverityChart) {
    let mut x = 0.0;
    for severity in Severity::ALL {
        let Some(word) = chart.words.get(&severity) else { continue };
        let total = chart.bars.iter().fold(0_u64, |sum, bar| sum.saturating_add(bar.count(severity)));
        canvas.area(
            Area { x, y: TITLE_HEIGHT, width: 13.0, height: 13.0 },
            palette::fill(severity),
            &format!("{word}: {total}"),
        );
        canvas.text(x + 18.0, TITLE_HEIGHT + 11.5, Anchor::Start, word);
        x += 18.0 + text_width(word, TEXT_SIZE) + 22.0;
    }
}
