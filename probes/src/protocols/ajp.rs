//! AJP 1.3: `CPing`, answered by `CPong`.

use crate::facts::identified;
use crate::seen::{Miss, Seen};
use crate::talk::{Peer, Talk, Turn};

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Ping { asked: false })
}

struct Ping {
    asked: bool,
}

impl Talk for Ping {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        if !self.asked {
            self.asked = true;
            return Turn::say([0x12, 0x34, 0, 1, 10]);
        }
        seen.cursor().tag(&[b'A', b'B', 0, 1, 9])?;
        Turn::done(identified("ajp"))
    }
}
