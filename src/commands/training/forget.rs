//! Erasing what is kept of people who have left.

use chrono::NaiveDate;
use model::id::StaffId;
use training::forget::{forget, left_before};
use training::records::{Book, Change};

use crate::desk::names::Names;
use crate::desk::{self, Desk};
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::output;

pub struct Whom {
    pub people: Vec<String>,
    pub left_before: Option<NaiveDate>,
}

pub async fn run(mut desk: Desk, whom: &Whom, reason: &str, dry_run: bool) -> Outcome {
    let (change, who) = decide(&desk, whom)?;
    output::data(format!("{}: {}", change.staff.len(), who));
    if dry_run {
        output::note("nothing was erased: this is a dry run");
        return Ok(Exit::Done);
    }
    desk.change(|desk| {
        let (change, who) = decide(desk, whom)?;
        Ok((change, desk.line("forgot", who, reason), ()))
    })
    .await?;
    Ok(Exit::Done)
}

/// What is erased, and the names of whom.
fn decide(desk: &Desk, whom: &Whom) -> Result<(Change, String), Failure> {
    let book = Book::of(&desk.records);
    let named = whom.people.iter().map(|given| desk::staff(desk, given).map(|one| one.id));
    let mut ids: Vec<StaffId> = named.collect::<Result<_, _>>()?;
    ids.extend(whom.left_before.into_iter().flat_map(|day| left_before(&book, day)));
    let mut change = Change::default();
    for id in ids {
        let erased = forget(&book, id, desk.session.today());
        let name =
            || format!("can't erase anything of {}", Names::of(&desk.register, &desk.records).staff(id));
        change.staff.extend(erased.or_exit_while(Exit::BadInput, name())?.staff);
    }
    change.staff.sort_by_key(|one| one.id);
    change.staff.dedup_by_key(|one| one.id);
    let ids: Vec<StaffId> = change.staff.iter().map(|one| one.id).collect();
    let who = Names::of(&desk.register, &desk.records).people(&ids);
    Ok((change, who))
}
