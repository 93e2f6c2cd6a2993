//! Documents as PDF, set by typst: certificates, sign-in sheets, letters, evidence sheets.
//!
//! The same value, the same fonts and the same templates give the same bytes. Files are PDF/A-2u, with tags except sign-in sheets. It must
//! not read a clock or the fonts of the system beyond [`fonts::OPEN_FONTS`], and never prints a box for a character
//! that no font has. What was issued is kept by the caller; a reprint is that file, not a second setting.

mod check;
mod error;
mod fit;
pub mod fonts;
mod qr;
mod template;
mod world;

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::json;
use typst::diag::SourceDiagnostic;
use typst::foundations::{Bytes, Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

pub use self::error::{FontError, PdfError};
pub use self::fit::CertificateCheck;
pub use self::fonts::{FaceName, FontOrigin, FontSet};
use self::template::Template;
use self::world::PaperWorld;
use crate::paper::{CertificateDoc, DigestDoc, EvidenceDoc, SignInDoc, Unsound, sound};

/// A printed document.
#[derive(Clone, PartialEq, Eq)]
pub struct Pdf {
    pub bytes: Vec<u8>,
    pub n_pages: usize,
    /// The faces that drew something, in the order of preference of the font set.
    pub faces: Vec<FaceName>,
}

/// Tells about the bytes, not each of them.
impl fmt::Debug for Pdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pdf")
            .field("n_bytes", &self.bytes.len())
            .field("n_pages", &self.n_pages)
            .field("faces", &self.faces)
            .finish_non_exhaustive()
    }
}

/// Limits on what one document holds; beyond, it is a fault of the caller rather than a document.
const MAX_TOPICS: usize = 12;
const MAX_SIGN_IN_ROWS: usize = 10_000;

/// One sheet of A4.
pub fn certificate_a4(doc: &CertificateDoc, fonts: &FontSet) -> Result<Pdf, PdfError> {
    certificate(Template::CertificateA4, doc, fonts)
}

/// Front and back of a card of 85.6 × 54 mm.
pub fn certificate_card(doc: &CertificateDoc, fonts: &FontSet) -> Result<Pdf, PdfError> {
    certificate(Template::CertificateCard, doc, fonts)
}

/// 30 rows a page, on A4 upright.
pub fn sign_in_sheet(doc: &SignInDoc, fonts: &FontSet) -> Result<Pdf, PdfError> {
    let rows = doc.rows.len() + usize::from(doc.spare_rows);
    sound::at_most("rows", rows, MAX_SIGN_IN_ROWS)?;
    print(Template::SignIn, doc, doc.held_on, None, fonts)
}

/// The letter to a unit on what lapses and what that opens.
pub fn reminder_digest(doc: &DigestDoc, fonts: &FontSet) -> Result<Pdf, PdfError> {
    sound::digest(doc)?;
    #[derive(Serialize)]
    struct Letter<'a> {
        #[serde(flatten)]
        doc: &'a DigestDoc,
        lead: Vec<String>,
        contact_facts: Vec<crate::paper::FactLine>,
    }
    let letter = Letter { doc, lead: doc.lead(), contact_facts: doc.contact.facts() };
    print(Template::Digest, &letter, doc.dated_on, None, fonts)
}

/// A titled document of paragraphs and tables.
pub fn evidence_sheet(doc: &EvidenceDoc, fonts: &FontSet) -> Result<Pdf, PdfError> {
    sound::evidence(doc)?;
    print(Template::Evidence, doc, doc.dated_on, None, fonts)
}

fn certificate(template: Template, doc: &CertificateDoc, fonts: &FontSet) -> Result<Pdf, PdfError> {
    sound::at_most("topics", doc.topics.len(), MAX_TOPICS)?;
    print(template, doc, doc.issued_on, Some(&doc.qr), fonts)
}

