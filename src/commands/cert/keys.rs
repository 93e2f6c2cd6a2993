//! Signing keys.

use serde::Serialize;
use training::certificates::PostCertificate;
use training::keys::{Algorithm, KeyId, SignatureError};
use training::records::Book;
use training::statement::{self, StatementError};

use crate::cli::{Keys, SignedBy};
use crate::desk::Desk;
use crate::desk::keys::KeyFolder;
use crate::exit::{Exit, OrExit, Outcome};
use crate::output::{self, Columns};

#[derive(Serialize)]
struct Shown {
    key: String,
    algorithm: &'static str,
    created_on: String,
    retired_on: Option<String>,
    revoked_on: Option<String>,
}

pub fn run(desk: &Desk, command: Keys) -> Outcome {
    let folder = KeyFolder::of(&desk.session.data)?;
    let mut ring = folder.ring()?;
    match command {
        Keys::List { format } => {
            let shown: Vec<Shown> = ring
                .public()
                .keys()
                .iter()
                .map(|key| Shown {
                    key: key.id().to_string(),
                    algorithm: key.public().algorithm().name(),
                    created_on: key.created_on().to_string(),
                    retired_on: key.retired_on().map(|day| day.to_string()),
                    revoked_on: key.revoked().map(|revoked| revoked.on.to_string()),
                })
                .collect();
            if format.json {
                output::json("sentrypost-cert-keys/1", &shown).or_exit(Exit::Internal)?;
            } else {
                let headers = ["key", "algorithm", "created", "retired", "revoked"];
                let rows = shown.into_iter().map(|one| {
                    let day = |day: Option<String>| day.unwrap_or_default();
                    vec![
                        one.key,
                        one.algorithm.to_owned(),
                        one.created_on,
                        day(one.retired_on),
                        day(one.revoked_on),
                    ]
                });
                output::table(&Columns { headers: &headers, numbers: &[] }, rows);
            }
        }
        Keys::New { algorithm } => {
            let algorithm = match algorithm {
                SignedBy::Ed25519 => Algorithm::Ed25519,
                SignedBy::Sm2 => Algorithm::Sm2,
            };
            let id = folder.rotate(&mut ring, algorithm, desk.session.today())?;
            output::data(format!("{id} is in use; write the verifier page anew and hand it out"));
        }
        Keys::Revoke { key, reason, on } => {
            let id: KeyId = key.parse().or_exit(Exit::Usage)?;
            let on = on.unwrap_or_else(|| desk.session.today());
            ring.revoke(id, on, &reason).or_exit(Exit::BadInput)?;
            folder.keep(&ring)?;
            output::data(format!("{id} is revoked; write the verifier page anew and hand it out"));
            let today = desk.session.today();
            let book = Book::of(&desk.records);
            let is_hit = |one: &&PostCertificate| {
                let verified = statement::verify(&one.statement, ring.public());
                let by_it = StatementError::Signature(SignatureError::RevokedKey { id, on });
                book.standing(one, today).counts() && verified == Err(by_it)
            };
            let n = desk.records.certificates.iter().filter(is_hit).count();
            output::note(format!(
                "{n} certificates that count were signed by it; replace each with `cert replace`"
            ));
        }
    }
    Ok(Exit::Done)
}
