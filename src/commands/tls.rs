//! `sentrypost tls`: which servers, ask them, rate them, and tell.

use chrono::{DateTime, Utc};
use model::id::RunId;
use model::reconcile::{ChangeKind, ChangeSet};
use model::scope::Scope;
use registry::ports::AuditAction;
use reports::text::Language;
use scanner::run::{Reason, RunFolder, RunState, Totals};
use serde::Serialize;

use crate::cli::{self, Global, Tongue};
use crate::clock;
use crate::commands::scan;
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::handle::Handles;
use crate::output::{self, Columns};
use crate::pipeline::{self, OrSweepFailure, TlsDone, TlsRun};
use crate::session::Session;
use crate::shapes::snapshot::refused;
use crate::tls::{self, Judged, Pages, PagesError, Raters, Wanted};

pub async fn run(global: &Global, asked: &cli::Tls) -> Outcome {
    // A file with --policy is about TLS, or else the one of the whole program.
    let (raters, is_exposure) = Raters::new(global.policy.as_deref(), asked.ca.as_deref())?;
    let global = Global { policy: global.policy.clone().filter(|_| is_exposure), ..global.clone() };
    let session = Session::open(&global).await?;
    let _hold = session.data.share()?;
    let judged_at = clock::now();
    let made = asked.html.as_deref();
    let made = made.map(|folder| Pages::new(folder, asked.overwrite, output::instant(judged_at)));
    let mut pages = made.transpose().or_pages_failure()?;
    let register = session.register().await?;
    let scope = Scope::of(&register, session.today());
    let wanted = tls::wanted(&session, &register, &scope, asked).await?;
    let told = Told::new(&session, asked, wanted, &raters).await?;
    let page_language = language(asked.lang, Language::Zh);
    if let Some(pages) = &mut pages {
        for judged in &told.judged {
            pages.add(&tls::view(judged, &raters, judged.at, page_language)).or_pages_failure()?;
        }
    }
    if let Some(pages) = pages {
        let not_asked: Vec<String> =
            told.refused.iter().map(|refused| refused.words(page_language)).collect();
        let index = pages.finish(&not_asked, page_language).or_pages_failure()?;
        output::note(format!("pages: {}", index.display()));
    }
    if asked.format.json {
        told.json(&raters)?;
    } else {
        told.pretty(&raters, language(asked.lang, Language::En), asked.verbose);
    }
    Ok(told.exit())
}

fn language(asked: Option<Tongue>, usual: Language) -> Language {
    match asked {
        None => usual,
        Some(Tongue::Zh) => Language::Zh,
        Some(Tongue::En) => Language::En,
    }
}

/// Everything that came of the command.
struct Told {
    judged_at: DateTime<Utc>,
    judged: Vec<Judged>,
    refused: Vec<Refused>,
    /// What was kept; nothing if nothing was asked.
    kept: Option<Kept>,
}

/// A run, and what it did to the findings.
pub struct Kept {
    run: RunId,
    totals: Totals,
    /// `None` if it was stopped, which judges nothing.
    change: Option<ChangeSet>,
}

impl Kept {
    /// Asks the servers of a run that are missing, and judges it if it came to its end.
    pub async fn carry_out(
        session: &Session,
        folder: RunFolder,
        raters: &Raters,
    ) -> Result<(Kept, TlsDone), Failure> {
        let done = pipeline::assess_tls(session, folder, raters).await?;
        let run = done.folder.manifest().run;
        let change = match done.is_finished {
            true => Some(pipeline::judge_tls(session, &done.folder, done.ended_at).await?),
            false => None,
        };
        Ok((Kept { run, totals: done.totals, change }, done))
    }

    /// Goes on with a run that was cut off, whether before its last server or before its judgement.
    pub async fn resume(session: &Session, folder: RunFolder) -> Result<Kept, Failure> {
        let summary = folder.summary().or_sweep_failure()?;
        if let (RunState::Finished, Some(ended_at)) = (summary.state, summary.ended_at) {
            let change = pipeline::judge_tls(session, &folder, ended_at).await?;
            return Ok(Kept { run: summary.run, totals: summary.totals, change: Some(change) });
        }
        let raters = Raters::of(folder.rating().or_sweep_failure()?)?;
        Ok(Kept::carry_out(session, folder, &raters).await?.0)
    }

