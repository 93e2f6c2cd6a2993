//! `sentrypost cert`: post certificates from issue to verification.

mod acts;
mod issue;
mod keys;
mod list;
mod offline;
mod verify;

use training::certificates::CertificateAct;

use crate::cli::{Cert, Global};
use crate::desk::Desk;
use crate::exit::Outcome;

pub async fn run(global: &Global, command: Cert) -> Outcome {
    match command {
        Cert::Issue { category, people, on, reason, by, without_files, dry_run, format } => {
            let json = format.json;
            let wish = issue::Wish { category, people, on, reason, by, without_files, dry_run, json };
            issue::run(Desk::open(global).await?, wish).await
        }
        Cert::List { on, list } => list::run(&Desk::open_to_read(global).await?, on, &list),
        Cert::Suspend(act) => acts::run(Desk::open(global).await?, CertificateAct::Suspended, act).await,
        Cert::Reinstate(act) => acts::run(Desk::open(global).await?, CertificateAct::Reinstated, act).await,
        Cert::Revoke(act) => acts::run(Desk::open(global).await?, CertificateAct::Revoked, act).await,
        Cert::Cancel(act) => acts::run(Desk::open(global).await?, CertificateAct::Cancelled, act).await,
        Cert::Review(act) => acts::run(Desk::open(global).await?, CertificateAct::Reviewed, act).await,
        Cert::Replace(act) => acts::replace(Desk::open(global).await?, act).await,
        Cert::Print { certificate, card, output } => {
            list::print(&Desk::open_to_read(global).await?, &certificate, card, &output)
        }
        Cert::Files => issue::files(Desk::open(global).await?).await,
        Cert::Verify { what, on, format } => {
            verify::run(&Desk::open_to_read(global).await?, &what, on, format.json)
        }
        Cert::Keys(command) => keys::run(&Desk::open(global).await?, command),
        Cert::Revocations { output, days } => offline::revocations(&Desk::open(global).await?, &output, days),
        Cert::Verifier { output } => offline::verifier(&Desk::open(global).await?, &output),
    }
}
