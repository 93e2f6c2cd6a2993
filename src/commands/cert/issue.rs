//! Issuing in batch: who gets one and who doesn't, the certificates, then their files.

use std::collections::HashMap;

use chrono::NaiveDate;
use model::id::{StaffId, UnitId};
use serde::Serialize;
use training::certificates::{PostCertificate, Standing};
use training::issue::{Candidate, decide};
use training::keys::{Algorithm, SigningKey};
use training::making::{Making, make};
use training::records::{Book, Change};
use training::scheme::Category;

use crate::cli::On;
use crate::clock::{self, SystemMint};
use crate::desk::keys::{self, KeyFolder};
use crate::desk::ledger::Ledger;
use crate::desk::names::Names;
use crate::desk::papers::Papers;
use crate::desk::{self, Desk};
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::output::{self, Columns};
use crate::progress;

pub struct Wish {
    pub category: String,
    pub people: Vec<String>,
    pub on: On,
    pub reason: String,
    pub by: Option<String>,
    pub without_files: bool,
    pub dry_run: bool,
    pub json: bool,
}

#[derive(Debug, thiserror::Error)]
enum Unissued {
    #[error("there is no category {given:?}; the scheme has {known}")]
    NoCategory { given: String, known: String },
}

/// One person of a batch.
#[derive(Serialize)]
struct Shown {
    name: String,
    unit: String,
    /// `None` in a preview of a first certificate.
    serial: Option<String>,
    period: u16,
    /// `None` for whoever is passed over.
    kind: Option<Kind>,
    valid_until: Option<String>,
    /// Why there is none.
    refused: Option<String>,
}

impl Shown {
    fn of(one: &PostCertificate) -> Shown {
        Shown {
            name: one.printed.name.clone(),
            unit: one.printed.unit.clone(),
            serial: None,
            period: one.period,
            kind: None,
            valid_until: Some(one.valid_until.to_string()),
            refused: None,
        }
    }
}

/// How a certificate comes after the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    New,
    Renewal,
    LateRenewal,
    AfterRevocation,
}

impl Kind {
    fn of(candidate: &Candidate) -> Kind {
        match (candidate.period, &candidate.serial) {
            (..=1, _) => Kind::New,
            (_, None) => Kind::AfterRevocation,
            (_, Some(_)) if candidate.is_late => Kind::LateRenewal,
            (_, Some(_)) => Kind::Renewal,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Kind::New => "new 新发",
            Kind::Renewal => "renewal 换证",
            Kind::LateRenewal => "late renewal 逾期换证",
            Kind::AfterRevocation => "after revocation 撤销后重发",
        }
    }
}

pub async fn run(mut desk: Desk, wish: Wish) -> Outcome {
    let category = category_of(&desk, &wish.category)?;
    let today = desk.session.today();
    let day = wish.on.on.unwrap_or(today);
    let by = wish.by.clone().unwrap_or_else(|| desk.session.actor.clone());
    let people = wish.people.iter().map(|given| desk::staff(&desk, given).map(|one| one.id));
    let people: Vec<StaffId> = people.collect::<Result<_, Failure>>()?;
    let papers = Papers::open(&desk)?;
    if wish.dry_run {
        return preview(&desk, &papers, &category, &people, day, wish.json);
    }
    let folder = KeyFolder::of(&desk.session.data)?;
    let ring = folder.ring_to_sign(today)?;
    let ledger = Ledger::of(&desk.session.data)?;
    let address = desk.scheme.verify_at.as_ref().and_then(|address| address.parse().ok());
    let (issued, mut shown) = desk
        .change(|desk| {
            let (ready, refused) = decided(desk, &category, &people, day);
            let names = Names::of(&desk.register, &desk.records);
            let unit_name = |id: UnitId| names.unit(id).to_owned();
            let making = Making {
                scheme: &desk.scheme,
                category: &category,
                day,
                at: clock::now(),
                decided_by: &by,
                reason: &wish.reason,
                key: ring.signer().or_exit(Exit::Data)?,
                address: address.as_ref(),
                highest_elsewhere: ledger.highest(&desk.scheme.series)?,
                unit_name: &unit_name,
            };
            let book = Book::of(&desk.records);
            let change: Change =
                make(&book, &making, &ready, &mut SystemMint, &mut keys::random).or_exit(Exit::BadInput)?;
            // Before anything is stored: a name that can't be printed refuses the batch.
            papers.check(&change.certificates)?;
            ledger.reach(change.certificates.iter().map(|one| one.serial.as_str()))?;
            let n = change.certificates.len();
            let line =
                desk.line("issued", format!("{n} certificates {}", category.code), wish.reason.clone());
            let kinds = ready.iter().map(Kind::of);
            let ids: HashMap<_, _> = change.certificates.iter().map(|one| one.id).zip(kinds).collect();
            Ok((change, line, (ids, refused)))
        })
        .await?;
    let certificates: Vec<_> =
        desk.records.certificates.iter().filter(|one| issued.contains_key(&one.id)).collect();
    let made = certificates.iter().map(|one| Shown {
        serial: Some(one.serial.clone()),
        kind: issued.get(&one.id).copied(),
        ..Shown::of(one)
    });
    shown = made.chain(shown).collect();
    let written = if wish.without_files { Ok((0, 0)) } else { complete(&desk, &papers, &certificates).await };
    // They are issued, whatever became of their files.
    show(&shown, wish.json)?;
    output::note(format!("{} issued, {} passed over", issued.len(), shown.len() - issued.len()));
    let (_, n_unprintable) = written?;
    Ok(if n_unprintable > 0 { Exit::BadInput } else { Exit::Done })
}

