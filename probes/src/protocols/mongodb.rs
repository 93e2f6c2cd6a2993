//! MongoDB: `isMaster` by the legacy query that every version still answers, then `buildInfo` and
//! `listDatabases` by OP_MSG, which say the version and whether anyone may look in.

use model::observation::{Access, ServiceFacts};

use super::bson::{self, Value};
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss, Seen};
use crate::talk::{Peer, Talk, Turn};

const OP_REPLY: u32 = 1;
const OP_QUERY: u32 = 2004;
const OP_MSG: u32 = 2013;
const MAX_MESSAGE: usize = 48 * 1024;
/// OP_MSG came with wire version 6 (MongoDB 3.6).
const WIRE_OP_MSG: i64 = 6;

fn message(id: u32, opcode: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 16).unwrap_or(u32::MAX);
    let header = [length, id, 0, opcode].map(u32::to_le_bytes).concat();
    [header.as_slice(), body].concat()
}

fn legacy(id: u32, command: &str) -> Vec<u8> {
    let document = bson::command(command, false);
    // Flags, collection, skip 0, return 1.
    let head = b"\0\0\0\0admin.$cmd\0\0\0\0\0\xff\xff\xff\xff";
    message(id, OP_QUERY, &[head.as_slice(), &document].concat())
}

fn modern(id: u32, command: &str) -> Vec<u8> {
    message(id, OP_MSG, &[b"\0\0\0\0\0".as_slice(), &bson::command(command, true)].concat())
}

/// The document of the reply to request `id`, and the bytes used.
fn reply<'a>(cursor: &mut Cursor<'a>, id: u32) -> Result<&'a [u8], Miss> {
    let length = usize::try_from(cursor.u32_le()?).unwrap_or(usize::MAX);
    let _their_id = cursor.u32_le()?;
    if cursor.u32_le()? != id {
        return Err(Miss::No);
    }
    let opcode = cursor.u32_le()?;
    let body = cursor.take_bounded(length.saturating_sub(16), MAX_MESSAGE)?;
    match opcode {
        OP_REPLY => body.get(20..).ok_or(Miss::No),
        OP_MSG => body.get(5..).ok_or(Miss::No),
        _ => Err(Miss::No),
    }
}

/// Its answer to HTTP, where it comes without an HTTP head.
pub(crate) fn recognise(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let mut cursor = seen.cursor();
    cursor.tag(b"It looks like you are trying to access MongoDB")?;
    Ok(identified("mongodb").product("MongoDB"))
}

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Documents { asked: Asked::Nothing, facts: identified("mongodb").product("MongoDB") })
}

struct Documents {
    asked: Asked,
    facts: ServiceFacts,
}

#[derive(Clone, Copy)]
enum Asked {
    Nothing,
    IsMaster,
    BuildInfo { modern: bool },
    ListDatabases,
}

/// Some marker of ours, so that an echo isn't taken for a reply: replies repeat it elsewhere.
const ID: u32 = 0x5350_0001;

impl Talk for Documents {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        let mut cursor = seen.cursor();
        match self.asked {
            Asked::Nothing => {
                self.asked = Asked::IsMaster;
                Turn::say(legacy(ID, "isMaster"))
            }
            Asked::IsMaster => {
                let document = reply(&mut cursor, ID)?;
                let wire = match bson::field(document, b"maxWireVersion") {
                    Some(Value::Int(wire)) => wire,
                    Some(Value::Double(wire)) => wire as i64,
                    // Before 2.6 there was no such field, and a document without `ok` isn't MongoDB's.
                    _ if bson::field(document, b"ok").is_some() => 0,
                    _ => return Err(Miss::No),
                };
                if let Some(Value::Text(set)) = bson::field(document, b"setName") {
                    self.facts = self.facts.clone().fact("replica-set", set);
                }
                let modern_wire = wire >= WIRE_OP_MSG;
                self.asked = Asked::BuildInfo { modern: modern_wire };
                let bytes = if modern_wire { modern(ID, "buildInfo") } else { legacy(ID, "buildInfo") };
                Ok(Turn::Say { used: cursor.n_used(), bytes })
            }
            Asked::BuildInfo { modern: is_modern } => {
                let Some(document) = self.next_document(&mut cursor)? else {
                    return Turn::done(self.facts.clone());
                };
                if let Some(Value::Text(version)) = bson::field(document, b"version") {
                    self.facts = self.facts.clone().version(version);
                }
                self.asked = Asked::ListDatabases;
                let bytes = if is_modern { modern(ID, "listDatabases") } else { legacy(ID, "listDatabases") };
                Ok(Turn::Say { used: cursor.n_used(), bytes })
            }
            Asked::ListDatabases => {
                let Some(document) = self.next_document(&mut cursor)? else {
                    return Turn::done(self.facts.clone());
                };
                let ok = match bson::field(document, b"ok") {
                    Some(Value::Double(ok)) => ok > 0.0,
                    Some(Value::Int(ok)) => ok > 0,
                    Some(Value::Bool(ok)) => ok,
                    _ => false,
                };
                let listed = matches!(bson::field(document, b"databases"), Some(Value::Document));
                let access =
                    if ok && listed { Access::NoAuthentication } else { Access::AuthenticationRequired };
                Turn::done(self.facts.clone().access(access))
            }
        }
    }
}

impl Documents {
    /// `None` if it broke off: what is known by then stands.
    fn next_document<'a>(&self, cursor: &mut Cursor<'a>) -> Result<Option<&'a [u8]>, Miss> {
        match reply(cursor, ID) {
            Ok(document) => Ok(Some(document)),
            Err(Miss::More) => Err(Miss::More),
            Err(_) => Ok(None),
        }
    }
}
