//! Colours of severities, in one place for sheets and charts.
//!
//! It must not be the only sign of anything: every coloured thing also carries its word, since reports are printed
//! in black and white. The four differ in lightness as well as in hue.

use model::severity::Severity;

/// `#rrggbb` to fill an area with.
pub fn fill(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "#7a1022",
        Severity::High => "#c8442e",
        Severity::Medium => "#e9a23b",
        Severity::Low => "#f3df9b",
    }
}

/// `#rrggbb` of text that stands on [`fill`], legible in print.
pub fn ink_on(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "#ffffff",
        Severity::Medium | Severity::Low => "#1c1c1c",
    }
}

/// The one accent colour of charts.
pub const ACCENT: &str = "#1f5a8a";
/// Titles, labels and figures.
pub const INK: &str = "#1c1c1c";
/// Axes and secondary text.
pub const MUTED: &str = "#5d6570";
/// A cell with an error in a returned workbook.
pub const MARKED: &str = "#ffc7ce";