    /// As machines read it.
    pub fn summary(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct Summary {
            run: String,
            state: &'static str,
            totals: Totals,
            changes: Vec<scan::Counted>,
        }
        Summary {
            run: self.run.to_string(),
            state: if self.change.is_some() { "judged" } else { "interrupted" },
            totals: self.totals,
            changes: self.change.as_ref().map(scan::counted_changes).unwrap_or_default(),
        }
    }

    pub fn is_judged(&self) -> bool {
        self.change.is_some()
    }

    /// What became of the findings, in a line.
    pub fn note(&self) {
        let run = Handles::of([self.run]).show(self.run);
        let Some(change) = &self.change else {
            return output::note(format!("stopped; `sentrypost runs resume {}` goes on", self.run));
        };
        let counts = ChangeKind::ALL.into_iter().map(|kind| (kind.as_str(), change.count(kind)));
        let counts: Vec<String> =
            counts.filter(|(_, n)| *n > 0).map(|(kind, n)| format!("{n} {kind}")).collect();
        let counts = if counts.is_empty() { "none".to_owned() } else { counts.join(", ") };
        output::note(format!("kept as run {run}; findings: {counts}"));
    }

    pub fn show(&self, json: bool) -> Outcome {
        if json {
            output::json("sentrypost-tls-run/1", &self.summary()).or_exit(Exit::Internal)?;
        } else {
            if let Some(change) = &self.change {
                scan::show_changes(change);
            }
            self.note();
        }
        Ok(if self.change.is_some() { Exit::Done } else { Exit::Partial })
    }
}

/// What wasn't asked.
#[derive(Debug, Serialize)]
struct Refused {
    server: String,
    /// Absent if a name led to none.
    address: Option<std::net::IpAddr>,
    because: String,
    #[serde(skip)]
    reason: Reason,
    #[serde(skip)]
    exit: Exit,
}

impl Refused {
    fn line(&self) -> String {
        format!("{}: {}", self.server, self.because)
    }

    /// The same for a reader of pages.
    fn words(&self, language: Language) -> String {
        let why = refused(&self.reason).words().in_language(language).to_owned();
        match language {
            Language::Zh => format!("{}：{why}", self.server),
            Language::En => format!("{}: {why}", self.server),
        }
    }
}

impl Told {
    async fn new(
        session: &Session,
        asked: &cli::Tls,
        mut wanted: Wanted,
        raters: &Raters,
    ) -> Result<Told, Failure> {
        let mut told = Told { judged_at: clock::now(), judged: Vec::new(), refused: Vec::new(), kept: None };
        for (name, failure) in &wanted.nowhere {
            let because = failure.to_string();
            let exit = if is_no_name(failure) { Exit::NotFound } else { Exit::Partial };
            told.refused.push(Refused {
                server: name.to_string(),
                address: None,
                because,
                reason: Reason::Name(failure.clone()),
                exit,
            });
        }
        let mut refused = std::mem::take(&mut wanted.refused);
        for (server, refusal) in &refused {
            session.log(AuditAction::TargetRefused, format!("tls {}: {refusal}", server.given)).await?;
        }
        if !wanted.servers.is_empty() {
            let (concurrency, intrusive) = (asked.concurrency, asked.intrusive);
            let run = TlsRun { asked_for: asked_for(asked, &wanted), wanted, concurrency, intrusive };
            let folder = pipeline::begin_tls(session, run, raters).await?;
            let (kept, done) = Kept::carry_out(session, folder, raters).await?;
            told.kept = Some(kept);
            told.judged = done.judged;
            refused.extend(done.refused);
        }
        told.refused.extend(refused.into_iter().map(|(server, refusal)| Refused {
            server: server.given,
            address: Some(server.addr),
            because: refusal.to_string(),
            reason: Reason::Scope(refusal),
            exit: Exit::OutOfScope,
        }));
        for refused in &told.refused {
            output::note(format!("not assessed: {}", refused.line()));
        }
        told.judged_at = clock::now();
        Ok(told)
    }

