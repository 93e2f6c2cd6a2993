//! An assessed and rated server as a run keeps it. Texts of strangers are cleaned and bounded; nothing is judged here.

use model::tls::{
    Offered, TlsCap, TlsGrade, TlsLeaf, TlsProfile, TlsReached, TlsRecord, TlsVerdict, TlsVersion,
    VerdictState,
};
use probes::tls::assess::facts::{Answered, ChainFacts, ChainKind, Reached, Reason, ServerFacts};
use probes::tls::judge::State;
use probes::tls::judge::grade::Grade;
use reports::text::show_text;

use super::rate::{Judged, Rated};
use super::wish::Server;

/// Pieces of evidence of one verdict, and characters of each.
const MAX_PIECES: usize = 64;
const MAX_PIECE: usize = 300;
/// Certificates that one server presents for itself.
const MAX_LEAVES: usize = 16;

pub fn record(server: &Server, judged: &Judged) -> TlsRecord {
    let facts = &judged.facts;
    TlsRecord {
        at: judged.at,
        server: server.kept(),
        reached: reached(facts),
        given_up: facts.given_up.map(code),
        versions: facts
            .versions
            .iter()
            .map(|version| TlsVersion {
                name: version.version.name().to_owned(),
                offered: match version.offered.answer {
                    Answered::Yes => Offered::Yes,
                    Answered::No => Offered::No,
                    Answered::Unknown(_) => Offered::Unknown,
                },
            })
            .collect(),
        grade: judged.grade.as_ref().map(grade),
        verdicts: judged.verdicts.iter().filter_map(verdict).collect(),
        profiles: judged
            .profiles
            .iter()
            .map(|profile| TlsProfile {
                id: profile.id.clone(),
                version: profile.version.clone(),
                kept: profile.kept,
            })
            .collect(),
        leaves: facts.chains.iter().flat_map(leaves).take(MAX_LEAVES).collect(),
        n_connections: u32::try_from(facts.connections.len()).unwrap_or(u32::MAX),
    }
}

fn reached(facts: &ServerFacts) -> TlsReached {
    match facts.reached {
        Reached::Tls => TlsReached::Tls,
        Reached::Http => TlsReached::Http,
        Reached::OtherProtocol => TlsReached::OtherProtocol,
        Reached::NoStartTls => TlsReached::NoStartTls,
        Reached::NothingInCommon => TlsReached::NothingInCommon,
        Reached::Silent => TlsReached::Silent,
        Reached::Unreachable if is_refused(facts) => TlsReached::Refused,
        Reached::Unreachable => TlsReached::Unreachable,
    }
}

/// Whether each of two connections at least was refused.
fn is_refused(facts: &ServerFacts) -> bool {
    let refused = |answer: &str| answer == "no connection: refused";
    facts.connections.len() >= 2 && facts.connections.iter().all(|connection| refused(&connection.answer))
}

fn grade(grade: &Grade) -> TlsGrade {
    let caps = grade.caps.iter();
    TlsGrade {
        grade: grade.grade.clone(),
        score: grade.score,
        caps: caps.map(|cap| TlsCap { grade: cap.grade.clone(), because: cap.because.clone() }).collect(),
        open: grade.open.clone(),
    }
}

fn verdict(rated: &Rated) -> Option<TlsVerdict> {
    let pieces = rated.verdict.evidence.iter().take(MAX_PIECES);
    Some(TlsVerdict {
        // The checks of one table: each has the form of an id.
        check: rated.verdict.check.parse().ok()?,
        severity: rated.severity,
        state: match rated.verdict.state {
            State::Fault => VerdictState::Fault,
            State::Sound => VerdictState::Sound,
            State::NotApplicable => VerdictState::NotApplicable,
            State::Unknown(Reason::NotAsked) => VerdictState::Unknown(VerdictState::NOT_ASKED.to_owned()),
            State::Unknown(why) => VerdictState::Unknown(code(why)),
        },
        evidence: pieces.map(|piece| show_text(piece, MAX_PIECE)).collect(),
    })
}

fn leaves(chain: &ChainFacts) -> impl Iterator<Item = TlsLeaf> + '_ {
    let n = if chain.kind == ChainKind::Tlcp { 2 } else { 1 };
    chain.certificates.iter().take(n).map(|certificate| TlsLeaf {
        kind: code(chain.kind),
        server_name: chain.server_name.as_ref().and_then(|name| name.parse().ok()),
        certificate: certificate.clone(),
    })
}

/// The word that stands for a value in JSON.
fn code(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_json() {
        assert_eq!(code(Reason::NotAsked), VerdictState::NOT_ASKED);
        assert_eq!(code(Reason::TimedOut), "timed-out");
        assert_eq!(code(ChainKind::Tlcp), "tlcp");
    }
}
