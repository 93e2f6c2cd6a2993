//! Columns and lines over periods.
//!
//! It must not join points across a gap: a period that wasn't measured isn't zero and isn't the mean of its
//! neighbours.

use super::WIDTH;
use super::svg::{
    Anchor, Area, Canvas, TEXT_SIZE, TITLE_HEIGHT, drawable, number_label, sentence, shorten, text_width,
};
use crate::palette;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrendChart {
    /// A sentence that says what the chart shows.
    pub title: String,
    /// Said in place of the chart when nothing was measured.
    pub empty: String,
    /// The periods, oldest first.
    pub labels: Vec<String>,
    pub series: Vec<Series>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    pub name: String,
    pub style: SeriesStyle,
    /// One for each period; `None`, or missing at the end, where nothing was measured.
    pub values: Vec<Option<f64>>,
}

impl Series {
    fn value(&self, period: usize) -> Option<f64> {
        self.values.get(period).copied().flatten().filter(|value| value.is_finite())
    }
}

/// Told apart without colour: filled columns, outlined columns, a line with dots.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SeriesStyle {
    #[default]
    Solid,
    Hollow,
    Line,
}

const PLOT_HEIGHT: f64 = 170.0;
const LEGEND_HEIGHT: f64 = 26.0;
const PAPER: &str = "#ffffff";

pub fn trend(chart: &TrendChart) -> String {
    let periods = chart.labels.len();
    let measured = |period: usize| chart.series.iter().filter_map(move |series| series.value(period));
    if (0..periods).flat_map(measured).next().is_none() {
        return sentence(&chart.title, &chart.empty);
    }
    let highest = (0..periods).flat_map(measured).map(drawable).fold(0.0, f64::max);
    // Room for the figures over the highest column.
    let top = TITLE_HEIGHT + LEGEND_HEIGHT + 18.0;
    let plot = Plot { base: top + PLOT_HEIGHT, step: WIDTH / periods as f64, highest };
    let mut canvas = Canvas::new(&chart.title, plot.base + 24.0);
    draw_legend(&mut canvas, chart);
    draw_columns(&mut canvas, chart, &plot);
    for series in chart.series.iter().filter(|series| series.style == SeriesStyle::Line) {
        draw_line(&mut canvas, series, periods, &plot);
    }
    canvas.rule((0.0, plot.base), (WIDTH, plot.base), palette::INK);
    draw_labels(&mut canvas, chart, &plot);
    canvas.finish()
}

struct Plot {
    base: f64,
    step: f64,
    highest: f64,
}

impl Plot {
    fn height(&self, value: f64) -> f64 {
        if self.highest > 0.0 { drawable(value) / self.highest * PLOT_HEIGHT } else { 0.0 }
    }

    fn middle(&self, period: usize) -> f64 {
        (period as f64 + 0.5) * self.step
    }
}

fn draw_columns(canvas: &mut Canvas, chart: &TrendChart, plot: &Plot) {
    let columns: Vec<&Series> =
        chart.series.iter().filter(|series| series.style != SeriesStyle::Line).collect();
    let width = (plot.step * 0.7 / columns.len().max(1) as f64).min(46.0);
    for (period, label) in chart.labels.iter().enumerate() {
        let left = plot.middle(period) - width * columns.len() as f64 / 2.0;
        for (place, series) in columns.iter().enumerate() {
            let Some(value) = series.value(period) else { continue };
            let x = left + place as f64 * width;
            let height = plot.height(value);
            let figure = number_label(value);
            if height > 0.0 {
                let fill = if series.style == SeriesStyle::Solid { palette::ACCENT } else { PAPER };
                let area = Area { x, y: plot.base - height, width: width - 2.0, height };
                canvas.area(area, fill, &format!("{label} {}: {figure}", series.name));
            }
            if text_width(&figure, TEXT_SIZE) <= width {
                let middle = x + (width - 2.0) / 2.0;
                canvas.text(middle, plot.base - height - 4.0, Anchor::Middle, &figure);
            }
        }
    }
}

fn draw_line(canvas: &mut Canvas, series: &Series, periods: usize, plot: &Plot) {
    let mut run: Vec<(f64, f64)> = Vec::new();
    // One period past the end closes the last run.
    for period in 0..=periods {
        match series.value(period).filter(|_| period < periods) {
            Some(value) => {
                let point = (plot.middle(period), plot.base - plot.height(value));
                canvas.dot(point.0, point.1);
                canvas.text(point.0 + 6.0, point.1 - 6.0, Anchor::Start, &number_label(value));
                run.push(point);
            }
            None => {
                if run.len() > 1 {
                    canvas.line(&run);
                }
                run.clear();
            }
        }
    }
}

/// Every label, or every second, third… where they would run into each other; the newest always.
fn draw_labels(canvas: &mut Canvas, chart: &TrendChart, plot: &Plot) {
    let widest = chart.labels.iter().map(|label| text_width(label, TEXT_SIZE)).fold(0.0, f64::max).min(160.0);
    let each = ((widest + 8.0) / plot.step).ceil().max(1.0) as usize;
    let last = chart.labels.len().saturating_sub(1);
    for (period, label) in chart.labels.iter().enumerate() {
        if (last - period).is_multiple_of(each) {
            let half = text_width(label, TEXT_SIZE).min(160.0) / 2.0;
            let x = plot.middle(period).clamp(half.min(WIDTH / 2.0), (WIDTH - half).max(WIDTH / 2.0));
            canvas.text(x, plot.base + 17.0, Anchor::Middle, &shorten(label, 160.0, TEXT_SIZE));
        }
    }
}

fn draw_legend(canvas: &mut Canvas, chart: &TrendChart) {
    let mut x = 0.0;
    for series in &chart.series {
        let area = Area { x, y: TITLE_HEIGHT, width: 16.0, height: 12.0 };
        match series.style {
            SeriesStyle::Solid => canvas.area(area, palette::ACCENT, &series.name),
            SeriesStyle::Hollow => canvas.area(area, PAPER, &series.name),
            SeriesStyle::Line => {
                canvas.rule((x, TITLE_HEIGHT + 6.0), (x + 16.0, TITLE_HEIGHT + 6.0), palette::INK);
                // A square stands for the dots, which are counted as data.
                let mark = Area { x: x + 5.0, y: TITLE_HEIGHT + 3.0, width: 6.0, height: 6.0 };
                canvas.area(mark, palette::INK, &series.name);
            }
        }
        canvas.text(x + 21.0, TITLE_HEIGHT + 11.0, Anchor::Start, &series.name);
        x += 21.0 + text_width(&series.name, TEXT_SIZE) + 22.0;
    }
}
