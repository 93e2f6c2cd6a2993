//! The files of certificates: made once, kept with their hash, never made anew.

use std::path::{Path, PathBuf};

use documents::paper::{CertificateDoc, Orientation, PhotoFrame, TopicLine};
use documents::pdf::{self, CertificateCheck, FontSet, Pdf, PdfError};
use sha2::{Digest, Sha256};
use training::certificates::PostCertificate;
use training::ports::TrainingStore;
use training::records::Book;

use super::Desk;
use crate::exit::{Exit, Failure, OrExit};
use crate::files::{make_folder, replace_file};
use crate::output;
use crate::session::OrStoreFailure;

/// The forms of a certificate, and what makes them.
type Maker = fn(&CertificateDoc, &FontSet) -> Result<Pdf, PdfError>;
const FORMS: [(&str, Maker); 2] = [("a4", pdf::certificate_a4), ("card", pdf::certificate_card)];

#[derive(Debug, thiserror::Error)]
#[error("the certificate of {whom} can't be printed")]
struct Unprintable {
    whom: String,
    source: PdfError,
}

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0} was changed since it was issued: its hash isn't the one that is kept")]
    Changed(String),
    #[error(
        "{0} is lost, and can't be made again as it was issued, with these fonts; restore it from a backup"
    )]
    Lost(String),
    #[error("{serial} has no {form} file; `sentrypost cert files` writes it")]
    NotWritten { serial: String, form: String },
    #[error("{serial} has no {form} file, and none is written any more: it is {standing}")]
    NeverWritten { serial: String, form: String, standing: &'static str },
    #[error("{0} was entered from an old paper certificate and has no file")]
    OldPaper(String),
}

pub struct Papers {
    folder: PathBuf,
    fonts: FontSet,
}

impl Papers {
    pub fn open(desk: &Desk) -> Result<Papers, Failure> {
        let folder = desk.session.data.certificates();
        make_folder(&folder)?;
        let fonts = FontSet::load(&[desk.session.data.fonts()]).or_exit(Exit::Environment)?;
        Ok(Papers { folder, fonts })
    }

    /// Which certificates can't be printed, and why: to be known before anything is issued.
    pub fn unprintable<'a>(
        &self,
        certificates: &'a [PostCertificate],
    ) -> Vec<(&'a PostCertificate, PdfError)> {
        let mut check = CertificateCheck::new(&self.fonts);
        let wrong = |one: &'a PostCertificate| check.check(&doc(one)).err().map(|error| (one, error));
        certificates.iter().filter_map(wrong).collect()
    }

    /// Refuses a batch in which one can't be printed; each of those is told.
    pub fn check(&self, certificates: &[PostCertificate]) -> Result<(), Failure> {
        // They have no serial yet, and one of a batch may be called as another.
        let mut wrong = self.unprintable(certificates).into_iter().map(|(one, source)| {
            let whom = format!("{} ({})", one.printed.name, one.printed.unit);
            Failure::new(Exit::BadInput, Unprintable { whom, source })
        });
        let Some(first) = wrong.next() else { return Ok(()) };
        wrong.for_each(|other| output::error(&other.error));
        Err(first)
    }

    pub fn is_unfinished(&self, certificate: &PostCertificate) -> bool {
        !certificate.statement.is_empty()
            && FORMS.iter().any(|(form, _)| !certificate.files.contains_key(*form))
    }

    /// Makes what is missing of a certificate's files; how many that were.
    pub async fn complete(&self, desk: &Desk, certificate: &PostCertificate) -> Result<usize, Failure> {
        if certificate.statement.is_empty() {
            return Ok(0);
        }
        let mut n = 0;
        for (form, maker) in FORMS {
            if certificate.files.contains_key(form) {
                continue;
            }
            let pdf = make(maker, certificate, &self.fonts)?;
            let path = file_of(&self.folder, certificate, form);
            replace_file(&path, &pdf.bytes)?;
            let hash = sha256(&pdf.bytes);
            desk.session.store.keep_file(certificate.id, form, &hash).await.or_store_failure()?;
            n += 1;
        }
        Ok(n)
    }
}

