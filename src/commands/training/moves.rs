//! Appointments, transfers and leavers, with the gaps that they open.

use chrono::{Days, NaiveDate};
use model::post::Role;
use model::staffing::Cover;
use training::coverage::{self, Asked};
use training::moves::{self, Appointment, NotMoved, RightDays, RightUntil};
use training::people::Holding;
use training::records::{Book, Change, apply};

use crate::cli::{Place, Post, Redate, Who};
use crate::clock::SystemMint;
use crate::desk::names::Names;
use crate::desk::{self, Desk};
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::output;

pub async fn appoint(desk: Desk, post: Post) -> Outcome {
    let wish = appointment(&desk, &post)?;
    carry_out(desk, wish.from, "appointed", "", post.dry_run, |book| {
        moves::appoint(book, wish.clone(), &mut SystemMint)
    })
    .await
}

pub async fn transfer(desk: Desk, post: Post, reason: &str) -> Outcome {
    let wish = appointment(&desk, &post)?;
    carry_out(desk, wish.from, "transferred", reason, post.dry_run, |book| {
        moves::transfer(book, wish.clone(), reason, &mut SystemMint)
    })
    .await
}

pub async fn leave(desk: Desk, who: &Who, last: NaiveDate, reason: &str, dry_run: bool) -> Outcome {
    let staff = desk::staff(&desk, &who.person)?.id;
    let after = last.checked_add_days(Days::new(1)).unwrap_or(last);
    carry_out(desk, after, "left", reason, dry_run, |book| moves::leave(book, staff, last, reason)).await
}

pub async fn redate(desk: Desk, asked: Redate) -> Outcome {
    let wrong = place(&desk, &asked.place, None, asked.recorded)?;
    let until = match asked.until {
        Some(until) => RightUntil::On(until),
        None if asked.open => RightUntil::Open,
        None => RightUntil::Kept,
    };
    let right = RightDays { from: asked.from, until };
    let today = desk.session.today();
    carry_out(desk, today, "redated", &asked.reason, asked.dry_run, |book| moves::redate(book, &wrong, right))
        .await
}

fn appointment(desk: &Desk, post: &Post) -> Result<Appointment, Failure> {
    place(desk, &post.place, post.role, post.from)
}

fn place(desk: &Desk, place: &Place, role: Option<Role>, from: NaiveDate) -> Result<Appointment, Failure> {
    let staff = desk::staff(desk, &place.who.person)?.id;
    let unit = desk::unit(desk, &place.unit)?;
    let system = place.system.as_deref().map(|given| desk::system(desk, unit, given)).transpose()?;
    Ok(Appointment { staff, unit, system, post: place.post, role, from })
}

/// Tells the gaps that the change opens from `day` on, and stores it unless this is a dry run.
async fn carry_out(
    mut desk: Desk,
    day: NaiveDate,
    action: &str,
    reason: &str,
    dry_run: bool,
    decide: impl Fn(&Book<'_>) -> Result<Change, NotMoved>,
) -> Outcome {
    let exposed = desk.exposed().await?;
    let change = decide(&Book::of(&desk.records)).or_exit(Exit::BadInput)?;
    let after = apply(&desk.records, &change);
    // What is entered late opens the gaps of today.
    let day = day.max(desk.session.today());
    let asked = Asked { scheme: &desk.scheme, register: &desk.register, exposed: &exposed, day };
    let gaps = coverage::gaps_opened(&desk.records, &after, asked);
    told(&desk, &change).into_iter().for_each(output::data);
    tell_gaps(&desk, &gaps, day);
    if dry_run {
        output::note("nothing was changed: this is a dry run");
        return Ok(Exit::Done);
    }
    desk.change(|desk| {
        let change = decide(&Book::of(&desk.records)).or_exit(Exit::BadInput)?;
        let detail = told(desk, &change).join("; ");
        Ok((change, desk.line(action, detail, reason), ()))
    })
    .await?;
    Ok(Exit::Done)
}

/// Each post that changes, with its days, and those of before in brackets.
fn told(desk: &Desk, change: &Change) -> Vec<String> {
    let names = Names::of(&desk.register, &desk.records);
    let known = |held: &Holding| desk.records.holdings.iter().find(|one| one.id == held.id);
    let one = |held: &Holding| {
        let post = super::people::post(held, &names);
        let was = known(held).map(|was| format!(" ({} before)", days(was))).unwrap_or_default();
        format!("{}: {post}, {}{was}", names.staff(held.staff), days(held))
    };
    change.holdings.iter().map(one).collect()
}

fn days(held: &Holding) -> String {
    let until = held.until.map_or_else(String::new, |until| format!(" until {until}"));
    format!("from {}{until}", held.from)
}

fn tell_gaps(desk: &Desk, gaps: &[Cover], day: NaiveDate) {
    let names = Names::of(&desk.register, &desk.records);
    for gap in gaps {
        let (unit, system) = (names.unit(gap.unit), names.system(gap.system));
        let place = [unit, system].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        let (requirement, standing) = (&gap.requirement, gap.standing);
        output::note(format!(
            "gap from {day}: {place}: {requirement}: {} {}, {} of {} certified",
            standing.as_str(),
            standing.chinese(),
            gap.certified.len(),
            gap.n_required
        ));
    }
}
