//! `sentrypost training`: people, posts, sittings and scores, and how requirements stand.

mod amend;
mod coverage;
mod evidence;
mod forget;
mod forms;
pub mod import;
mod moves;
mod people;
mod remind;
mod scores;
mod show;

use crate::cli::{Global, Training};
use crate::desk::Desk;
use crate::exit::Outcome;

pub async fn run(global: &Global, command: Training) -> Outcome {
    match command {
        Training::Template { output } => forms::template(global, &output).await,
        Training::Import(asked) => import::run(Desk::open(global).await?, asked).await,
        Training::SignIn { sitting, output } => {
            forms::sign_in(&Desk::open_to_read(global).await?, &sitting.sitting, &output)
        }
        Training::ScoreSheet { sitting, output } => {
            forms::score_sheet(&Desk::open_to_read(global).await?, &sitting.sitting, &output)
        }
        Training::Evidence { unit, on, output } => {
            evidence::run(&Desk::open_to_read(global).await?, unit.as_deref(), on, &output)
        }
        Training::Reveal { who, reason } => show::reveal(&Desk::open(global).await?, &who, &reason).await,
        Training::People { unit, on, list } => {
            people::list(&Desk::open_to_read(global).await?, unit.as_deref(), on, &list)
        }
        Training::Show { who, on, format } => {
            show::run(&Desk::open_to_read(global).await?, &who, on, format.json)
        }
        Training::Appoint(post) => moves::appoint(Desk::open(global).await?, post).await,
        Training::Transfer { post, reason } => {
            moves::transfer(Desk::open(global).await?, post, &reason).await
        }
        Training::Leave { who, last, reason, dry_run } => {
            moves::leave(Desk::open(global).await?, &who, last, &reason, dry_run).await
        }
        Training::Amend { who, name, phone, email, unit, reason } => {
            let right = amend::Given { name, phone, email, unit };
            amend::run(Desk::open(global).await?, &who, right, &reason).await
        }
        Training::Redate(asked) => moves::redate(Desk::open(global).await?, asked).await,
        Training::Forget { people, left_before, reason, dry_run } => {
            let whom = forget::Whom { people, left_before };
            forget::run(Desk::open(global).await?, &whom, &reason, dry_run).await
        }
        Training::Sittings { term, list } => {
            scores::sittings(&Desk::open_to_read(global).await?, term.as_deref(), &list)
        }
        Training::Release { sitting, by } => {
            scores::release(Desk::open(global).await?, &sitting.sitting, by.as_deref()).await
        }
        Training::Coverage { on, by, gaps, level, list } => {
            let asked = coverage::Asked { on, by, gaps, level };
            coverage::run(&Desk::open_to_read(global).await?, asked, &list).await
        }
        Training::Exposed { on, list } => {
            coverage::exposed(&Desk::open_to_read(global).await?, on, &list).await
        }
        Training::Due { on, days, list } => people::due(&Desk::open_to_read(global).await?, on, days, &list),
        Training::Remind(asked) => remind::run(global, &asked).await,
        Training::Log { n, format } => show::log(&Desk::open_to_read(global).await?, n, format.json).await,
    }
}
