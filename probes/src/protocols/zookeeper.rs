//! ZooKeeper: the four-letter word `srvr`, which answers or says that it isn't on the list.

use model::observation::Access;

use crate::facts::{Tell, identified};
use crate::seen::{Miss, Seen, after};
use crate::talk::{Peer, Talk, Turn};

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(FourLetters { asked: false })
}

struct FourLetters {
    asked: bool,
}

impl Talk for FourLetters {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        if !self.asked {
            self.asked = true;
            return Turn::say(b"srvr");
        }
        let mut cursor = seen.cursor();
        let facts = identified("zookeeper").product("ZooKeeper");
        let opening = cursor.rest().first().copied();
        match opening {
            Some(b's') => {
                cursor.tag(b"srvr is not executed because it is not in the whitelist")?;
                Turn::done(facts)
            }
            Some(b'T') => {
                cursor.tag(b"This ZooKeeper instance is not currently serving requests")?;
                Turn::done(facts)
            }
            Some(_) => {
                cursor.tag(b"Zookeeper version: ")?;
                let line = cursor.line(512)?;
                let version = line.split(|b| matches!(b, b'-' | b',' | b' ')).next().unwrap_or_default();
                let mut mode: &[u8] = b"";
                loop {
                    match cursor.line(512) {
                        Ok(line) => mode = after(line, b"Mode: ", b"\r").unwrap_or(mode),
                        Err(Miss::More) => return Err(Miss::More),
                        Err(_) => break,
                    }
                    if !mode.is_empty() {
                        break;
                    }
                }
                Turn::done(facts.version(version).fact("mode", mode).access(Access::NoAuthentication))
            }
            None => Err(cursor.short()),
        }
    }
}
