//! Telnet: option negotiation (RFC 854), or a login prompt without any.

use model::observation::ServiceFacts;

use crate::facts::{Tell, identified};
use crate::seen::{Asked, Miss, Seen};

/// Interpret as command.
const IAC: u8 = 255;

pub(crate) fn recognise(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let mut cursor = seen.cursor();
    if cursor.rest().first() == Some(&IAC) {
        cursor.take(1)?;
        // WILL, WON'T, DO, DON'T or a subnegotiation, and an option that exists.
        let verb = cursor.u8()?;
        let option = cursor.u8()?;
        let sound = (250..=254).contains(&verb) && !(50..138).contains(&option);
        return if sound { Ok(identified("telnet")) } else { Err(Miss::No) };
    }
    prompt(seen)
}

/// A prompt shows itself by stopping there, so the decision waits for the end.
fn prompt(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let text = seen.bytes;
    let printable =
        text.iter().all(|b| matches!(b, b'\r' | b'\n' | b'\t' | 0x1b | b' '..=b'~') || *b >= 0x80);
    if seen.asked != Asked::Nothing || text.is_empty() || text.len() > 2048 || !printable {
        return Err(Miss::No);
    }
    if !seen.end {
        return Err(Miss::More);
    }
    let tail = text.trim_ascii_end().to_ascii_lowercase();
    let asks = [b"login:".as_slice(), b"username:", b"password:", b"user name:"];
    if asks.iter().any(|ask| tail.ends_with(ask)) {
        Ok(identified("telnet").info(text))
    } else {
        Err(Miss::No)
    }
}