    fn json(&self, raters: &Raters) -> Result<(), Failure> {
        #[derive(Serialize)]
        struct Policy<'a> {
            id: &'a str,
            version: &'a str,
        }
        #[derive(Serialize)]
        struct Shown<'a, S> {
            judged_at: DateTime<Utc>,
            checks: &'a str,
            policies: Vec<Policy<'a>>,
            servers: &'a [Judged],
            not_assessed: &'a [Refused],
            /// What was kept of it; null if nothing was asked.
            kept: Option<&'a S>,
        }
        let policies =
            raters.policies.iter().map(|policy| Policy { id: &policy.id, version: &policy.version });
        let kept = self.kept.as_ref().map(Kept::summary);
        let shown = Shown {
            judged_at: self.judged_at,
            checks: &raters.checks.version,
            policies: policies.collect(),
            servers: &self.judged,
            not_assessed: &self.refused,
            kept: kept.as_ref(),
        };
        output::json("sentrypost-tls/1", &shown).or_exit(Exit::Internal)
    }

    fn pretty(&self, raters: &Raters, language: Language, verbose: bool) {
        let view = |judged: &Judged| tls::view(judged, raters, judged.at, language);
        if verbose || self.judged.len() == 1 {
            for (at, judged) in self.judged.iter().enumerate() {
                if at > 0 {
                    output::data("");
                }
                for line in tls::tell(&view(judged)) {
                    output::data(line);
                }
            }
        } else if !self.judged.is_empty() {
            let headers = match language {
                Language::Zh => ["服务器", "版本", "评级", "问题", "证书"],
                Language::En => ["server", "speaks", "grade", "faults", "certificate"],
            };
            let columns = Columns { headers: &headers, numbers: &[] };
            output::table(&columns, self.judged.iter().map(|judged| tls::one_line(&view(judged))));
        }
        let n_whole = self.judged.iter().filter(|judged| judged.is_whole()).count();
        output::note(format!(
            "{n_whole} of {} servers assessed to the end",
            self.judged.len() + self.refused.len()
        ));
        if let Some(kept) = &self.kept {
            kept.note();
        }
    }

    /// The gravest of what kept the command from being whole.
    fn exit(&self) -> Exit {
        let has = |exit: Exit| self.refused.iter().any(|refused| refused.exit == exit);
        let is_stopped = self.kept.as_ref().is_some_and(|kept| kept.change.is_none());
        if is_stopped {
            Exit::Partial
        } else if has(Exit::OutOfScope) {
            Exit::OutOfScope
        } else if has(Exit::NotFound) {
            Exit::NotFound
        } else if has(Exit::Partial) || !self.judged.iter().all(Judged::is_whole) {
            Exit::Partial
        } else {
            Exit::Done
        }
    }
}

/// What was asked for, in one line.
fn asked_for(asked: &cli::Tls, wanted: &Wanted) -> String {
    let file = asked.file.iter().map(|file| format!("file {}", file.display()));
    let units = (!asked.unit.is_empty()).then(|| format!("unit {}", asked.unit.join(", ")));
    let named = match asked.servers.as_slice() {
        [] => None,
        [first] => Some(first.clone()),
        [first, others @ ..] => Some(format!("{first} and {} more", others.len())),
    };
    let servers = match wanted.servers.len() {
        1 => "1 TLS server".to_owned(),
        n => format!("{n} TLS servers"),
    };
    named.into_iter().chain(file).chain(units).chain([servers]).collect::<Vec<_>>().join("; ")
}

fn is_no_name(failure: &scanner::resolve::NameFailure) -> bool {
    use scanner::resolve::NameFailure;
    matches!(failure, NameFailure::NoSuchName | NameFailure::NoAddress)
}

/// Gives what is wrong with pages its exit code.
trait OrPagesFailure<T> {
    fn or_pages_failure(self) -> Result<T, Failure>;
}

impl<T> OrPagesFailure<T> for Result<T, PagesError> {
    fn or_pages_failure(self) -> Result<T, Failure> {
        self.map_err(|error| {
            let exit = match &error {
                PagesError::Exists(_) | PagesError::Write(..) => Exit::Environment,
                PagesError::Render(_) => Exit::Internal,
            };
            Failure::new(exit, error)
        })
    }
}
