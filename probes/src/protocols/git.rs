//! The `git` protocol: a request for a repository that can't exist, whose refusal is proof enough.

use crate::facts::{Tell, identified};
use crate::seen::{Miss, Seen};
use crate::talk::{Peer, Talk, Turn};

const REQUEST: &[u8] = b"003cgit-upload-pack /sentrypost.invalid\0host=sentrypost.inv\0";

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Upload { asked: false })
}

struct Upload {
    asked: bool,
}

impl Talk for Upload {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        if !self.asked {
            self.asked = true;
            return Turn::say(REQUEST);
        }
        let mut cursor = seen.cursor();
        let length = cursor.take(4)?;
        let length =
            std::str::from_utf8(length).ok().and_then(|digits| usize::from_str_radix(digits, 16).ok());
        let n = length.and_then(|n| n.checked_sub(4)).filter(|n| *n <= 1024).ok_or(Miss::No)?;
        let line = cursor.take(n)?;
        match line.strip_prefix(b"ERR ") {
            Some(message) => Turn::done(identified("git").product("git daemon").info(message)),
            None => Err(Miss::No),
        }
    }
}
