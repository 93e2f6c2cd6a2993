//! The text of a document, from top to bottom: headings, paragraphs, fact lines, tables, signature lines.
//!
//! It must not know what a document is about.

use super::page::Page;
use super::styles::{Style, W};
use super::table::{self, Cell, Column, Rule, Tone};
use super::xml::Xml;
use crate::paper::FactLine;

const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

pub(super) struct Body {
    pub(super) page: Page,
    xml: Xml,
    last: Last,
}

/// What stands at the end so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Paragraph,
    Table,
}

impl Body {
    pub(super) fn new(page: Page) -> Body {
        let mut xml = Xml::new();
        xml.open("w:document", &[("xmlns:w", W), ("xmlns:r", RELATIONS)]);
        xml.open("w:body", &[]);
        Body { page, xml, last: Last::Paragraph }
    }

    /// A paragraph for each line.
    pub(super) fn paragraph(&mut self, style: Style, text: &str) {
        if matches!(style, Style::Text | Style::LastText) {
            self.part_from_table();
        }
        for line in text.split('\n') {
            self.xml.element("w:p", &[], |xml| {
                xml.element("w:pPr", &[], |xml| xml.value("w:pStyle", style.id()));
                table::run(xml, line, Tone::Plain);
            });
        }
        self.last = Last::Paragraph;
    }

    pub(super) fn table(&mut self, columns: &[Column<'_>], rows: impl Iterator<Item = Vec<Cell>>) {
        self.part_from_table();
        table::write(&mut self.xml, self.page.text_width(), columns, rows);
        self.last = Last::Table;
    }

    /// Labels and values between two rules.
    pub(super) fn facts(&mut self, facts: &[FactLine]) {
        if facts.is_empty() {
            return;
        }
        self.part_from_table();
        let width = self.page.text_width();
        let widths = table::shares(width, &[1, 4]);
        let edges = [Rule::Thick, Rule::None, Rule::Thick, Rule::None, Rule::None, Rule::None];
        let xml = &mut self.xml;
        xml.element("w:tbl", &[], |xml| {
            table::properties(xml, width, edges);
            table::grid(xml, &widths);
            for fact in facts {
                xml.element("w:tr", &[], |xml| {
                    xml.element("w:trPr", &[], |xml| xml.empty("w:cantSplit", &[]));
                    let values = [(Style::FactLabel, &fact.label), (Style::TableText, &fact.value)];
                    for ((style, text), width) in values.into_iter().zip(&widths) {
                        table::cell(xml, *width, None, |xml| {
                            xml.element("w:p", &[], |xml| {
                                xml.element("w:pPr", &[], |xml| xml.value("w:pStyle", style.id()));
                                table::run(xml, text, Tone::Plain);
                            });
                        });
                    }
                });
            }
        });
        self.last = Last::Table;
    }

    /// Up to three labels a line, each with a rule to sign on.
    pub(super) fn signatures(&mut self, labels: &[String]) {
        let n_columns = u32::try_from(labels.len().clamp(1, 3)).unwrap_or(1);
        let column = self.page.text_width() / n_columns;
        let gap = column / 10;
        for line in labels.chunks(3) {
            self.xml.element("w:p", &[], |xml| {
                xml.element("w:pPr", &[], |xml| {
                    xml.value("w:pStyle", Style::Signature.id());
                    xml.empty("w:keepLines", &[]);
                    xml.element("w:tabs", &[], |xml| {
                        for n in 1..=n_columns {
                            let (end, next) = ((column * n - gap).to_string(), (column * n).to_string());
                            let rule = [("w:val", "left"), ("w:leader", "underscore"), ("w:pos", &end)];
                            xml.empty("w:tab", &rule);
                            xml.empty("w:tab", &[("w:val", "left"), ("w:pos", &next)]);
                        }
                    });
                });
                for (index, label) in line.iter().enumerate() {
                    if index > 0 {
                        xml.element("w:r", &[], |xml| xml.empty("w:tab", &[]));
                    }
                    table::run(xml, &format!("{label}："), Tone::Plain);
                    xml.element("w:r", &[], |xml| xml.empty("w:tab", &[]));
                }
            });
        }
        self.last = Last::Paragraph;
    }

    /// Who signs above the date, the date four characters from the right and the name centred over it (GB/T 9704-2012,
    /// 7.3.5); an empty line before.
    pub(super) fn closing(&mut self, name: &str, date: &str) {
        self.paragraph(Style::Closing, "");
        let character = self.page.text_size * 10;
        let widest = [name, date].map(|line| line.chars().count()).into_iter().max().unwrap_or(0);
        let widest = u32::try_from(widest).unwrap_or(u32::MAX).saturating_mul(character);
        let right = character * 2;
        let left = self.page.text_width().saturating_sub(right).saturating_sub(widest);
        let (left, right) = (left.to_string(), right.to_string());
        for line in [name, date] {
            self.xml.element("w:p", &[], |xml| {
                xml.element("w:pPr", &[], |xml| {
                    xml.value("w:pStyle", Style::Closing.id());
                    xml.empty("w:ind", &[("w:left", &left), ("w:right", &right)]);
                });
                table::run(xml, line, Tone::Plain);
            });
        }
        self.last = Last::Paragraph;
    }

    /// The part, with the page's sizes and its foot, which is `foot` among the relations.
    pub(super) fn finish(mut self, foot: &str) -> std::io::Result<Vec<u8>> {
        self.part_from_table();
        let Body { page, mut xml, .. } = self;
        xml.element("w:sectPr", &[], |xml| {
            xml.empty("w:footerReference", &[("w:type", "default"), ("r:id", foot)]);
            let (width, height) = (page.width.to_string(), page.height.to_string());
            let size = [("w:w", width.as_str()), ("w:h", height.as_str()), ("w:orient", "landscape")];
            let n_attributes = if page.is_landscape() { 3 } else { 2 };
            xml.empty("w:pgSz", size.get(..n_attributes).unwrap_or(&size));
            let margins = [page.top, page.right, page.bottom, page.left].map(|margin| margin.to_string());
            let [top, right, bottom, left] = margins.each_ref().map(String::as_str);
            let half = (page.bottom / 2).to_string();
            xml.empty(
                "w:pgMar",
                &[
                    ("w:top", top),
                    ("w:right", right),
                    ("w:bottom", bottom),
                    ("w:left", left),
                    ("w:header", &half),
                    ("w:footer", &half),
                    ("w:gutter", "0"),
                ],
            );
        });
        xml.close("w:body");
        xml.close("w:document");
        xml.finish()
    }

    /// Tables that follow each other become one, text stands too close to them, and a document can't end with one.
    fn part_from_table(&mut self) {
        if self.last == Last::Table {
            self.paragraph(Style::Gap, "");
        }
    }
}
