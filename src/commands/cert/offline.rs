//! What is handed out for verification without a network: the revocation list and the page.

use std::path::Path;

use chrono::Days;
use training::certificates::{CertificateEvent, PostCertificate, Standing};
use training::keys::SignatureError;
use training::making::on_paper;
use training::records::Book;
use training::revocations::{
    Entry, ListError, MAX_TEXT, ReasonClass, RevocationList, RevokedState, VerifiedList,
};
use training::statement::Printed;
use training::verifier::{VerifierPage, verifier_page};

use crate::desk::Desk;
use crate::desk::keys::KeyFolder;
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::files::{refuse_existing, replace_file, write_file};
use crate::output;

/// A page or list older than this is told as old.
const STALE_AFTER_DAYS: u16 = 90;

pub fn revocations(desk: &Desk, path: &Path, days: u16) -> Outcome {
    let list = list(desk, days)?;
    if path.exists() {
        check_own(desk, path, list.number)?;
    }
    let text = sign(desk, &list)?;
    replace_file(path, text.as_bytes())?;
    output::data(path.display().to_string());
    Ok(Exit::Done)
}

#[derive(Debug, thiserror::Error)]
enum Kept {
    #[error("{path} exists already and isn't a list that was written here; choose another name")]
    NotOurs { path: String, source: Option<ListError> },
    #[error(
        "{path} is list {theirs}, and this would be list {ours}, as after a backup was restored: what was revoked since \
         would be missing; keep that list and write this one elsewhere with -o, or put back the data folder that wrote it\n  \
         {path} 是第{theirs}号名单，现有数据只到第{ours}号（可能恢复过备份），其后的撤销会丢失：请保留原名单，用 -o 另存，或恢复写出它的数据目录"
    )]
    Newer { path: String, theirs: u32, ours: u32 },
}

/// A list is published month by month in the same place: the one before it may be written over, and nothing else.
fn check_own(desk: &Desk, path: &Path, number: u32) -> Result<(), Failure> {
    let shown = path.display().to_string();
    let refused = |source| Failure::new(Exit::Environment, Kept::NotOurs { path: shown.clone(), source });
    let size = std::fs::metadata(path).map_or(0, |file| file.len());
    if size > MAX_TEXT as u64 {
        return Err(refused(Some(ListError::TooLarge)));
    }
    let Ok(text) = std::fs::read_to_string(path) else { return Err(refused(None)) };
    match RevocationList::verify(&text, KeyFolder::of(&desk.session.data)?.ring()?.public()) {
        Ok(VerifiedList { list, .. }) if list.number > number => {
            let newer = Kept::Newer { path: shown.clone(), theirs: list.number, ours: number };
            Err(Failure::new(Exit::Environment, newer))
        }
        // The key that was stolen since signed it; so much the more it is to be replaced.
        Ok(_) | Err(ListError::Signature(SignatureError::RevokedKey { .. })) => Ok(()),
        Err(error) => Err(refused(Some(error))),
    }
}

pub fn verifier(desk: &Desk, path: &Path) -> Outcome {
    refuse_existing(path)?;
    let today = desk.session.today();
    let list = sign(desk, &list(desk, STALE_AFTER_DAYS)?)?;
    let ring = KeyFolder::of(&desk.session.data)?.ring_to_sign(today)?;
    let page = VerifierPage {
        issuer: &desk.scheme.issuer,
        made_on: today,
        list: Some(&list),
        stale_after_days: STALE_AFTER_DAYS,
    };
    write_file(path, verifier_page(ring.public(), &page).as_bytes())?;
    output::data(path.display().to_string());
    Ok(Exit::Done)
}

fn list(desk: &Desk, days: u16) -> Result<RevocationList, Failure> {
    let today = desk.session.today();
    let book = Book::of(&desk.records);
    let entries = desk.records.certificates.iter().filter_map(|one| {
        let state = match book.standing(one, today) {
            Standing::Suspended => RevokedState::Suspended,
            Standing::Revoked => RevokedState::Revoked,
            Standing::Cancelled => RevokedState::Cancelled,
            Standing::Replaced => RevokedState::Replaced,
            Standing::NotYet
            | Standing::Valid
            | Standing::ReviewDue
            | Standing::ReviewOverdue
            | Standing::Expired => return None,
        };
        entry(one, book.events(one.id), state)
    });
    let next = today.checked_add_days(Days::new(days.into())).unwrap_or(today);
    let number = u32::try_from(desk.records.revision).unwrap_or(u32::MAX);
    RevocationList::new(number, today, next, entries).or_exit(Exit::Internal)
}

fn sign(desk: &Desk, list: &RevocationList) -> Result<String, Failure> {
    let ring = KeyFolder::of(&desk.session.data)?.ring_to_sign(desk.session.today())?;
    list.sign(ring.signer().or_exit(Exit::Data)?).or_exit(Exit::Internal)
}

/// Names the one copy that is meant: a replacement or a renewal keeps the serial.
fn entry(one: &PostCertificate, events: &[CertificateEvent], state: RevokedState) -> Option<Entry> {
    let serial = one.serial.parse().ok()?;
    let token = one.token.parse().ok()?;
    let printed: Printed<'_> = on_paper(&one.printed, &serial, &token);
    let copy = Some(printed.digest());
    let since = events.iter().map(|event| event.on).max().unwrap_or(one.issued_on);
    let reason = match state {
        RevokedState::Replaced => ReasonClass::Superseded,
        RevokedState::Cancelled => ReasonClass::LeftPost,
        RevokedState::Suspended | RevokedState::Revoked => ReasonClass::Other,
    };
    Some(Entry { serial, copy, state, since, reason })
}
