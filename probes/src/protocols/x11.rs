//! X11: the connection set-up without authorisation data (X protocol, §8).

use model::observation::Access;

use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss, Seen};
use crate::talk::{Peer, Talk, Turn};

/// Little endian, version 11.0, no authorisation.
const SETUP: [u8; 12] = [b'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0];

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Setup { asked: false })
}

struct Setup {
    asked: bool,
}

impl Talk for Setup {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        if !self.asked {
            self.asked = true;
            return Turn::say(SETUP);
        }
        let mut cursor = seen.cursor();
        let status = cursor.u8()?;
        if status > 2 {
            return Err(Miss::No);
        }
        let n_reason = usize::from(cursor.u8()?);
        cursor.tag(&[11, 0])?;
        cursor.tag(&[0, 0])?;
        let n = usize::from(cursor.u16_le()?) * 4;
        let body = cursor.take_bounded(n, 48 * 1024)?;
        match status {
            0 => {
                let reason = body.get(..n_reason).unwrap_or(body);
                Turn::done(identified("x11").info(reason).access(Access::AuthenticationRequired))
            }
            1 => {
                let mut body = Cursor::whole(body);
                let release = body.u32_le()?;
                body.take(12)?;
                let n_vendor = usize::from(body.u16_le()?);
                body.take(14)?;
                let vendor = body.take_bounded(n_vendor, 256)?;
                let facts = identified("x11").product(&crate::clean::text(vendor));
                Turn::done(facts.version(release.to_string().as_bytes()).access(Access::NoAuthentication))
            }
            _ => Turn::done(identified("x11").access(Access::AuthenticationRequired)),
        }
    }
}
