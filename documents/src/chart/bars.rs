//! Horizontal bars, longest first, or in the caller's order.
//!
//! It must not leave out bars silently: what isn't drawn is counted below.

use super::WIDTH;
use super::svg::{
    Anchor, Area, Canvas, TEXT_SIZE, TITLE_HEIGHT, drawable, number_label, sentence, shorten, text_width,
};
use crate::palette;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct BarChart {
    /// A sentence that says what the chart shows.
    pub title: String,
    /// Said in place of the chart when there are no bars.
    pub empty: String,
    pub bars: Vec<Bar>,
    /// Draw this many; the others are counted as `+n`. 0 draws all.
    pub at_most: usize,
    /// Keep the caller's order, where it says something by itself.
    pub in_order: bool,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bar {
    pub label: String,
    pub value: f64,
    /// Written at the bar in place of the bare number, such as `12 (+3)`.
    pub shown: Option<String>,
}

impl Bar {
    pub fn new(label: impl Into<String>, value: f64) -> Self {
        Bar { label: label.into(), value, shown: None }
    }
}

const STEP: f64 = 25.0;
const THICK: f64 = 17.0;
/// Labels never take more than this, the bars need room as well.
const WIDEST_LABEL: f64 = 280.0;

pub fn horizontal_bars(chart: &BarChart) -> String {
    if chart.bars.is_empty() {
        return sentence(&chart.title, &chart.empty);
    }
    let mut bars: Vec<&Bar> = chart.bars.iter().collect();
    // Stable, so that equal bars keep the caller's order.
    if !chart.in_order {
        bars.sort_by(|a, b| drawable(b.value).total_cmp(&drawable(a.value)));
    }
    let most = if chart.at_most == 0 { bars.len() } else { chart.at_most };
    let left_out = bars.len().saturating_sub(most);
    bars.truncate(most);

    let labels =
        bars.iter().map(|bar| text_width(&bar.label, TEXT_SIZE)).fold(0.0, f64::max).min(WIDEST_LABEL);
    let figures =
        bars.iter().map(|bar| text_width(&figure(bar), TEXT_SIZE)).fold(0.0, f64::max).min(WIDEST_LABEL);
    let base = labels + 8.0;
    let room = WIDTH - base - figures - 10.0;
    let longest = bars.iter().map(|bar| drawable(bar.value)).fold(0.0, f64::max);
    let rows = bars.len() + usize::from(left_out > 0);
    let height = TITLE_HEIGHT + rows as f64 * STEP + 4.0;

    let mut canvas = Canvas::new(&chart.title, height);
    let mut y = TITLE_HEIGHT;
    for bar in &bars {
        let value = drawable(bar.value);
        let length = if longest > 0.0 { value / longest * room } else { 0.0 };
        let baseline = y + THICK - 4.0;
        canvas.text(base - 8.0, baseline, Anchor::End, &shorten(&bar.label, labels, TEXT_SIZE));
        if length > 0.0 {
            let area = Area { x: base, y, width: length, height: THICK };
            canvas.area(area, palette::ACCENT, &format!("{}: {}", bar.label, figure(bar)));
        }
        canvas.text(base + length + 6.0, baseline, Anchor::Start, &figure(bar));
        y += STEP;
    }
    canvas.rule(
        (base, TITLE_HEIGHT - 4.0),
        (base, TITLE_HEIGHT + bars.len() as f64 * STEP - 4.0),
        palette::INK,
    );
    if left_out > 0 {
        canvas.text_in(base - 8.0, y + THICK - 4.0, Anchor::End, &format!("+{left_out}"), palette::MUTED);
    }
    canvas.finish()
}

fn figure(bar: &Bar) -> String {
    bar.shown.clone().unwrap_or_else(|| number_label(bar.value))
}
