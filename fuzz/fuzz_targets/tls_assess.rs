//! A server that answers every hello of an assessment with what the fuzzer likes: no panic, a bounded number of
//! connections, and an end.
#![no_main]

use std::sync::OnceLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use model::tls_policy::TlsPolicy;
use probes::tls::assess::seam::{Event, Limits, Purpose, SessionSeen, Step};
use probes::tls::assess::{Assessment, Subject};
use probes::tls::provoke::reaction;
use probes::tls::judge::{Case, grade, judge, profile};
use probes::tls::start_tls::PRELUDES;

fuzz_target!(|data: &[u8]| {
    let (first, answers) = data.split_first().map_or((0, data), |(first, rest)| (usize::from(*first), rest));
    let start_tls = PRELUDES.get(first).map(|(start_tls, ..)| *start_tls);
    let subject = Subject { start_tls, ..Subject::default() };
    let intrusive = first % 2 == 1;
    let limits = Limits { intrusive, max_connections: 60, max_bytes: 1 << 20, ..Limits::default() };
    let mut assessment = Assessment::new(&subject, limits.clone());
    // A zero byte parts what one connection says from what the next one does; after the last it begins anew.
    let mut connections = answers.split(|byte| *byte == 0).cycle();
    let mut said: &[u8] = &[];
    let mut now = Duration::ZERO;
    let mut n_connections = 0;
    let mut step = assessment.start(now);
    let facts = loop {
        now += Duration::from_millis(1);
        let session;
        let event = match step {
            Step::Finish(facts) => break facts,
            Step::Connect { .. } => {
                n_connections += 1;
                said = connections.next().unwrap_or_default();
                Event::Connected
            }
            Step::Write { .. } => Event::Written,
            Step::Read { at_most, .. } if !said.is_empty() => {
                let (now_said, later) = said.split_at(said.len().min(at_most).min(7));
                said = later;
                Event::Bytes(now_said)
            }
            Step::Read { .. } => Event::Closed,
            Step::StartSession { .. } if said.is_empty() => Event::Reset,
            Step::StartSession { wish, .. } => {
                session = SessionSeen {
                    chain: vec![said.to_vec()],
                    page: said.to_vec(),
                    staple: said.to_vec(),
                    ticket: said.to_vec(),
                    session_id: said.iter().copied().take(32).collect(),
                    n_tickets: u32::from(said[0]),
                    is_whole: said[0] % 2 == 0,
                    is_heard_out: said.len() % 2 == 0,
                    is_resumed: wish.resume,
                    is_tls13: wish.purpose == Purpose::Certificates,
                    renegotiation: reaction(said),
                    ..SessionSeen::default()
                };
                Event::Session(&session)
            }
            Step::Close => Event::Disconnected,
        };
        step = assessment.handle(event, now);
    };
    assert!(n_connections <= limits.max_connections);
    let case =
        Case { facts: &facts, now: chrono::DateTime::UNIX_EPOCH, names: &[], trust: &[], expiring_days: 30 };
    let verdicts = judge(&case);
    static POLICIES: OnceLock<Vec<TlsPolicy>> = OnceLock::new();
    for policy in POLICIES.get_or_init(TlsPolicy::embedded) {
        let _ = policy.grade.as_ref().map(|rules| grade::grade(&case, &verdicts, rules));
        let _ = policy.profile.as_ref().map(|rules| profile::compare(&case, &verdicts, rules));
    }
});
