//! What real servers sent to these very probes, and what is made of it: as recorded, cut at every length, and
//! in every way of chunking. Recorded from Debian 12's servers on loopback; hand-made where the note says so.

mod servers;

use std::time::Duration;

use model::observation::{Access, ServiceFacts};
use probes::conversation::{Beginning, Conversation, Patience};
use probes::seam::{Outcome, Probe, Step, TlsFailure};
use probes::table::by_name;
use probes::talk::Peer;
use proptest::prelude::*;

use servers::{RECORDED, Recorded};

const PATIENCE: Patience = Patience {
    greeting: Duration::from_millis(300),
    answer: Duration::from_millis(600),
    gap: Duration::from_millis(900),
    whole: Duration::from_secs(5),
};

/// Plays the server. `cut` says how much of what is left arrives next; the server hangs up after `n_bytes`.
fn play(
    beginning: Beginning,
    says: &[&[u8]],
    n_bytes: usize,
    mut cut: impl FnMut(usize) -> usize,
) -> Outcome {
    let peer = Peer { host: "www.example.gov.cn".into(), server_name: None, seed: 7 };
    let mut conversation = Conversation::new(false, beginning, peer, PATIENCE);
    let (mut turn, mut pending) = (0, says[0].to_vec());
    let mut n_left = n_bytes;
    let now = Duration::from_millis(1);
    let mut step = conversation.start(now);
    for _ in 0..200_000 {
        step = match step {
            Step::Finish(outcome) => return outcome,
            Step::Write(_) => {
                turn += 1;
                pending.extend_from_slice(says.get(turn).copied().unwrap_or_default());
                conversation.handle_written(now)
            }
            Step::StartTls { .. } => {
                turn += 1;
                pending.clear();
                // The next piece comes after the first write inside.
                turn -= 1;
                conversation.handle_tls_started(now)
            }
            Step::Read { at_most, .. } => {
                let n = cut(pending.len()).clamp(1, at_most).min(pending.len()).min(n_left);
                if n > 0 {
                    n_left -= n;
                    let bytes: Vec<u8> = pending.drain(..n).collect();
                    conversation.handle_bytes(&bytes, now)
                } else if n_left == 0 {
                    conversation.handle_close(now)
                } else {
                    conversation.handle_timeout(now)
                }
            }
        };
    }
    panic!("a conversation that never ends");
}

fn summary(outcome: &Outcome) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".into());
    match outcome {
        Outcome::Identified(facts) => {
            let ServiceFacts { protocol, product, version, access, tls, .. } = facts.as_ref();
            let access = match access {
                Some(Access::NoAuthentication) => "NoAuthentication",
                Some(Access::AuthenticationRequired) => "AuthenticationRequired",
                None => "-",
            };
            let tls = tls.as_ref().map(|tls| {
                let leaf = tls.presented.first().and_then(|presented| presented.chain.first());
                let leaf = leaf.map(|leaf| {
                    format!(" {} {} {}", leaf.subject, leaf.key.algorithm, leaf.key.bits.unwrap_or(0))
                });
                format!(" {}{}", text(&tls.version), leaf.unwrap_or_default())
            });
            format!(
                "{} {} {} {access}{}",
                text(protocol),
                text(product),
                text(version),
                tls.unwrap_or_default()
            )
        }
        Outcome::Mismatch(evidence) => match evidence.clue {
            Some(clue) => format!("mismatch {clue:?}"),
            None => "mismatch".into(),
        },
        Outcome::Silent(_) => "silent".into(),
        Outcome::Malformed(_) => "malformed".into(),
    }
}

#[track_caller]
fn check(recorded: &Recorded, n_bytes: usize, cut: impl FnMut(usize) -> usize, how: &str) {
    let outcome = play((recorded.beginning)(), recorded.says, n_bytes, cut);
    assert_eq!(summary(&outcome), recorded.expected, "{} {how}", recorded.name);
}

#[test]
fn recorded_servers_are_identified_however_their_bytes_are_cut() {
    assert!(RECORDED.iter().all(|recorded| !recorded.says.is_empty()));
    for recorded in RECORDED {
        check(recorded, usize::MAX, |all| all, "at once");
        check(recorded, usize::MAX, |_| 1, "a byte at a time");
        check(recorded, usize::MAX, |_| 7, "seven bytes at a time");
    }
}

