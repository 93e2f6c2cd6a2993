//! One server as people read it, in one language: plain texts in the order of being shown. Terminal and page only lay
//! them out. What strangers wrote is cleaned here; escaping is for the page's template.

use chrono::{DateTime, Utc};
use model::severity::Severity;
use probes::tls::assess::facts::{Answered, ConnectionNo, Features, Reached, Told, VersionFacts};
use probes::tls::codes::{GroupKind, Version, group};
use probes::tls::judge::State;
use reports::text::{Language, severity_word, show_text};

use super::brief::{in_short, ranges, several};
use super::chains::{ChainView, chains};
use super::rate::{Judged, ProfileResult, Raters};
use super::words::{self, pick};

pub struct View {
    pub language: Language,
    /// Host name, if any, and where it is.
    pub title: String,
    pub address: String,
    pub given: String,
    pub outcome: String,
    pub is_tls: bool,
    pub versions: Vec<VersionView>,
    pub groups: Vec<Row>,
    pub post_quantum: String,
    pub chains: Vec<ChainView>,
    pub features: Vec<Row>,
    pub grade: Option<GradeView>,
    pub profiles: Vec<ProfileView>,
    pub faults: Vec<FaultView>,
    pub counts: Vec<CountView>,
    pub unknowns: Vec<Row>,
    pub connections: Vec<ConnectionView>,
    pub n_sent: u64,
    pub n_received: u64,
}

pub struct Row {
    pub label: String,
    pub text: String,
}

pub struct VersionView {
    pub name: &'static str,
    /// `yes`, `no` or `unknown`, with `old` beside `yes` where it shouldn't be spoken.
    pub class: &'static str,
    pub is_spoken: bool,
    pub word: String,
    pub order: &'static str,
    pub suites: Vec<SuiteView>,
    pub incomplete: Option<String>,
}

pub struct SuiteView {
    pub place: usize,
    pub code: String,
    pub name: String,
    pub exchange: String,
    pub weak: String,
    pub by: ConnectionNo,
}

pub struct GradeView {
    pub grade: String,
    pub class: &'static str,
    pub parts: String,
    pub caps: Vec<Row>,
    pub open: String,
}

pub struct ProfileView {
    pub title: String,
    pub word: String,
    pub class: &'static str,
    pub faults: Vec<String>,
    pub unknown: Vec<String>,
}

pub struct FaultView {
    pub severity: &'static str,
    pub severity_word: &'static str,
    pub check: &'static str,
    pub title: String,
    pub evidence: String,
    pub advice: String,
    pub source: String,
    pub by: String,
}

pub struct CountView {
    pub severity: &'static str,
    pub word: &'static str,
    pub n: usize,
}

pub struct ConnectionView {
    pub number: ConnectionNo,
    pub asked: String,
    pub answer: String,
    pub n_sent: u64,
    pub n_received: u64,
}

pub(super) const MAX_TEXT: usize = 300;

pub fn view(judged: &Judged, raters: &Raters, now: DateTime<Utc>, language: Language) -> View {
    let facts = &judged.facts;
    let address = judged.addr().to_string();
    let after = judged.start_tls.map(|name| format!(" (STARTTLS {name})")).unwrap_or_default();
    let mut outcome = words::reached(facts.reached, language).to_owned();
    // Of a server that was never reached the outcome says it all.
    if let Some(why) = facts.given_up.filter(|_| facts.reached != Reached::Unreachable) {
        let ended = pick(language, "；提前结束：", "; ended before its time: ");
        outcome.push_str(&format!("{ended}{}", words::reason(why, language)));
    }
    let faults: Vec<FaultView> = judged.faults().map(|rated| fault(rated, raters, language)).collect();
    let count = |severity: Severity| CountView {
        severity: severity.as_str(),
        word: severity_word(severity, language),
        n: faults.iter().filter(|fault| fault.severity == severity.as_str()).count(),
    };
    let unknown = judged.verdicts.iter().filter_map(|rated| match rated.verdict.state {
        State::Unknown(why) => Some(Row {
            label: title(rated.verdict.check, raters, language),
            text: words::reason(why, language).to_owned(),
        }),
        State::Fault | State::Sound | State::NotApplicable => None,
    });
    let is_tls = judged.facts.reached == Reached::Tls;
    View {
        language,
        title: judged.server_name.as_ref().map_or_else(|| address.clone(), ToString::to_string),
        address: format!("{address}{after}"),
        given: show_text(&judged.server, MAX_TEXT),
        outcome,
        is_tls,
        versions: facts.versions.iter().map(|version| version_view(version, language)).collect(),
        groups: groups(judged),
        post_quantum: post_quantum(&facts.features.post_quantum, language),
        chains: chains(judged, now, language),
        features: features(&facts.features, language),
        grade: grade(judged, raters, language),
        profiles: judged.profiles.iter().map(|result| profile(result, raters, language)).collect(),
        counts: Severity::ALL.map(count).into(),
        faults,
        unknowns: if is_tls { unknown.collect() } else { Vec::new() },
        connections: facts
            .connections
            .iter()
            .map(|connection| ConnectionView {
                number: connection.number,
                asked: show_text(&connection.asked, MAX_TEXT),
                answer: show_text(&connection.answer, MAX_TEXT),
                n_sent: connection.n_sent,
                n_received: connection.n_received,
            })
            .collect(),
        n_sent: facts.connections.iter().map(|connection| connection.n_sent).sum(),
        n_received: facts.connections.iter().map(|connection| connection.n_received).sum(),
    }
}

