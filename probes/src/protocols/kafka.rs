//! Kafka: `ApiVersions` version 0, which every broker since 0.10 answers.

use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss, Seen};
use crate::talk::{Peer, Talk, Turn};

/// Length, API key 18, version 0, correlation id, client id of two characters.
const REQUEST: &[u8] = b"\0\0\0\x0c\0\x12\0\0\0\0SP\0\x02sp";
const CORRELATION: &[u8] = b"\0\0SP";

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(ApiVersions { asked: false })
}

struct ApiVersions {
    asked: bool,
}

impl Talk for ApiVersions {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        if !self.asked {
            self.asked = true;
            return Turn::say(REQUEST);
        }
        let mut cursor = seen.cursor();
        let length = cursor.len32()?;
        if !(10..=8192).contains(&length) {
            return Err(Miss::No);
        }
        cursor.tag(CORRELATION)?;
        let mut body = Cursor::whole(cursor.take(length - 4)?);
        let error = body.u16()?;
        let n_apis = body.len32()?;
        if error != 0 || n_apis > 200 || body.rest().len() != n_apis * 6 {
            return Err(Miss::No);
        }
        Turn::done(identified("kafka").product("Kafka").fact("apis", n_apis.to_string().as_bytes()))
    }
}
