//! A certificate's DER: no panic, bounded texts.
#![no_main]

use libfuzzer_sys::fuzz_target;
use probes::certificate::certificate_facts;

fuzz_target!(|data: &[u8]| {
    if let Ok(facts) = certificate_facts(data) {
        for text in facts.names.iter().chain([&facts.subject, &facts.issuer, &facts.signature]) {
            assert!(text.chars().count() <= 256 && !text.chars().any(char::is_control));
        }
        assert!(facts.names.len() <= 128);
    }
});