/// Says who would get one and who wouldn't, by certificates that are made as in earnest and kept nowhere.
fn preview(
    desk: &Desk,
    papers: &Papers,
    category: &Category,
    people: &[StaffId],
    day: NaiveDate,
    json: bool,
) -> Outcome {
    let (ready, refused) = decided(desk, category, people, day);
    let names = Names::of(&desk.register, &desk.records);
    let making = Making {
        scheme: &desk.scheme,
        category,
        day,
        at: clock::now(),
        decided_by: "",
        reason: "",
        // A preview makes no key of the office's, and what this one signs leaves with it.
        key: &SigningKey::from_seed(Algorithm::Ed25519, &[1; 32]).or_exit(Exit::Internal)?,
        address: None,
        highest_elsewhere: 0,
        unit_name: &|id| names.unit(id).to_owned(),
    };
    let change = make(&Book::of(&desk.records), &making, &ready, &mut SystemMint, &mut keys::random)
        .or_exit(Exit::BadInput)?;
    let unprintable = papers.unprintable(&change.certificates).into_iter();
    let unprintable: HashMap<_, _> =
        unprintable.map(|(one, why)| (one.id, format!("can't be printed: {why} {}", why.zh()))).collect();
    let made = ready.iter().zip(&change.certificates).map(|(candidate, one)| Shown {
        serial: candidate.serial.clone(),
        kind: Some(Kind::of(candidate)),
        refused: unprintable.get(&one.id).cloned(),
        ..Shown::of(one)
    });
    let (n_ready, n_refused) = (ready.len() - unprintable.len(), refused.len());
    let shown: Vec<Shown> = made.chain(refused).collect();
    show(&shown, json)?;
    output::note(match unprintable.len() {
        0 => format!(
            "{n_ready} would be issued, {n_refused} passed over; nothing was issued: this is a dry run"
        ),
        n => format!(
            "{n} can't be printed, so that none of the batch would be issued: correct them, or name the other {n_ready} \
             with --person; {n_refused} passed over; this is a dry run"
        ),
    });
    Ok(Exit::Done)
}

/// Writes the files of all certificates that lack one, and those that were lost; what was changed is told. What was
/// cancelled, revoked or replaced before it had a file needs none any more.
pub async fn files(desk: Desk) -> Outcome {
    let papers = Papers::open(&desk)?;
    let all: Vec<_> = desk.records.certificates.iter().collect();
    let book = Book::of(&desk.records);
    let today = desk.session.today();
    let is_wanted =
        |one: &&PostCertificate| papers.is_unfinished(one) && !book.standing(one, today).is_final();
    let unfinished: Vec<_> = all.iter().copied().filter(is_wanted).collect();
    let (n_new, n_unprintable) = complete(&desk, &papers, &unfinished).await?;
    let mut n_again = 0;
    let mut n_wrong = 0;
    for certificate in all {
        match papers.restore(certificate) {
            Ok(n) => n_again += n,
            Err(failure) => {
                n_wrong += 1;
                output::error(&failure.error);
            }
        }
    }
    output::data(format!("{n_new} files written, {n_again} lost ones written again, {n_wrong} wrong"));
    Ok(match (n_wrong, n_unprintable) {
        (0, 0) => Exit::Done,
        (0, _) => Exit::BadInput,
        (_, _) => Exit::Data,
    })
}

