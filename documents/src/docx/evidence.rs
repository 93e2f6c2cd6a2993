//! A titled document of paragraphs and tables.

use super::body::Body;
use super::styles::Style;
use super::table::{Cell, Column};
use super::zh_date;
use crate::paper::{Block, EvidenceDoc};

pub(super) fn write(body: &mut Body, doc: &EvidenceDoc) {
    body.paragraph(Style::Issuer, &doc.issuing_body);
    body.paragraph(Style::Title, &doc.title);
    if !doc.subtitle.is_empty() {
        body.paragraph(Style::Subtitle, &doc.subtitle);
    }
    body.facts(&doc.facts);
    for block in &doc.blocks {
        match block {
            Block::Heading { text } => body.paragraph(Style::Heading, text),
            Block::Paragraph { text } => body.paragraph(Style::Text, text),
            Block::Table { caption, columns, rows } => {
                if !caption.is_empty() {
                    body.paragraph(Style::Caption, caption);
                }
                let columns = columns.iter().map(|column| {
                    let (weight, align) = (column.weight, column.align);
                    Column { title: &column.title, weight, align }
                });
                let columns: Vec<Column<'_>> = columns.collect();
                let rows = rows.iter().map(|row| row.iter().map(|text| Cell::from(text.as_str())).collect());
                body.table(&columns, rows);
            }
        }
    }
    body.signatures(&doc.signatures);
    body.paragraph(Style::Date, &zh_date(doc.dated_on));
}