fn version_view(facts: &VersionFacts, language: Language) -> VersionView {
    let is_old = words::is_old(facts.version);
    let (class, word) = match facts.offered.answer {
        Answered::Yes if is_old => ("yes old", pick(language, "支持（过时）", "yes, outdated").to_owned()),
        Answered::Yes => ("yes", pick(language, "支持", "yes").to_owned()),
        Answered::No => ("no", pick(language, "不支持", "no").to_owned()),
        Answered::Unknown(_) => ("unknown", words::answer(&facts.offered, language)),
    };
    let suites = facts.suites.entries.iter().enumerate().map(|(at, suite)| {
        // In TLS 1.3 any suite goes with any group: which of them came together says nothing.
        let group = suite.group.as_ref().filter(|_| facts.version != Version::Tls13);
        let group = group.map(|group| group.name.clone());
        let any = (facts.version == Version::Tls13)
            .then(|| pick(language, "见密钥交换群", "see groups").to_owned());
        let prime = suite.prime_bits.map(|bits| format!("DH {bits}"));
        SuiteView {
            place: at + 1,
            code: format!("0x{:04X}", suite.code),
            name: suite.name.clone(),
            exchange: group.or(prime).or(any).unwrap_or_default(),
            weak: words::weaknesses(facts.version, suite, language).join(pick(language, "，", ", ")),
            by: suite.by,
        }
    });
    let incomplete = match facts.suites.complete.answer {
        Answered::Unknown(why) if facts.offered.is_yes() => Some(words::reason(why, language).to_owned()),
        Answered::Unknown(_) | Answered::Yes | Answered::No => None,
    };
    VersionView {
        name: facts.version.name(),
        class,
        is_spoken: facts.offered.is_yes(),
        word,
        order: words::order(facts.order, language),
        suites: suites.collect(),
        incomplete,
    }
}

impl View {
    /// The versions that are spoken, in short: `TLS 1.2 1.3, TLCP 1.1`.
    pub fn spoken(&self) -> String {
        in_short(self.versions.iter().filter(|version| version.is_spoken).map(|version| version.name))
    }
}

fn groups(judged: &Judged) -> Vec<Row> {
    let facts = &judged.facts;
    [("TLS 1.3", &facts.groups_in_13), ("TLS 1.2", &facts.groups_before_13)]
        .into_iter()
        .filter(|(_, list)| !list.entries.is_empty())
        .map(|(label, list)| {
            let name = |code: u16, name: &str| match group(code).map(|group| group.kind) {
                Some(GroupKind::Hybrid | GroupKind::PostQuantum) => format!("{name} (PQ)"),
                Some(GroupKind::Curve | GroupKind::FiniteField) | None => name.to_owned(),
            };
            let names: Vec<String> = list.entries.iter().map(|group| name(group.code, &group.name)).collect();
            Row { label: label.to_owned(), text: names.join(" > ") }
        })
        .collect()
}

fn post_quantum(told: &Told, language: Language) -> String {
    match told.answer {
        Answered::Yes => {
            pick(language, "后量子密钥交换：有", "post-quantum key exchange: present").to_owned()
        }
        Answered::No => pick(language, "后量子密钥交换：无", "post-quantum key exchange: absent").to_owned(),
        Answered::Unknown(why) => format!(
            "{}{}",
            pick(language, "后量子密钥交换：无法判定，", "post-quantum key exchange: can't be told, "),
            words::reason(why, language)
        ),
    }
}

