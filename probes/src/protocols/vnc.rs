//! VNC: versions and security types of the RFB protocol (RFC 6143 §7.1). No password is tried.

use model::observation::{Access, ServiceFacts};

use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss, Seen};
use crate::talk::{Peer, Talk, Turn};

const NONE: u8 = 1;

fn version<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], Miss> {
    cursor.tag(b"RFB ")?;
    let version = cursor.take(7)?;
    cursor.tag(b"\n")?;
    let shaped =
        version.iter().enumerate().all(|(i, b)| if i == 3 { *b == b'.' } else { b.is_ascii_digit() });
    if shaped { Ok(version) } else { Err(Miss::No) }
}

pub(crate) fn recognise(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let version = version(&mut seen.cursor())?;
    Ok(facts_of(version))
}

/// Those who speak versions of their own tell who they are by that; the others don't say.
fn facts_of(version: &[u8]) -> ServiceFacts {
    let facts = identified("vnc").fact("protocol-version", version);
    match version {
        b"003.889" => facts.product("Apple Remote Desktop"),
        b"004.000" | b"004.001" | b"005.000" => facts.product("RealVNC"),
        _ => facts,
    }
}

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Screen { facts: None, is_3_3: false })
}

struct Screen {
    facts: Option<ServiceFacts>,
    is_3_3: bool,
}

impl Talk for Screen {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        let mut cursor = seen.cursor();
        let Some(facts) = self.facts.clone() else {
            let version = version(&mut cursor)?;
            self.facts = Some(facts_of(version));
            // Only 3.3, 3.7 and 3.8 exist; odd numbers of Apple and others count as 3.8 if they are higher.
            self.is_3_3 = version < b"003.007".as_slice();
            let ours: &[u8] = match version {
                _ if self.is_3_3 => b"RFB 003.003\n",
                b"003.007" => b"RFB 003.007\n",
                _ => b"RFB 003.008\n",
            };
            return Ok(Turn::Say { used: cursor.n_used(), bytes: ours.to_vec() });
        };
        let types: Vec<u8> = if self.is_3_3 {
            vec![u8::try_from(cursor.u32()?).map_err(|_| Miss::No)?]
        } else {
            let n = usize::from(cursor.u8()?);
            cursor.take(n)?.to_vec()
        };
        if types.is_empty() || types == [0] {
            let length = cursor.len32()?;
            let reason = cursor.take_bounded(length, 4096)?;
            return Turn::done(facts.info(reason));
        }
        let names: Vec<&str> = types.iter().map(|kind| security_name(*kind)).collect();
        let open = types.contains(&NONE);
        let access = if open { Access::NoAuthentication } else { Access::AuthenticationRequired };
        let facts = facts.access(access).fact("security-types", names.join(",").as_bytes());
        Turn::done(if types.contains(&16) { facts.fact("family", b"tight") } else { facts })
    }
}

fn security_name(kind: u8) -> &'static str {
    match kind {
        1 => "none",
        2 => "vnc",
        5 | 6 => "ra2",
        16 => "tight",
        18 => "tls",
        19 => "vencrypt",
        20 => "sasl",
        30 => "apple",
        _ => "other",
    }
}
