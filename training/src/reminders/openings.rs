//! Which requirements get a gap, and from which day on, because certificates lapse: coverage on the day after each
//! lapse, against the same day had they not lapsed.
//!
//! Comparing within one day keeps out what else happens meanwhile: a rule that begins, a post that ends, days of grace
//! that run out. What was open already is left out, unless it gets worse.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{Days, NaiveDate};
use model::id::{PostCertificateId, StaffId, SystemId, UnitId};
use model::staffing::{Certified, Cover, CoverStanding};
use serde::Serialize;

use crate::certificates::PostCertificate;
use crate::coverage::{Asked, Facts};
use crate::due::{Due, DueKind, due};
use crate::people::Holding;
use crate::records::Book;

/// A requirement that has too few certified people from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Opening {
    pub unit: UnitId,
    /// `None` where the requirement asks of the unit as a whole.
    pub system: Option<SystemId>,
    /// Id of the requirement.
    pub requirement: String,
    /// First day of the gap; past if the certificate lapsed before, and the gap is still there.
    pub opens_on: NaiveDate,
    /// How it stands from that day on.
    pub standing: CoverStanding,
    pub n_required: u8,
    /// Who is certified in the post and stays so.
    pub n_left: usize,
    /// Whose certificates lapse, by id.
    pub lapsed: Vec<StaffId>,
}

/// What opens by certificates that fall due up to `horizon` days from the asked day, or lapsed as long ago and were not
/// renewed; the nearest day first.
pub fn openings(book: &Book<'_>, asked: Asked<'_>, horizon: u16) -> Vec<Opening> {
    let mut breaks: BTreeMap<NaiveDate, BTreeSet<(String, StaffId)>> = BTreeMap::new();
    let certificates: HashMap<PostCertificateId, &PostCertificate> =
        book.records.certificates.iter().map(|one| (one.id, one)).collect();
    for due in due(book, asked.scheme, asked.day, horizon) {
        let first_without = certificates.get(&due.certificate).and_then(|one| first_day_without(one, &due));
        if let Some(first_without) = first_without {
            breaks.entry(first_without).or_default().insert((due.category, due.staff));
        }
    }
    let mut openings: Vec<Opening> =
        breaks.iter().flat_map(|(day, lapsing)| of_day(book, asked, *day, lapsing)).collect();
    let past: HashSet<UnitId> =
        openings.iter().filter(|one| one.opens_on <= asked.day).map(|one| one.unit).collect();
    let facts = Facts::of(book, asked, Some(&past));
    let now = covers(&facts, asked, &facts.certified(book, asked.day));
    let open: HashSet<_> = now.iter().filter(|cover| cover.standing.is_gap()).map(place).collect();
    // Somebody else may have filled a past gap meanwhile, or the post may be gone.
    openings.retain(|one| {
        asked.day < one.opens_on || open.contains(&(one.requirement.as_str(), one.unit, one.system))
    });
    openings
}

/// The day after the last one on which the certificate counts, as far as what falls due goes.
fn first_day_without(certificate: &PostCertificate, due: &Due) -> Option<NaiveDate> {
    let last = match due.what {
        DueKind::Expiry => certificate.valid_until,
        DueKind::Review => certificate.review?.counts_until.min(certificate.valid_until),
    };
    last.checked_add_days(Days::new(1))
}

fn of_day(
    book: &Book<'_>,
    asked: Asked<'_>,
    day: NaiveDate,
    lapsing: &BTreeSet<(String, StaffId)>,
) -> Vec<Opening> {
    let asked = Asked { day, ..asked };
    let facts = Facts::of(book, asked, Some(&touched(book, asked, lapsing)));
    let certified = facts.certified(book, day);
    let mut had_been = certified.clone();
    let counted = |category: &str, staff: StaffId| {
        let the_day_before = day.pred_opt()?;
        let certificate = book.certificate_of(staff, category, the_day_before)?;
        Some(book.standing(certificate, the_day_before).counts())
    };
    // What didn't count anyway, being suspended or not reviewed, opens nothing by its last day.
    for (category, staff) in lapsing.iter().filter(|(code, staff)| counted(code, *staff) == Some(true)) {
        had_been.entry(category.clone()).or_default().insert(*staff);
    }
    // The same rules over the same facts: the same requirements in the same order.
    let pairs = covers(&facts, asked, &had_been).into_iter().zip(covers(&facts, asked, &certified));
    let opened = pairs.filter(|(was, will)| {
        will.standing.is_gap() && (!was.standing.is_gap() || was.standing < will.standing)
    });
    opened.map(|(was, will)| opening(&was, will, day)).collect()
}

/// Units that a lapse may open something in: those of the posts, and those of the systems that the posts are for.
fn touched(book: &Book<'_>, asked: Asked<'_>, lapsing: &BTreeSet<(String, StaffId)>) -> HashSet<UnitId> {
    let people = lapsing.iter().flat_map(|(_, staff)| book.holdings(*staff));
    let posts: Vec<&Holding> = people.copied().filter(|held| held.is_held_on(asked.day)).collect();
    let systems: HashSet<SystemId> = posts.iter().filter_map(|held| held.system).collect();
    let systems = asked.register.systems.iter().filter(|system| systems.contains(&system.id));
    posts.iter().map(|held| held.unit).chain(systems.map(|system| system.unit)).collect()
}

fn covers(facts: &Facts, asked: Asked<'_>, certified: &Certified) -> Vec<Cover> {
    facts.cover(asked.scheme, asked.day, certified)
}

fn opening(was: &Cover, will: Cover, day: NaiveDate) -> Opening {
    let lapsed = was.certified.iter().filter(|staff| !will.certified.contains(staff));
    Opening {
        unit: will.unit,
        system: will.system,
        opens_on: day,
        standing: will.standing,
        n_required: will.n_required,
        n_left: will.certified.len(),
        lapsed: lapsed.copied().collect(),
        requirement: will.requirement,
    }
}

fn place(cover: &Cover) -> (&str, UnitId, Option<SystemId>) {
    (&cover.requirement, cover.unit, cover.system)
}
