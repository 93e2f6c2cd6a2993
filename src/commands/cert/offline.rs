//! What is handed out for verification without a network: the revocation list and the page.

use std::path::Path;

use chrono::Days;
use training::certificates::{CertificateEvent, PostCertificate, Standing};
use training::making::on_paper;
use training::records::Book;
use training::revocations::{Entry, ReasonClass, RevocationList, RevokedState};
use training::statement::Printed;
use training::verifier::{VerifierPage, verifier_page};

use crate::desk::Desk;
use crate::desk::keys::KeyFolder;
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::files::{refuse_existing, write_file};
use crate::output;

/// A page or list older than this is told as old.
const STALE_AFTER_DAYS: u16 = 90;

pub fn revocations(desk: &Desk, path: &Path, days: u16) -> Outcome {
    refuse_existing(path)?;
    let text = signed_list(desk, days)?;
    write_file(path, text.as_bytes())?;
    output::data(path.display().to_string());
    Ok(Exit::Done)
}

pub fn verifier(desk: &Desk, path: &Path) -> Outcome {
    refuse_existing(path)?;
    let today = desk.session.today();
    let list = signed_list(desk, STALE_AFTER_DAYS)?;
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

fn signed_list(desk: &Desk, days: u16) -> Result<String, Failure> {
    let today = desk.session.today();
    let ring = KeyFolder::of(&desk.session.data)?.ring_to_sign(today)?;
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
    let list = RevocationList::new(number, today, next, entries).or_exit(Exit::Internal)?;
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
