//! One answer, many matchers: whatever was asked, the bytes that came back are shown to every protocol.

use model::observation::ServiceFacts;

use crate::facts::identified;
use crate::seen::{Miss, Seen};
use crate::table::{Entry, PROBES};

/// The facts of the first protocol in the table that takes these bytes, with its entry. `sent` is what we last
/// said: a server that only repeats it is `echo`.
pub fn recognise(seen: &Seen<'_>, sent: &[u8]) -> Result<(ServiceFacts, Option<&'static Entry>), Miss> {
    let mut clue = Miss::No;
    match echo(seen, sent) {
        Err(Miss::No | Miss::Clue(_)) => {}
        Err(Miss::More) => return Err(Miss::More),
        Ok(facts) => return Ok((facts, None)),
    }
    for entry in PROBES {
        let Some(matcher) = entry.recognise else { continue };
        match matcher(seen) {
            Ok(facts) => return Ok((facts, Some(entry))),
            // An entry further down mustn't win just because less has arrived so far.
            Err(Miss::More) => return Err(Miss::More),
            Err(Miss::Clue(_)) if clue != Miss::No => {}
            Err(miss @ Miss::Clue(_)) => clue = miss,
            Err(Miss::No) => {}
        }
    }
    Err(clue)
}

/// RFC 862. A few equal bytes may be chance, so all of what was sent must come back.
fn echo(seen: &Seen<'_>, sent: &[u8]) -> Result<ServiceFacts, Miss> {
    const LONG_ENOUGH: usize = 8;
    let n = seen.bytes.len().min(sent.len());
    if sent.len() < LONG_ENOUGH || n == 0 || seen.bytes.get(..n) != sent.get(..n) {
        return Err(Miss::No);
    }
    if n == sent.len() {
        return Ok(identified("echo"));
    }
    if !seen.end { Err(Miss::More) } else { Err(Miss::No) }
}
