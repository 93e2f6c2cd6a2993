//! Whatever comes back over UDP, to whichever probe: no panic, bounded texts, the same answer twice; and any two answers
//! merge into one that is bounded too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::observation::ServiceFacts;
use probes::udp::{UDP_PROBES, merge, unrecognised};

fn check(facts: &ServiceFacts) {
    let texts = facts.facts.values().chain(&facts.product).chain(&facts.version).chain(&facts.info);
    for text in texts {
        assert!(text.chars().count() <= 256 && !text.chars().any(char::is_control));
    }
    assert!(facts.facts.len() <= 32);
}

fuzz_target!(|data: &[u8]| {
    let mut merged = unrecognised(data);
    for probe in UDP_PROBES {
        let Some(known) = probe.recognise(data) else { continue };
        assert!(known.facts.protocol.is_some() && probe.recognise(data).as_ref() == Some(&known), "{probe:?}");
        check(&known.facts);
        merged = merge(merged, known.facts);
        check(&merged);
    }
});