/// A peer may stop anywhere. What is made of the part is bounded and never a panic; and no part of a service is
/// taken for another service that it isn't.
#[test]
fn servers_that_stop_anywhere_are_never_taken_for_others() {
    for recorded in RECORDED {
        let whole = recorded.expected.split(' ').next().unwrap_or_default();
        let n_all: usize = recorded.says.iter().map(|piece| piece.len()).sum();
        for n_bytes in 0..n_all {
            let outcome = play((recorded.beginning)(), recorded.says, n_bytes, |all| all);
            if let Outcome::Identified(facts) = &outcome {
                let protocol = facts.protocol.as_deref().unwrap_or("-");
                // Half a greeting may leave mail and files, or a web server and TLS, undecided.
                let undecided = matches!((whole, protocol), ("smtp", "ftp") | ("mismatch", "http"));
                assert!(protocol == whole || undecided, "{} cut at {n_bytes}: {protocol}", recorded.name);
            }
        }
    }
}

#[test]
fn an_echo_is_an_echo_whatever_was_asked() {
    for name in [
        "redis",
        "smb",
        "rdp",
        "dns",
        "ldap",
        "mqtt",
        "mongodb",
        "postgresql",
        "x11",
        "rpcbind",
        "socks",
        "tls",
    ] {
        let entry = by_name(name).expect("in the table");
        let peer = Peer { host: "192.0.2.1".into(), server_name: None, seed: 7 };
        let mut conversation = Conversation::new(false, Beginning::Ask(entry), peer, PATIENCE);
        let mut step = conversation.start(Duration::ZERO);
        let mut sent = Vec::new();
        let outcome = loop {
            step = match step {
                Step::Finish(outcome) => break outcome,
                Step::Write(bytes) => {
                    sent = bytes;
                    conversation.handle_written(Duration::ZERO)
                }
                Step::Read { .. } if sent.is_empty() => conversation.handle_timeout(Duration::ZERO),
                Step::Read { .. } => conversation.handle_bytes(&std::mem::take(&mut sent), Duration::ZERO),
                Step::StartTls { .. } => {
                    let failure = TlsFailure { received: b"", by_peer: true };
                    conversation.handle_tls_failed(failure, Duration::ZERO)
                }
            }
        };
        let summary = summary(&outcome);
        // What is too short to be told from chance stays unknown.
        assert!(summary == "echo - - -" || summary == "mismatch", "{name}: {summary}");
    }
}

#[test]
fn an_endless_talker_is_given_up_on() {
    for beginning in [Beginning::ListenThenHttp, Beginning::Http] {
        let flood = vec![b'x'; 1 << 20];
        let outcome = play(beginning, &[&flood], usize::MAX, |_| 4096);
        assert!(matches!(outcome, Outcome::Mismatch(_) | Outcome::Malformed(_)), "{outcome:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chunking_never_changes_the_outcome(seed in any::<u64>()) {
        for recorded in RECORDED {
            let mut state = seed | 1;
            check(recorded, usize::MAX, |_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                usize::try_from(state >> 58).expect("six bits")
            }, "in random pieces");
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_stay_bounded(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        head in 0..RECORDED.len(),
        keep in 0usize..64,
        step in 1usize..64,
    ) {
        // Arbitrary bytes behind a real beginning get further than arbitrary bytes alone.
        let recorded = &RECORDED[head];
        let last = recorded.says.last().copied().unwrap_or_default();
        let mixed = [last.get(..keep).unwrap_or(last), &bytes].concat();
        let mut says = recorded.says.to_vec();
        says.pop();
        says.push(&mixed);
        let outcome = play((recorded.beginning)(), &says, usize::MAX, |_| step);
        if let Outcome::Identified(facts) = outcome {
            prop_assert!(facts.facts.len() <= 32);
            let texts = facts.facts.values().chain(&facts.product).chain(&facts.version).chain(&facts.info);
            for text in texts {
                prop_assert!(text.chars().count() <= 256 && !text.chars().any(char::is_control));
            }
        }
    }
}