/// How many files were written, and how many certificates can't be printed: those are told at the end, and hold up
/// none of the others.
async fn complete(
    desk: &Desk,
    papers: &Papers,
    unfinished: &[&PostCertificate],
) -> Result<(usize, usize), Failure> {
    if !unfinished.is_empty() {
        let plural = if unfinished.len() == 1 { "" } else { "s" };
        output::note(format!("writing the files of {} certificate{plural}", unfinished.len()));
    }
    let mut progress = progress::Counted::new(unfinished.len(), "certificates");
    let mut n = 0;
    let mut unprintable = Vec::new();
    for (n_before, certificate) in unfinished.iter().enumerate() {
        match papers.complete(desk, certificate).await {
            Ok(n_files) => n += n_files,
            Err(failure) if failure.exit == Exit::BadInput => unprintable.push(failure),
            Err(failure) => return Err(failure),
        }
        progress.done(n_before + 1);
    }
    progress.finish();
    if !unprintable.is_empty() {
        unprintable.iter().for_each(|failure| output::error(&failure.error));
        output::note(format!(
            "{} can't be printed: correct the name, cancel the certificate and issue it again, or put a font that has \
             the characters into the fonts folder",
            unprintable.len()
        ));
    }
    Ok((n, unprintable.len()))
}

fn category_of(desk: &Desk, given: &str) -> Result<Category, Failure> {
    let known = || desk.scheme.categories.iter().map(|one| one.code.as_str()).collect::<Vec<_>>().join(", ");
    let found = desk.scheme.category(&given.to_ascii_uppercase()).cloned();
    found.ok_or_else(|| {
        Failure::new(Exit::NotFound, Unissued::NoCategory { given: given.to_owned(), known: known() })
    })
}

fn decided(
    desk: &Desk,
    category: &Category,
    people: &[StaffId],
    day: NaiveDate,
) -> (Vec<Candidate>, Vec<Shown>) {
    let book = Book::of(&desk.records);
    let names = Names::of(&desk.register, &desk.records);
    let passed_over = |id: StaffId, why: String| Shown {
        name: names.staff(id).to_owned(),
        unit: book.unit_of(id).map(|unit| names.unit(unit).to_owned()).unwrap_or_default(),
        serial: None,
        period: 0,
        kind: None,
        valid_until: None,
        refused: Some(why),
    };
    let is_asked = |id: &StaffId| people.is_empty() || people.contains(id);
    let (mut ready, mut refused) = (Vec::new(), Vec::new());
    for id in desk.records.staff.iter().map(|one| one.id).filter(is_asked) {
        match decide(&book, &desk.scheme, category, id, day) {
            Ok(_) if people.is_empty() && was_cancelled(&book, &category.code, id, day) => {
                let why = "was cancelled; name the person with --person to issue it again";
                refused.push(passed_over(id, why.to_owned()));
            }
            Ok(candidate) => ready.push(candidate),
            // Whoever holds no such post isn't passed over; nobody thought of them.
            Err(training::issue::NotIssued::NoPost) if people.is_empty() => {}
            Err(why) => refused.push(passed_over(id, why.to_string())),
        }
    }
    (ready, refused)
}

/// What somebody gave up doesn't come back by a batch.
fn was_cancelled(book: &Book<'_>, category: &str, id: StaffId, day: NaiveDate) -> bool {
    let last = book.certificate_of(id, category, day);
    last.is_some_and(|one| book.standing(one, day) == Standing::Cancelled)
}

fn show(shown: &[Shown], json: bool) -> Result<(), Failure> {
    if json {
        return output::json("sentrypost-cert-issue/1", &shown).or_exit(Exit::Internal);
    }
    let headers = [
        "name 姓名",
        "unit 单位",
        "serial 编号",
        "kind 类别",
        "until 有效期至",
        "not issued because 未发原因",
    ];
    let rows = shown.iter().map(|one| {
        vec![
            one.name.clone(),
            one.unit.clone(),
            one.serial.clone().unwrap_or_default(),
            one.kind.map_or("", Kind::words).to_owned(),
            one.valid_until.clone().unwrap_or_default(),
            one.refused.clone().unwrap_or_default(),
        ]
    });
    output::table(&Columns { headers: &headers, numbers: &[] }, rows);
    Ok(())
}
