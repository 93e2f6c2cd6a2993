//! RDP: the connection request of X.224 with the security protocols offered (MS-RDPBCGR §2.2.1.1).

use model::observation::{Access, ServiceFacts};

use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss, Seen};
use crate::talk::{Peer, Talk, Turn};

/// TPKT, connection request, negotiation: TLS, CredSSP, RDSTLS.
const REQUEST: [u8; 19] = [3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 0x07, 0, 0, 0];

/// The disconnect ultimatum (T.125 inside TPKT) with which xrdp answers what isn't a connection request.
pub(crate) fn recognise(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    seen.cursor().tag(&[3, 0, 0, 9, 2, 0xf0, 0x80, 0x21, 0x80])?;
    // Others hang up without a word.
    Ok(identified("rdp").product("xrdp"))
}

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Connect { state: State::Fresh })
}

struct Connect {
    state: State,
}

enum State {
    Fresh,
    Asked,
    InTls(Box<ServiceFacts>),
}

impl Talk for Connect {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        match &self.state {
            State::Fresh => {
                self.state = State::Asked;
                Turn::say(REQUEST)
            }
            State::Asked => {
                let facts = confirm(&mut seen.cursor())?;
                let wants_tls =
                    matches!(facts.facts.get("security").map(String::as_str), Some("tls" | "credssp"));
                if wants_tls {
                    self.state = State::InTls(Box::new(facts));
                    return Ok(Turn::StartTls);
                }
                Turn::done(facts)
            }
            State::InTls(facts) => Turn::done(facts.as_ref().clone()),
        }
    }
}

fn confirm(cursor: &mut Cursor<'_>) -> Result<ServiceFacts, Miss> {
    cursor.tag(&[3, 0])?;
    let length = usize::from(cursor.u16()?);
    if !(11..=64).contains(&length) {
        return Err(Miss::No);
    }
    let mut body = Cursor::whole(cursor.take(length - 4)?);
    body.take(1)?;
    body.tag(&[0xd0])?;
    body.take(5)?;
    let facts = identified("rdp");
    // A server that doesn't negotiate is of the old standard security.
    let Ok(kind) = body.u8() else { return Ok(facts.fact("security", b"rdp")) };
    body.take(3)?;
    let value = body.u32_le()?;
    match (kind, value) {
        (2, 0) => Ok(facts.fact("security", b"rdp")),
        (2, 1) => Ok(facts.fact("security", b"tls")),
        (2, 2) => Ok(facts.fact("security", b"credssp").access(Access::AuthenticationRequired)),
        (2, _) => Ok(facts.fact("security", b"other")),
        (3, code) => Ok(facts.fact("security", b"refused").fact("refusal", code.to_string().as_bytes())),
        _ => Err(Miss::No),
    }
}
