//! What is printed, as plain values: post certificates, sign-in sheets, letters and evidence sheets.
//!
//! It must not know how a page looks, nor which rule made a value: texts, dates and rows are decided by the caller.
//! `pdf` and `docx` turn the same value into bytes. Texts are printed as they are, never read as markup.

mod certificate;
mod digest;
mod evidence;
mod sign_in;
pub(crate) mod sound;

pub use certificate::{CertificateDoc, Orientation, PhotoFrame, TopicLine};
pub use digest::{ContactLine, DigestDoc, LapseRow, OpeningRow};
pub use evidence::{Align, Block, ColumnSpec, EvidenceDoc, FactLine};
pub use sign_in::{SignInDoc, SignInKind, SignInRow};
pub use sound::Unsound;
