//! Correcting what is kept of a person.

use training::amend::{Right, amend};
use training::records::Book;

use crate::cli::Who;
use crate::desk::{self, Desk};
use crate::exit::{Exit, OrExit, Outcome};
use crate::output;

/// What the command line says is right.
pub struct Given {
    pub name: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub unit: Option<String>,
}

pub async fn run(mut desk: Desk, who: &Who, given: Given, reason: &str) -> Outcome {
    let person = desk::staff(&desk, &who.person)?.id;
    let unit = given.unit.map(|given| desk::unit(&desk, &given)).transpose()?;
    let right = Right { name: given.name, phone: given.phone, email: given.email, unit };
    let is_changed = desk
        .change(|desk| {
            let book = Book::of(&desk.records);
            let change = amend(&book, person, &right).or_exit(Exit::BadInput)?;
            // Which person, by id: the name may be what was wrong. What was there before isn't written down once more.
            let was = book.staff(person).map(|one| one.name.clone()).unwrap_or_default();
            let now = change.staff.first().map_or(was.as_str(), |one| one.name.as_str());
            let changed = [
                right.name.is_some().then_some("name"),
                right.phone.is_some().then_some("phone"),
                right.email.is_some().then_some("e-mail"),
                right.unit.is_some().then_some("unit"),
            ];
            let changed = changed.into_iter().flatten().collect::<Vec<_>>().join(", ");
            let line = desk.line("amended", format!("{was} → {now} ({person}): {changed}"), reason);
            let is_changed = !change.is_empty();
            Ok((change, line, is_changed))
        })
        .await?;
    output::note(if is_changed { "corrected" } else { "nothing to correct: it is recorded so already" });
    Ok(Exit::Done)
}
