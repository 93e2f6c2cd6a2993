//! A post certificate (上岗证), on a sheet or on a card.

use chrono::NaiveDate;
use serde::Serialize;

/// The same value is printed on A4 and on the card.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CertificateDoc {
    /// 发证单位, above the title and at the place of the seal.
    pub issuing_body: String,
    pub title: String,
    pub holder: String,
    pub unit: String,
    /// Post kind as printed, such as 维护人员.
    pub post: String,
    pub category: String,
    pub serial: String,
    /// Also the date in the file's properties.
    pub issued_on: NaiveDate,
    pub valid_until: NaiveDate,
    pub review_due_on: Option<NaiveDate>,
    /// At most 12; more are an error, since they don't fit.
    pub topics: Vec<TopicLine>,
    /// The sentence above the facts; without one the template's own is printed.
    pub statement: Option<String>,
    /// Name of the person who signs; empty leaves the line free for a pen.
    pub signatory: String,
    /// What the QR code says; error correction M. ASCII keeps it small and readable by every scanner.
    #[serde(skip)]
    pub qr: String,
    /// A short sentence beside the QR code: how to verify.
    pub hint: String,
    pub photo: PhotoFrame,
    /// Of the A4 sheet; the card is always landscape.
    pub orientation: Orientation,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopicLine {
    pub name: String,
    /// Such as 2026年第2期 16学时; may be empty.
    pub detail: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhotoFrame {
    /// A frame to stick a photo of 35 × 49 mm into (22 × 28 mm on the card).
    Frame,
    #[default]
    None,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Orientation {
    Portrait,
    #[default]
    Landscape,
}
