//! AMQP 0-9-1: the protocol header, and the product that `Connection.Start` names.

use model::observation::ServiceFacts;

use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss, Seen, find};
use crate::talk::{Peer, Talk, Turn};

const HEADER: &[u8] = b"AMQP\0\0\x09\x01";
const MAX_FRAME: usize = 16 * 1024;

/// The header with which a broker answers what isn't AMQP.
pub(crate) fn recognise(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let mut cursor = seen.cursor();
    cursor.tag(b"AMQP")?;
    let [_, major, minor, _] = cursor.take(4)? else { return Err(Miss::No) };
    let version = if *major == 0 && *minor == 0 { "0-9-1".to_owned() } else { format!("{major}-{minor}") };
    Ok(identified("amqp").fact("protocol-version", version.as_bytes()))
}

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Start { asked: false })
}

struct Start {
    asked: bool,
}

impl Talk for Start {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        if !self.asked {
            self.asked = true;
            return Turn::say(HEADER);
        }
        let mut cursor = seen.cursor();
        // A method frame on channel 0; its payload begins with class and method 10.10.
        cursor.tag(&[1, 0, 0])?;
        let length = cursor.len32()?;
        let mut start = Cursor::whole(cursor.take_bounded(length, MAX_FRAME)?);
        start.tag(&[0, 10, 0, 10])?;
        start.take(2)?;
        let length = start.len32()?;
        let table = start.take(length)?;
        let mechanisms = start.len32().and_then(|n| start.take(n)).unwrap_or_default();
        let facts = identified("amqp")
            .product(&crate::clean::text(text(table, b"\x07productS")))
            .version(text(table, b"\x07versionS"))
            .info(text(table, b"\x0ccluster_nameS"))
            .fact("auth-methods", mechanisms)
            .fact("protocol-version", b"0-9-1");
        Turn::done(facts)
    }
}

/// The long string behind a key of a field table; the key is given as it is encoded, type included.
fn text<'a>(table: &'a [u8], key: &[u8]) -> &'a [u8] {
    let value = find(table, key).and_then(|at| table.get(at + key.len()..)).unwrap_or_default();
    let mut value = Cursor::whole(value);
    value.len32().and_then(|n| value.take_bounded(n, 1024)).unwrap_or_default()
}
