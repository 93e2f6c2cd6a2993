//! What happens to a certificate after its issue.

use training::certificates::{self, CertificateAct};
use training::making::{self, Making};
use training::records::{Book, Change};

use crate::cli::Act;
use crate::clock::{self, SystemMint};
use crate::desk::keys::{self, KeyFolder};
use crate::desk::papers::Papers;
use crate::desk::{self, Desk};
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::output;

pub async fn run(mut desk: Desk, what: CertificateAct, asked: Act) -> Outcome {
    let today = desk.session.today();
    let by = asked.by.clone().unwrap_or_else(|| desk.session.actor.clone());
    let told = desk
        .change(|desk| {
            let certificate = desk::certificate(desk, &asked.certificate)?;
            let book = Book::of(&desk.records);
            let wish = certificates::Act {
                what,
                on: asked.on.on.unwrap_or(today),
                at: clock::now(),
                today,
                reason: &asked.reason,
                decided_by: &by,
            };
            let events = book.events(certificate.id);
            let event = certificates::act(certificate, events, wish).or_exit(Exit::BadInput)?;
            let told =
                format!("{} {} {} from {}", certificate.serial, what.as_str(), what.chinese(), event.on);
            let line = desk.line(what.as_str(), certificate.serial.clone(), asked.reason.clone());
            Ok((Change { events: vec![event], ..Change::default() }, line, told))
        })
        .await?;
    output::data(told);
    Ok(Exit::Done)
}

#[derive(Debug, thiserror::Error)]
enum NotReplaced {
    #[error("the certificate is {0}, and only one that counts can be replaced")]
    Standing(&'static str),
    #[error("its category {0} isn't in the scheme any more")]
    NoCategory(String),
    #[error(
        "{serial} was entered from a paper certificate of {issuer}; that body alone can replace it, and nothing was signed"
    )]
    NotOurs { serial: String, issuer: String },
}

pub async fn replace(mut desk: Desk, asked: Act) -> Outcome {
    let today = desk.session.today();
    let by = asked.by.clone().unwrap_or_else(|| desk.session.actor.clone());
    let papers = Papers::open(&desk)?;
    let ring = KeyFolder::of(&desk.session.data)?.ring_to_sign(today)?;
    let address = desk.scheme.verify_at.as_ref().and_then(|address| address.parse().ok());
    let id = desk
        .change(|desk| {
            let old = desk::certificate(desk, &asked.certificate)?;
            if old.statement.is_empty() {
                let (serial, issuer) = (old.serial.clone(), old.printed.issuer.clone());
                return Err(Failure::new(Exit::BadInput, NotReplaced::NotOurs { serial, issuer }));
            }
            let standing = Book::of(&desk.records).standing(old, today);
            if !standing.counts() {
                return Err(Failure::new(Exit::BadInput, NotReplaced::Standing(standing.as_str())));
            }
            let category = desk.scheme.category(&old.category);
            let gone = || Failure::new(Exit::BadInput, NotReplaced::NoCategory(old.category.clone()));
            let making = Making {
                scheme: &desk.scheme,
                category: category.ok_or_else(gone)?,
                day: asked.on.on.unwrap_or(today),
                at: clock::now(),
                decided_by: &by,
                reason: &asked.reason,
                key: ring.signer().or_exit(Exit::Data)?,
                address: address.as_ref(),
                highest_elsewhere: 0,
                unit_name: &|_| String::new(),
            };
            let change =
                making::replace(&making, old, &mut SystemMint, keys::random()).or_exit(Exit::BadInput)?;
            papers.check(&change.certificates)?;
            let line = desk.line("replaced", old.serial.clone(), asked.reason.clone());
            let id = change.certificates.first().map(|one| one.id);
            Ok((change, line, id))
        })
        .await?;
    for certificate in desk.records.certificates.iter().filter(|one| Some(one.id) == id) {
        papers.complete(&desk, certificate).await?;
        output::data(format!("{} replaced by edition {}", certificate.serial, certificate.edition));
    }
    Ok(Exit::Done)
}
