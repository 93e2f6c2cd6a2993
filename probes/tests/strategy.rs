//! The order of questions on one port, on a virtual clock: a world in which nobody ever answers.

use std::time::Duration;

use model::observation::{Certainty, ServiceFacts};
use probes::conversation::Conversation;
use probes::identifier::{Action, ConversationId, Ending, Hints, Identifier, Timing};
use probes::seam::{Outcome, Probe, Step, TlsFailure};

/// How the world takes a connection.
#[derive(Clone, Copy, PartialEq)]
enum World {
    Silent,
    HangsUp,
    Unreachable,
}

struct Trace {
    facts: ServiceFacts,
    ended_at: Duration,
    n_connections: usize,
    most_at_once: usize,
    /// What each connection began with: `listen`, `tls`, or the first bytes.
    openings: Vec<String>,
}

struct Open {
    id: ConversationId,
    conversation: Box<Conversation>,
    opened_at: Duration,
    step: Step,
}

fn opening(step: &Step) -> String {
    match step {
        Step::Write(bytes) => bytes.get(..4).unwrap_or(bytes).escape_ascii().to_string(),
        Step::StartTls { .. } => "tls".into(),
        Step::Read { .. } => "listen".into(),
        Step::Finish(_) => "nothing".into(),
    }
}

fn run(port: u16, world: World, timing: Timing) -> Trace {
    let hints = Hints { port, host: "192.0.2.1".into(), names: Vec::new(), rtt: None, seed: 7 };
    let mut identifier = Identifier::new(hints, timing);
    let mut open: Vec<Open> = Vec::new();
    let mut now = Duration::ZERO;
    let (mut n_connections, mut most_at_once) = (0, 0);
    let mut openings = Vec::new();
    for _ in 0..10_000 {
        match identifier.next(now) {
            Action::Finish(facts) => {
                return Trace { facts: *facts, ended_at: now, n_connections, most_at_once, openings };
            }
            Action::Open { id, mut conversation, .. } => {
                n_connections += 1;
                if world == World::Unreachable {
                    identifier.learn(id, Ending::Unreachable);
                    continue;
                }
                let step = conversation.start(Duration::ZERO);
                openings.push(opening(&step));
                open.push(Open { id, conversation, opened_at: now, step });
                most_at_once = most_at_once.max(open.len());
            }
            Action::Wait { until } => now = pass(&mut identifier, &mut open, now, until, world),
        }
    }
    panic!("an identification that never ends");
}

/// Lets time pass until a conversation ends or `limit` comes.
fn pass(
    identifier: &mut Identifier,
    open: &mut Vec<Open>,
    now: Duration,
    limit: Duration,
    world: World,
) -> Duration {
    let due = |one: &Open| match (&one.step, world) {
        (Step::Read { until, .. } | Step::StartTls { until }, World::Silent) => one.opened_at + *until,
        _ => one.opened_at,
    };
    let Some(at) = (0..open.len()).min_by_key(|&i| due(&open[i])).filter(|&i| due(&open[i]) <= limit) else {
        return limit;
    };
    let now = now.max(due(&open[at]));
    let one = &mut open[at];
    let elapsed = now - one.opened_at;
    let by_peer = world == World::HangsUp;
    let step = std::mem::replace(&mut one.step, Step::StartTls { until: Duration::ZERO });
    one.step = match step {
        Step::Write(_) => one.conversation.handle_written(elapsed),
        Step::Read { .. } if by_peer => one.conversation.handle_close(elapsed),
        Step::Read { .. } => one.conversation.handle_timeout(elapsed),
        Step::StartTls { .. } => {
            one.conversation.handle_tls_failed(TlsFailure { received: b"", by_peer }, elapsed)
        }
        Step::Finish(outcome) => Step::Finish(outcome),
    };
    if let Step::Finish(outcome) = &one.step {
        let outcome: Outcome = outcome.clone();
        let id = one.id;
        open.swap_remove(at);
        identifier.learn(id, Ending::Finished { outcome, tls: None });
    }
    now
}

#[track_caller]
fn check(port: u16, expected: &[&str]) {
    let trace = run(port, World::Silent, Timing::default());
    let first: Vec<&str> = trace.openings.iter().take(expected.len()).map(String::as_str).collect();
    assert_eq!(first, expected, "port {port}");
}

#[test]
fn the_port_decides_what_is_asked_first() {
    check(22, &["listen", "tls"]);
    check(80, &["GET ", "tls"]);
    check(443, &["tls", "listen"]);
    check(6379, &["INFO", "listen", "tls"]);
    check(389, &["0\\x82\\x00\\x92", "listen", "tls"]);
    check(54321, &["listen", "\\x00\\x00\\x00E", "\\x00\\x1e\\t\\x00", "tls"]);
}

#[test]
fn a_silent_port_ends_in_time_with_few_connections_and_never_three_at_once() {
    for port in [1, 22, 25, 80, 443, 993, 3306, 3389, 5432, 6379, 8080, 8443, 11211, 54321] {
        let trace = run(port, World::Silent, Timing::default());
        assert_eq!(trace.facts.certainty, Certainty::Silent, "port {port}");
        assert!(trace.ended_at <= Duration::from_secs(6), "port {port}: {:?}", trace.ended_at);
        assert!(trace.n_connections <= 8, "port {port}: {}", trace.n_connections);
        assert!(trace.most_at_once <= 2, "port {port}: {}", trace.most_at_once);
    }
}

#[test]
fn a_port_that_hangs_up_is_asked_one_at_a_time_within_the_bound() {
    for port in [22, 80, 443, 54321] {
        let trace = run(port, World::HangsUp, Timing::default());
        assert_eq!(trace.facts.certainty, Certainty::ClosedAtOnce, "port {port}");
        assert!(
            trace.n_connections <= Timing::default().max_connections,
            "port {port}: {}",
            trace.n_connections
        );
        assert_eq!(trace.most_at_once, 1, "port {port}");
    }
}

#[test]
fn nothing_is_sent_to_a_fragile_port_unless_the_caller_says_so() {
    let trace = run(9100, World::Silent, Timing::default());
    assert_eq!((trace.openings, trace.facts.certainty), (vec!["listen".to_owned()], Certainty::NotAsked));
    let trace = run(9100, World::Silent, Timing { fragile_ports: Vec::new(), ..Timing::default() });
    assert!(trace.openings.len() > 1);
}

#[test]
fn a_port_that_nobody_can_reach_any_more_is_not_called_silent() {
    let trace = run(54321, World::Unreachable, Timing::default());
    assert_eq!((trace.n_connections, trace.facts.certainty), (2, Certainty::NotAsked));
}
