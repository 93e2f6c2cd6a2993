//! A server's first TLS flight: no panic, bounded, and never another answer once it has given one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use probes::tls::flight::{FlightError, read};

fuzz_target!(|data: &[u8]| {
    let whole = read(data, false);
    for n in [data.len() / 3, data.len() / 2, data.len().saturating_sub(1)] {
        let part = read(&data[..n], false);
        assert!(
            part == Err(FlightError::Incomplete) || part == whole,
            "cut at {n}: {part:?}, then {whole:?}"
        );
    }
    if let Ok(flight) = read(data, true) {
        assert!(flight.certificates.len() <= 10);
    }
});
