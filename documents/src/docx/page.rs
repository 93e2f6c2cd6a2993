//! The sheets of paper: sizes and margins in twentieths of a point (twips, `dxa`).

use crate::paper::Orientation;

const TWIPS_PER_MM: f64 = 1440.0 / 25.4;

/// A4, as Word writes it.
const SHORT_SIDE: u32 = 11_906;
const LONG_SIDE: u32 = 16_838;

#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) top: u32,
    pub(super) bottom: u32,
    pub(super) left: u32,
    pub(super) right: u32,
    /// Of running text, in half points.
    pub(super) text_size: u32,
    /// From line to line, exact: grids round East Asian lines differently in each program.
    pub(super) line: u32,
    pub(super) numbering: Numbering,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Numbering {
    /// — 1 —
    Dashes,
    /// 第 1 页　共 2 页
    OfTotal,
}

impl Page {
    /// After GB/T 9704-2012, 5.1 and 5.2: 156 × 225 mm of text in size 3 (16 points).
    pub(super) fn letter() -> Page {
        let (top, bottom, left, right) = (mm(37.0), mm(35.0), mm(28.0), mm(26.0));
        let (width, height) = (SHORT_SIDE, LONG_SIDE);
        Page {
            width,
            height,
            top,
            bottom,
            left,
            right,
            text_size: 32,
            line: 580,
            numbering: Numbering::Dashes,
        }
    }

    /// For tables: narrower margins, text of 12 points.
    pub(super) fn sheet(orientation: Orientation) -> Page {
        let (width, height) = match orientation {
            Orientation::Portrait => (SHORT_SIDE, LONG_SIDE),
            Orientation::Landscape => (LONG_SIDE, SHORT_SIDE),
        };
        let (top, bottom, left, right) = (mm(24.0), mm(24.0), mm(22.0), mm(22.0));
        Page {
            width,
            height,
            top,
            bottom,
            left,
            right,
            text_size: 24,
            line: 400,
            numbering: Numbering::OfTotal,
        }
    }

    pub(super) fn text_width(&self) -> u32 {
        self.width.saturating_sub(self.left + self.right)
    }

    pub(super) fn is_landscape(&self) -> bool {
        self.width > self.height
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "margins are a few centimetres, written here"
)]
pub(super) fn mm(length: f64) -> u32 {
    (length * TWIPS_PER_MM).round() as u32
}
