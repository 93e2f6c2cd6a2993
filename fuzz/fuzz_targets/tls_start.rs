//! What peers say before TLS begins: no panic, and the same end however it is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use probes::seen::{Asked, Miss, Seen};
use probes::tls::start_tls::{Framing, PRELUDES, PreludeTurn, StartTls};

fn play(start_tls: StartTls, data: &[u8], n: usize) -> String {
    let mut prelude = start_tls.prelude("portal.example.gov.cn");
    let mut buffer: Vec<u8> = Vec::new();
    let mut pieces = data.chunks(n);
    loop {
        match prelude.turn(&Seen { bytes: &buffer, end: false, asked: Asked::Other }) {
            Ok(PreludeTurn::Say { used, .. }) => drop(buffer.drain(..used)),
            Err(Miss::More) => match pieces.next() {
                Some(piece) => buffer.extend(piece),
                None => return "more".to_owned(),
            },
            end => return format!("{end:?}"),
        }
    }
}

fuzz_target!(|data: &[u8]| {
    for (start_tls, ..) in PRELUDES {
        let whole = play(*start_tls, data, data.len().max(1));
        assert_eq!(whole, play(*start_tls, data, 1), "{start_tls:?}");
    }
    for framing in [Framing::Plain, Framing::Tds] {
        assert!(
            framing.unwrap(data).is_ok_and(|inside| inside.len() <= data.len()) || framing == Framing::Tds
        );
    }
});
