//! SOCKS 5: the choice of a method (RFC 1928 §3). No connection is asked for.

use model::observation::Access;

use crate::facts::{Tell, identified};
use crate::seen::{Miss, Seen};
use crate::talk::{Peer, Talk, Turn};

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Methods { asked: false })
}

struct Methods {
    asked: bool,
}

impl Talk for Methods {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        if !self.asked {
            self.asked = true;
            // Version 5, two methods: none, user and password.
            return Turn::say([5, 2, 0, 2]);
        }
        let mut cursor = seen.cursor();
        cursor.tag(&[5])?;
        let method = cursor.u8()?;
        let facts = identified("socks").fact("protocol-version", b"5");
        match method {
            // An echo's second byte would be 2 as well, but four bytes of it come.
            0 => Turn::done(facts.access(Access::NoAuthentication)),
            2 if cursor.is_empty() && seen.end => Turn::done(facts.access(Access::AuthenticationRequired)),
            2 if cursor.is_empty() => Err(Miss::More),
            0xff => Turn::done(facts.access(Access::AuthenticationRequired)),
            _ => Err(Miss::No),
        }
    }
}
