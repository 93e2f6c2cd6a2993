//! Microsoft SQL Server: the prelogin of TDS (MS-TDS §2.2.6.5).

use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss, Seen};
use crate::talk::{Peer, Talk, Turn};

/// Packet header, options VERSION, ENCRYPTION and terminator, their data.
const PRELOGIN: &[u8] = &[
    0x12, 1, 0, 26, 0, 0, 0, 0, // type, end of message, length
    0, 0, 11, 0, 6, // VERSION at 11, six bytes
    1, 0, 17, 0, 1, // ENCRYPTION at 17, one byte
    0xff, 0x11, 0, 0, 0, 0, 0, 0,
];

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Prelogin { asked: false })
}

struct Prelogin {
    asked: bool,
}

impl Talk for Prelogin {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        if !self.asked {
            self.asked = true;
            return Turn::say(PRELOGIN);
        }
        let mut cursor = seen.cursor();
        cursor.tag(&[4])?;
        let _status = cursor.u8()?;
        let length = usize::from(cursor.u16()?);
        if !(14..=4096).contains(&length) {
            return Err(Miss::No);
        }
        cursor.take(4)?;
        let body = cursor.take(length - 8)?;
        let mut options = Cursor::whole(body);
        let mut facts = None;
        let mut encryption = None;
        for _ in 0..16 {
            let kind = options.u8()?;
            if kind == 0xff {
                break;
            }
            let (at, n) = (usize::from(options.u16()?), usize::from(options.u16()?));
            let value = body.get(at..at + n).ok_or(Miss::No)?;
            match (kind, value) {
                (0, [major, minor, build @ ..]) => {
                    let build = Cursor::whole(build).u16().unwrap_or_default();
                    let version = format!("{major}.{minor}.{build}");
                    facts = Some(identified("mssql").product("SQL Server").version(version.as_bytes()));
                }
                (1, [mode, ..]) => encryption = Some(*mode),
                _ => {}
            }
        }
        let facts = facts.ok_or(Miss::No)?;
        Turn::done(match encryption {
            Some(0 | 1 | 3) => facts.fact("encryption", b"offered"),
            Some(_) => facts.fact("encryption", b"not offered"),
            None => facts,
        })
    }
}