fn print(
    template: Template,
    doc: &impl Serialize,
    dated_on: NaiveDate,
    qr: Option<&str>,
    fonts: &FontSet,
) -> Result<Pdf, PdfError> {
    in_world(template, doc, dated_on, qr, fonts, |world| set(world, dated_on))
}

/// What comes of a document once it is laid out; its texts are looked at before.
fn in_world<T>(
    template: Template,
    doc: &impl Serialize,
    dated_on: NaiveDate,
    qr: Option<&str>,
    fonts: &FontSet,
    run: impl FnOnce(&PaperWorld<'_>) -> Result<T, Problem>,
) -> Result<T, PdfError> {
    let ours = |detail: String| PdfError::Template { template: template.file(), detail };
    let doc = serde_json::to_value(doc).map_err(|error| ours(error.to_string()))?;
    check::texts(&doc, fonts)?;
    let picture = qr.map(qr::picture).transpose()?;
    let modules = picture.as_ref().map(|picture| picture.modules);
    let mut names = serde_json::Map::new();
    check::names(&doc, fonts, &mut names);
    let value = json!({ "doc": doc, "fonts": fonts.chains, "names": names, "modules": modules }).to_string();
    let world = PaperWorld {
        fonts,
        template,
        value: Bytes::from_string(value),
        qr: picture.map(|picture| Bytes::from_string(picture.svg)),
        today: dated_on,
    };
    let done = run(&world);
    // After failures too, else what they left behind stays for ever. A few generations are kept, since a batch
    // shares its template.
    typst::comemo::evict(4);
    done.map_err(|problem| match problem {
        Problem::Ours(diagnostics) => fault(&diagnostics).unwrap_or_else(|| ours(told(&diagnostics))),
        Problem::Text(error) => error,
    })
}

enum Problem {
    Text(PdfError),
    Ours(Vec<SourceDiagnostic>),
}

/// The pages, and the faces that serve on them.
fn laid_out(world: &PaperWorld<'_>) -> Result<(PagedDocument, BTreeSet<usize>), Problem> {
    let document = typst::compile::<PagedDocument>(world).output;
    let document = document.map_err(|diagnostics| Problem::Ours(diagnostics.into_iter().collect()))?;
    let mut served = BTreeSet::new();
    for page in document.pages() {
        check::glyphs(&page.frame, world.fonts, &mut served).map_err(Problem::Text)?;
    }
    Ok((document, served))
}

fn set(world: &PaperWorld<'_>, dated_on: NaiveDate) -> Result<Pdf, Problem> {
    let (document, served) = laid_out(world)?;
    let options = PdfOptions {
        // The identifier of the file follows from title and author.
        ident: Smart::Auto,
        creator: Smart::Custom(Some("Sentrypost".to_owned())),
        timestamp: world::date(dated_on).map(Timestamp::new_utc),
        // Tags for a thousand empty cells to sign in make the file ten times as large and help nobody.
        tagged: world.template != Template::SignIn,
        standards: PdfStandards::new(&[PdfStandard::A_2u]).expect("one standard alone is consistent"),
        ..PdfOptions::default()
    };
    let bytes = typst_pdf::pdf(&document, &options);
    let bytes = bytes.map_err(|diagnostics| Problem::Ours(diagnostics.into_iter().collect()))?;
    let faces = served.iter().filter_map(|index| Some(world.fonts.faces.get(*index)?.name())).collect();
    Ok(Pdf { bytes, n_pages: document.pages().len(), faces })
}

/// Templates give up with these words when a text is too long for its place.
const DOES_NOT_FIT: &str = "does not fit: ";

fn fault(diagnostics: &[SourceDiagnostic]) -> Option<PdfError> {
    diagnostics.iter().find_map(|diagnostic| {
        let (_, field) = diagnostic.message.split_once(DOES_NOT_FIT)?;
        Some(Unsound::DoesNotFit { field: field.trim_end_matches('"').to_owned() }.into())
    })
}

fn told(diagnostics: &[SourceDiagnostic]) -> String {
    diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect::<Vec<_>>().join("; ")
}
