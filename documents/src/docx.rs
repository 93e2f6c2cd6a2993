//! Documents as DOCX (ECMA-376, transitional), to be edited in WPS Office, Word or LibreOffice: letters and evidence
//! sheets, from the values that `pdf` prints too.
//!
//! The same value gives the same bytes. Fonts are named and not brought along: what the office has is shown, and another
//! one stands in for what it lacks. It must not mend a text: what XML can't hold is an error that names the field.

mod body;
mod digest;
mod evidence;
mod package;
mod page;
mod styles;
mod table;
mod xml;

use chrono::{Datelike, NaiveDate};

use self::body::Body;
use self::package::About;
pub use self::package::DocxError;
use self::page::Page;
use crate::paper::{DigestDoc, EvidenceDoc, sound};

/// The letter to a unit on what lapses and what that opens.
pub fn reminder_digest(doc: &DigestDoc) -> Result<Vec<u8>, DocxError> {
    sound::digest(doc)?;
    sound::texts(doc)?;
    let page = Page::letter();
    let mut body = Body::new(page);
    digest::write(&mut body, doc);
    let title = format!("{} {}", doc.title, doc.unit);
    package::pack(body, &About { title: &title, author: &doc.issuing_body, on: doc.dated_on, note: "" })
}

/// A titled document of paragraphs and tables.
pub fn evidence_sheet(doc: &EvidenceDoc) -> Result<Vec<u8>, DocxError> {
    sound::evidence(doc)?;
    sound::texts(doc)?;
    let mut body = Body::new(Page::sheet(doc.orientation));
    evidence::write(&mut body, doc);
    let title = format!("{} {}", doc.title, doc.subtitle);
    let about =
        About { title: title.trim_end(), author: &doc.issuing_body, on: doc.dated_on, note: &doc.source };
    package::pack(body, &about)
}

/// 2026年9月1日
fn zh_date(day: NaiveDate) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}
