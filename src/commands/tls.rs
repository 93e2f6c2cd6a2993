//! `sentrypost tls`: which servers, ask them, rate them, and tell.

use chrono::{DateTime, Utc};
use model::scope::Scope;
use probes::tls::assess::seam::Limits;
use registry::ports::AuditAction;
use reports::text::Language;
use scanner::run::Reason;
use serde::Serialize;

use crate::cli::{self, Global, Tongue};
use crate::clock;
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::output::{self, Columns};
use crate::progress;
use crate::session::Session;
use crate::shapes::snapshot::refused;
use crate::tls::{self, Answer, Judged, Pages, PagesError, Raters, Server, Wanted};

pub async fn run(global: &Global, asked: &cli::Tls) -> Outcome {
    // A file with --policy is about TLS, or else the one of the whole program.
    let (raters, is_exposure) = Raters::new(global.policy.as_deref(), asked.ca.as_deref())?;
    let global = Global { policy: global.policy.clone().filter(|_| is_exposure), ..global.clone() };
    let session = Session::open(&global).await?;
    let judged_at = clock::now();
    let made = asked.html.as_deref();
    let made = made.map(|folder| Pages::new(folder, asked.overwrite, output::instant(judged_at)));
    let mut pages = made.transpose().or_pages_failure()?;
    let register = session.register().await?;
    let scope = Scope::of(&register, session.today());
    let wanted = tls::wanted(&session, &register, &scope, asked).await?;
    let progress = progress::Servers::new(wanted.servers.len());
    let n_at_a_time = usize::from(asked.concurrency);
    let limits = Limits { intrusive: asked.intrusive, ..Limits::default() };
    let answers = tls::assess(&register, &wanted.servers, n_at_a_time, &limits, |n| progress.done(n)).await?;
    progress.finish();

    let told = Told::new(&session, &wanted, answers, &raters, judged_at).await?;
    let page_language = language(asked.lang, Language::Zh);
    if let Some(pages) = &mut pages {
        for judged in &told.judged {
            pages.add(&tls::view(judged, &raters, judged_at, page_language)).or_pages_failure()?;
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
        let shut = match &self.reason {
            Reason::Scope(refusal) => refusal.opens_at(),
            Reason::Name(_) | Reason::NotSent(_) | Reason::Told(_) => None,
        };
        let why = match (shut, language) {
            (Some(at), Language::Zh) => {
                format!("不在扫描时段之内，自 {} 起可以检测", output::instant(at))
            }
            (Some(at), Language::En) => {
                format!("outside its scan window; may be assessed from {}", output::instant(at))
            }
            (None, _) => refused(&self.reason).words().in_language(language).to_owned(),
        };
        match language {
            Language::Zh => format!("{}：{why}", self.server),
            Language::En => format!("{}: {why}", self.server),
        }
    }
}

impl Told {
    async fn new(
        session: &Session,
        wanted: &Wanted,
        answers: Vec<Answer>,
        raters: &Raters,
        judged_at: DateTime<Utc>,
    ) -> Result<Told, Failure> {
        let mut told = Told { judged_at, judged: Vec::new(), refused: Vec::new() };
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
        for (server, answer) in wanted.servers.iter().zip(answers) {
            let Server { given, addr, .. } = server;
            match answer {
                Answer::Assessed(facts) => told.judged.push(Judged::new(server, *facts, raters, judged_at)),
                Answer::Refused(refusal) => {
                    session.log(AuditAction::TargetRefused, format!("tls {given}: {refusal}")).await?;
                    // What is only outside its window can be asked later.
                    let exit = if refusal.opens_at().is_some() { Exit::Partial } else { Exit::OutOfScope };
                    let because = refusal.to_string();
                    told.refused.push(Refused {
                        server: given.clone(),
                        address: Some(*addr),
                        because,
                        reason: Reason::Scope(refusal),
                        exit,
                    });
                }
            }
        }
        for refused in &told.refused {
            output::note(format!("not assessed: {}", refused.line()));
        }
        Ok(told)
    }

    fn json(&self, raters: &Raters) -> Result<(), Failure> {
        #[derive(Serialize)]
        struct Policy<'a> {
            id: &'a str,
            version: &'a str,
        }
        #[derive(Serialize)]
        struct Shown<'a> {
            judged_at: DateTime<Utc>,
            checks: &'a str,
            policies: Vec<Policy<'a>>,
            servers: &'a [Judged],
            not_assessed: &'a [Refused],
        }
        let policies =
            raters.policies.iter().map(|policy| Policy { id: &policy.id, version: &policy.version });
        let shown = Shown {
            judged_at: self.judged_at,
            checks: &raters.checks.version,
            policies: policies.collect(),
            servers: &self.judged,
            not_assessed: &self.refused,
        };
        output::json("sentrypost-tls/1", &shown).or_exit(Exit::Internal)
    }

    fn pretty(&self, raters: &Raters, language: Language, verbose: bool) {
        let view = |judged| tls::view(judged, raters, self.judged_at, language);
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
    }

    /// The gravest of what kept the command from being whole.
    fn exit(&self) -> Exit {
        let has = |exit: Exit| self.refused.iter().any(|refused| refused.exit == exit);
        if has(Exit::OutOfScope) {
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
