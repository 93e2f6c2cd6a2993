//! Cassandra's native protocol: `OPTIONS` (version 4, §4.1.3).

use crate::facts::{Tell, identified};
use crate::seen::{Miss, Seen, find};
use crate::talk::{Peer, Talk, Turn};

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Options { asked: false })
}

struct Options {
    asked: bool,
}

impl Talk for Options {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        if !self.asked {
            self.asked = true;
            return Turn::say([4, 0, 0, 0, 5, 0, 0, 0, 0]);
        }
        let mut cursor = seen.cursor();
        // A response of any version from 1 to 6.
        if !(0x81..=0x86).contains(&cursor.u8()?) {
            return Err(Miss::No);
        }
        cursor.take(3)?;
        let opcode = cursor.u8()?;
        let length = cursor.len32()?;
        let body = cursor.take_bounded(length, 16 * 1024)?;
        let facts = identified("cassandra").product("Cassandra");
        match opcode {
            6 => {
                let key = b"CQL_VERSION\0\x01\0";
                let version = find(body, key).and_then(|at| {
                    let value = body.get(at + key.len()..)?;
                    let (n, text) = value.split_first()?;
                    text.get(..usize::from(*n))
                });
                Turn::done(facts.fact("cql-version", version.unwrap_or_default()))
            }
            0 => Turn::done(facts),
            _ => Err(Miss::No),
        }
    }
}