fn features(facts: &Features, language: Language) -> Vec<Row> {
    let told = [
        ("secure-renegotiation", &facts.secure_renegotiation),
        ("compression", &facts.compression),
        ("fallback-scsv", &facts.fallback_scsv),
        ("extended-master-secret", &facts.extended_master_secret),
        ("encrypt-then-mac", &facts.encrypt_then_mac),
        ("session-ids", &facts.session_ids),
        ("session-tickets", &facts.session_tickets),
        ("resumption-by-id", &facts.resumption_by_id),
        ("resumption-by-ticket", &facts.resumption_by_ticket),
        ("resumption-in-13", &facts.resumption_in_13),
        ("early-data", &facts.early_data),
        ("ocsp-staple", &facts.ocsp_staple),
        ("heartbeat", &facts.heartbeat),
        ("client-certificate", &facts.client_certificate),
        ("sha1-signatures", &facts.sha1_signatures),
        ("tlcp-needs-server-name", &facts.tlcp_needs_server_name),
        ("tlcp-handshake-signature", &facts.tlcp_handshake_signature),
        ("sm2-certificate-in-13", &facts.sm2_certificate_in_13),
        ("heartbleed", &facts.provoked.heartbleed),
        ("early-change", &facts.provoked.early_change),
        ("ticketbleed", &facts.provoked.ticketbleed),
        ("client-renegotiation", &facts.provoked.client_renegotiation),
        ("padding-oracle", &facts.provoked.padding_oracle),
    ];
    let is_meant = |told: &Told| {
        use probes::tls::assess::facts::Reason;
        !matches!(told.answer, Answered::Unknown(Reason::NotAsked | Reason::NotApplicable))
    };
    let mut rows: Vec<Row> = told
        .into_iter()
        .filter(|(_, told)| is_meant(told))
        .map(|(name, told)| Row {
            label: words::feature(name, language).to_owned(),
            text: words::answer(told, language),
        })
        .collect();
    let lifetimes =
        [("TLS 1.2", facts.ticket_lifetime_seconds), ("TLS 1.3", facts.ticket_lifetime_seconds_in_13)];
    for (version, seconds) in lifetimes {
        let Some(seconds) = seconds else { continue };
        let label = format!("{} ({version})", words::feature("ticket-lifetime", language));
        rows.push(Row { label, text: format!("{seconds} s") });
    }
    if !facts.protocols.is_empty() {
        let protocols = show_text(&facts.protocols.join(", "), MAX_TEXT);
        rows.push(Row { label: "ALPN".to_owned(), text: protocols });
    }
    rows
}

fn grade(judged: &Judged, raters: &Raters, language: Language) -> Option<GradeView> {
    let grade = judged.grade.as_ref()?;
    let because = |because: &str| match raters.check(because) {
        Some(_) => title(because, raters, language),
        None => words::cap_reason(because, language),
    };
    let class = match grade.grade.chars().next() {
        Some('A') => "good",
        Some('B' | 'C') => "fair",
        _ => "poor",
    };
    let parts = match language {
        Language::Zh => format!(
            "{} 分（协议 {}，密钥交换 {}，加密 {}）",
            grade.score, grade.protocol, grade.exchange, grade.cipher
        ),
        Language::En => format!(
            "{} points (protocol {}, key exchange {}, cipher {})",
            grade.score, grade.protocol, grade.exchange, grade.cipher
        ),
    };
    let cap = |cap: &probes::tls::judge::grade::CapReason| Row {
        label: cap.grade.clone(),
        text: because(&cap.because),
    };
    let open: Vec<String> = grade.open.iter().map(|id| title(id, raters, language)).collect();
    Some(GradeView {
        grade: grade.grade.clone(),
        class,
        parts,
        caps: grade.caps.iter().map(cap).collect(),
        open: open.join(pick(language, "；", "; ")),
    })
}

fn profile(result: &ProfileResult, raters: &Raters, language: Language) -> ProfileView {
    let policy = raters.policies.iter().find(|policy| policy.id == result.id);
    let name = policy.map_or(result.id.as_str(), |policy| pick(language, &policy.title.zh, &policy.title.en));
    let (class, word) = match result.kept {
        Some(true) => ("good", pick(language, "符合", "kept")),
        Some(false) => ("poor", pick(language, "不符合", "not kept")),
        None => (
            "fair",
            pick(language, "未发现不符合，但有无法判定的项", "nothing against it, and not all can be told"),
        ),
    };
    let say = |demand: &probes::tls::judge::profile::Demand| {
        let what = match words::demand(&demand.rule, language) {
            Some(words) => words.to_owned(),
            None => title(&demand.rule, raters, language),
        };
        if demand.evidence.is_empty() {
            return what;
        }
        format!("{what}{}{}", pick(language, "：", ": "), several(&demand.evidence, 4, language))
    };
    let of = |is: fn(State) -> bool| result.demands.iter().filter(move |demand| is(demand.state)).map(say);
    ProfileView {
        title: format!("{name} ({})", result.version),
        word: word.to_owned(),
        class,
        faults: of(|state| state == State::Fault).collect(),
        unknown: of(|state| matches!(state, State::Unknown(_))).collect(),
    }
}

fn fault(rated: &super::rate::Rated, raters: &Raters, language: Language) -> FaultView {
    let verdict = &rated.verdict;
    let check = raters.check(verdict.check);
    let text = |text: &model::policy::Text| pick(language, &text.zh, &text.en).to_owned();
    FaultView {
        severity: rated.severity.as_str(),
        severity_word: severity_word(rated.severity, language),
        check: verdict.check,
        title: title(verdict.check, raters, language),
        evidence: several(&verdict.evidence, 12, language),
        advice: check.map(|check| text(&check.advice)).unwrap_or_default(),
        source: check.map(|check| check.source.clone()).unwrap_or_default(),
        by: ranges(&verdict.by),
    }
}

fn title(check: &str, raters: &Raters, language: Language) -> String {
    match raters.check(check) {
        Some(check) => pick(language, &check.title.zh, &check.title.en).to_owned(),
        None => check.to_owned(),
    }
}
