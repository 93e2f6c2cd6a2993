//! Whatever a peer sends, in whatever pieces, to whichever probe: no panic, an end, bounded texts.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use probes::conversation::{Beginning, Conversation, Patience};
use probes::seam::{Outcome, Probe, Step};
use probes::table::PROBES;
use probes::talk::Peer;

const PATIENCE: Patience = Patience {
    greeting: Duration::from_millis(1),
    answer: Duration::from_millis(1),
    gap: Duration::from_millis(1),
    whole: Duration::from_secs(1),
};

fuzz_target!(|data: &[u8]| {
    // The first byte chooses the probe, the second the size of the pieces.
    let [which, size, data @ ..] = data else { return };
    let beginning = match usize::from(*which).checked_sub(2) {
        None if *which == 0 => Beginning::ListenThenHttp,
        None => Beginning::Http,
        Some(n) => Beginning::Ask(&PROBES[n % PROBES.len()]),
    };
    let peer = Peer { host: "192.0.2.1".into(), server_name: None, seed: 7 };
    let mut conversation = Conversation::new(false, beginning, peer, PATIENCE);
    let mut pieces = data.chunks(usize::from(*size).max(1));
    let mut step = conversation.start(Duration::ZERO);
    loop {
        step = match step {
            Step::Finish(Outcome::Identified(facts)) => {
                let texts =
                    facts.facts.values().chain(&facts.product).chain(&facts.version).chain(&facts.info);
                for text in texts {
                    assert!(text.chars().count() <= 256 && !text.chars().any(char::is_control));
                }
                return;
            }
            Step::Finish(_) => return,
            Step::Write(_) => conversation.handle_written(Duration::ZERO),
            Step::StartTls { .. } => conversation.handle_tls_started(Duration::ZERO),
            Step::Read { .. } => match pieces.next() {
                Some(piece) => conversation.handle_bytes(piece, Duration::ZERO),
                None => conversation.handle_close(Duration::ZERO),
            },
        };
    }
});
