//! Java RMI: the transport's handshake (RMI wire protocol, §10.2).

use crate::facts::identified;
use crate::seen::{Miss, Seen};
use crate::talk::{Peer, Talk, Turn};

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Handshake { asked: false })
}

struct Handshake {
    asked: bool,
}

impl Talk for Handshake {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        if !self.asked {
            self.asked = true;
            // Version 2, stream protocol.
            return Turn::say(b"JRMI\0\x02\x4b");
        }
        let mut cursor = seen.cursor();
        // Acknowledgement, then our own address as the server sees it, and our port.
        cursor.tag(&[0x4e])?;
        let n = usize::from(cursor.u16()?);
        let host = cursor.take_bounded(n, 64)?;
        cursor.take(4)?;
        let is_address =
            !host.is_empty() && host.iter().all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b':'));
        if is_address { Turn::done(identified("java-rmi")) } else { Err(Miss::No) }
    }
}
