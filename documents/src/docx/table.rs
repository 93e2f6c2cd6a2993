//! A table as wide as the text: its head is repeated on each page, no row is divided.
//!
//! WPS Office takes widths from the grid and LibreOffice from the cells, so both are written, and nothing fits itself.

use super::styles::{RED, Style};
use super::xml::Xml;
use crate::paper::Align;

pub(super) struct Column<'a> {
    pub(super) title: &'a str,
    /// Share of the width, against the other columns; 0 counts as 1.
    pub(super) weight: u16,
    pub(super) align: Align,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    /// May have several lines.
    pub(super) text: String,
    pub(super) tone: Tone,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Tone {
    #[default]
    Plain,
    /// Bold and red.
    Alarm,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell { text: text.to_owned(), tone: Tone::Plain }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell { text, tone: Tone::Plain }
    }
}

pub(super) fn write(
    xml: &mut Xml,
    width: u32,
    columns: &[Column<'_>],
    rows: impl Iterator<Item = Vec<Cell>>,
) {
    let weights: Vec<u32> = columns.iter().map(|column| u32::from(column.weight.max(1))).collect();
    let widths = shares(width, &weights);
    let head = [Rule::Thick, Rule::Thin, Rule::Thick, Rule::Thin, Rule::Thin, Rule::Thin];
    xml.element("w:tbl", &[], |xml| {
        properties(xml, width, head);
        grid(xml, &widths);
        xml.element("w:tr", &[], |xml| {
            xml.element("w:trPr", &[], |xml| {
                xml.empty("w:cantSplit", &[]);
                xml.empty("w:tblHeader", &[]);
            });
            for (column, width) in columns.iter().zip(&widths) {
                let title = Cell::from(column.title);
                cell(xml, *width, Some("F0F0F0"), |xml| text(xml, Style::TableHead, Align::Centre, &title));
            }
        });
        for row in rows {
            xml.element("w:tr", &[], |xml| {
                xml.element("w:trPr", &[], |xml| xml.empty("w:cantSplit", &[]));
                for ((column, width), value) in columns.iter().zip(&widths).zip(&row) {
                    cell(xml, *width, None, |xml| text(xml, Style::TableText, column.align, value));
                }
            });
        }
    });
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    None,
    Thin,
    Thick,
}

/// Edges in the order top, left, bottom, right, between rows, between columns.
pub(super) fn properties(xml: &mut Xml, width: u32, edges: [Rule; 6]) {
    xml.element("w:tblPr", &[], |xml| {
        xml.empty("w:tblW", &[("w:w", &width.to_string()), ("w:type", "dxa")]);
        xml.empty("w:tblInd", &[("w:w", "0"), ("w:type", "dxa")]);
        xml.element("w:tblBorders", &[], |xml| {
            let names = ["w:top", "w:left", "w:bottom", "w:right", "w:insideH", "w:insideV"];
            for (name, edge) in names.into_iter().zip(edges) {
                // In eighths of a point.
                let (kind, size) = match edge {
                    Rule::None => ("nil", "0"),
                    Rule::Thin => ("single", "4"),
                    Rule::Thick => ("single", "8"),
                };
                xml.empty(name, &[("w:val", kind), ("w:sz", size), ("w:space", "0"), ("w:color", "000000")]);
            }
        });
        xml.value_of("w:tblLayout", "w:type", "fixed");
        xml.element("w:tblCellMar", &[], |xml| {
            for (name, width) in [("w:top", "40"), ("w:left", "60"), ("w:bottom", "40"), ("w:right", "60")] {
                xml.empty(name, &[("w:w", width), ("w:type", "dxa")]);
            }
        });
    });
}

pub(super) fn grid(xml: &mut Xml, widths: &[u32]) {
    xml.element("w:tblGrid", &[], |xml| {
        for width in widths {
            xml.value_of("w:gridCol", "w:w", &width.to_string());
        }
    });
}

pub(super) fn cell(xml: &mut Xml, width: u32, fill: Option<&str>, inside: impl FnOnce(&mut Xml)) {
    xml.element("w:tc", &[], |xml| {
        xml.element("w:tcPr", &[], |xml| {
            xml.empty("w:tcW", &[("w:w", &width.to_string()), ("w:type", "dxa")]);
            if let Some(fill) = fill {
                xml.empty("w:shd", &[("w:val", "clear"), ("w:color", "auto"), ("w:fill", fill)]);
            }
            xml.value("w:vAlign", "center");
        });
        inside(xml);
    });
}

fn text(xml: &mut Xml, style: Style, align: Align, cell: &Cell) {
    xml.element("w:p", &[], |xml| {
        xml.element("w:pPr", &[], |xml| {
            xml.value("w:pStyle", style.id());
            let side = match align {
                Align::Left => "left",
                Align::Centre => "center",
                Align::Right => "right",
            };
            xml.value("w:jc", side);
        });
        run(xml, &cell.text, cell.tone);
    });
}

/// Text of one run, its lines broken where they are in the value.
pub(super) fn run(xml: &mut Xml, text: &str, tone: Tone) {
    xml.element("w:r", &[], |xml| {
        if tone == Tone::Alarm {
            xml.element("w:rPr", &[], |xml| {
                xml.empty("w:b", &[]);
                xml.value("w:color", RED);
            });
        }
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                xml.empty("w:br", &[]);
            }
            xml.element("w:t", &[("xml:space", "preserve")], |xml| xml.text(line));
        }
    });
}

/// Parts of a width by weight; together they are the width.
pub(super) fn shares(width: u32, weights: &[u32]) -> Vec<u32> {
    let sum = weights.iter().sum::<u32>().max(1);
    let edge =
        |weight: u32| u32::try_from(u64::from(width) * u64::from(weight) / u64::from(sum)).unwrap_or(width);
    let edges = weights.iter().scan(0, |so_far, weight| {
        let left = edge(*so_far);
        *so_far += weight;
        Some(edge(*so_far) - left)
    });
    edges.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_width_leave_nothing_over() {
        for (width, weights) in [(8844, vec![15, 14, 22, 32, 17, 15, 13]), (100, vec![1, 1, 1]), (7, vec![9])]
        {
            let shares = shares(width, &weights);
            assert_eq!((shares.len(), shares.iter().sum::<u32>()), (weights.len(), width), "{weights:?}");
        }
        assert_eq!(shares(90, &[1, 2]), [30, 60]);
        assert!(shares(90, &[]).is_empty());
    }
}
