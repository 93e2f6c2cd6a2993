//! Appointments, transfers and leavers, with the gaps that they open.

use chrono::{Days, NaiveDate};
use model::id::StaffId;
use model::staffing::Cover;
use training::coverage::{self, Asked};
use training::moves::{self, Appointment, NotMoved};
use training::records::{Book, Change, apply};

use crate::cli::{Post, Who};
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

fn appointment(desk: &Desk, post: &Post) -> Result<Appointment, Failure> {
    let staff = desk::staff(desk, &post.who.person)?.id;
    let unit = desk::unit(desk, &post.unit)?;
    let system = post.system.as_deref().map(|given| desk::system(desk, unit, given)).transpose()?;
    Ok(Appointment { staff, unit, system, post: post.post, role: post.role, from: post.from })
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
    let asked = Asked { scheme: &desk.scheme, register: &desk.register, exposed: &exposed, day };
    let gaps = coverage::gaps_opened(&desk.records, &after, asked);
    tell(&desk, &change, &gaps, day);
    if dry_run {
        output::note("nothing was changed: this is a dry run");
        return Ok(Exit::Done);
    }
    desk.change(|desk| {
        let change = decide(&Book::of(&desk.records)).or_exit(Exit::BadInput)?;
        let who: Vec<StaffId> = change.holdings.iter().map(|held| held.staff).take(1).collect();
        let detail = Names::of(&desk.register, &desk.records).people(&who);
        Ok((change, desk.line(action, detail, reason), ()))
    })
    .await?;
    Ok(Exit::Done)
}

fn tell(desk: &Desk, change: &Change, gaps: &[Cover], day: NaiveDate) {
    let names = Names::of(&desk.register, &desk.records);
    for held in &change.holdings {
        let until = held.until.map_or_else(String::new, |until| format!(" until {until}"));
        let post = super::people::post(held, &names);
        output::data(format!("{}: {post}, from {}{until}", names.staff(held.staff), held.from));
    }
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