impl Papers {
    /// Writes again what was lost of a certificate's files, if it comes out as it was issued; how many that were.
    pub fn restore(&self, certificate: &PostCertificate) -> Result<usize, Failure> {
        let mut n = 0;
        for (form, maker) in FORMS {
            let Some(kept) = certificate.files.get(form) else { continue };
            let path = file_of(&self.folder, certificate, form);
            let changed = || Failure::new(Exit::Data, Fault::Changed(path.display().to_string()));
            match std::fs::read(&path) {
                Ok(bytes) if sha256(&bytes) == *kept => {}
                Ok(_) => return Err(changed()),
                Err(_) => {
                    let pdf = make(maker, certificate, &self.fonts)?;
                    // Other fonts than on the day of issue make another file, and that is none that was issued.
                    if sha256(&pdf.bytes) != *kept {
                        return Err(Failure::new(Exit::Data, Fault::Lost(path.display().to_string())));
                    }
                    replace_file(&path, &pdf.bytes)?;
                    n += 1;
                }
            }
        }
        Ok(n)
    }
}

/// The bytes of a certificate's file as it was issued.
pub fn stored(desk: &Desk, certificate: &PostCertificate, form: &str) -> Result<Vec<u8>, Failure> {
    if certificate.statement.is_empty() {
        return Err(Failure::new(Exit::NotFound, Fault::OldPaper(certificate.serial.clone())));
    }
    let Some(hash) = certificate.files.get(form) else {
        return Err(why_none(desk, certificate, form));
    };
    let path = file_of(&desk.session.data.certificates(), certificate, form);
    let bytes = std::fs::read(&path).or_exit_while(Exit::Data, format!("can't read {}", path.display()))?;
    if sha256(&bytes) == *hash {
        Ok(bytes)
    } else {
        Err(Failure::new(Exit::Data, Fault::Changed(path.display().to_string())))
    }
}

/// Why a certificate has no file.
fn why_none(desk: &Desk, certificate: &PostCertificate, form: &str) -> Failure {
    let (serial, form) = (certificate.serial.clone(), form.to_owned());
    let standing = Book::of(&desk.records).standing(certificate, desk.session.today());
    if standing.is_final() {
        let standing = standing.as_str();
        return Failure::new(Exit::NotFound, Fault::NeverWritten { serial, form, standing });
    }
    match FontSet::load(&[desk.session.data.fonts()]).or_exit(Exit::Environment) {
        Ok(fonts) => match CertificateCheck::new(&fonts).check(&doc(certificate)) {
            Ok(()) => Failure::new(Exit::NotFound, Fault::NotWritten { serial, form }),
            Err(error) => unprintable(certificate, error),
        },
        Err(failure) => failure,
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn file_of(folder: &Path, certificate: &PostCertificate, form: &str) -> PathBuf {
    let PostCertificate { serial, period, edition, .. } = certificate;
    folder.join(format!("{serial}-{period}-{edition}-{form}.pdf"))
}

fn make(maker: Maker, certificate: &PostCertificate, fonts: &FontSet) -> Result<Pdf, Failure> {
    maker(&doc(certificate), fonts).map_err(|source| unprintable(certificate, source))
}

fn unprintable(certificate: &PostCertificate, source: PdfError) -> Failure {
    let whom = format!("{} ({})", certificate.printed.name, certificate.serial);
    Failure::new(Exit::BadInput, Unprintable { whom, source })
}

fn doc(certificate: &PostCertificate) -> CertificateDoc {
    let printed = &certificate.printed;
    CertificateDoc {
        issuing_body: printed.issuer.clone(),
        title: printed.title.clone(),
        holder: printed.name.clone(),
        unit: printed.unit.clone(),
        post: printed.post.clone(),
        category: format!("{}（{}）", printed.title, certificate.category),
        serial: printed.serial.clone(),
        issued_on: printed.issued_on,
        valid_until: printed.valid_until,
        review_due_on: printed.review_due,
        topics: printed
            .topics
            .iter()
            .map(|name| TopicLine { name: name.clone(), detail: String::new() })
            .collect(),
        statement: None,
        signatory: String::new(),
        qr: certificate.statement.clone(),
        hint: format!("扫描二维码，用离线查验页核对。查验码\n{}", in_two_lines(&certificate.token)),
        photo: PhotoFrame::Frame,
        orientation: Orientation::Landscape,
    }
}

/// A token of eight groups, four to a line, so that no line breaks at whatever group is too many for it.
fn in_two_lines(token: &str) -> String {
    let groups: Vec<&str> = token.split('-').collect();
    groups.chunks(4).map(|line| line.join("-")).collect::<Vec<_>>().join("\n")
}
